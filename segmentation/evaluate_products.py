"""Product photos that have a label and no mask in; how often the segmenter sees that label out.

Every test photo of the clothing dataset counts, those whose mask GrabCut refuses to
make too, so that no hard photo is left out. Intervals are bootstraps over senders.
"""

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segmentation.classes import CLOTHING_CLASSES, GarmentClass
from segmentation.dataset import ClothingPhoto, clothing_splits, read_clothing
from segmentation.errors import DatasetError, UnreadablePhoto
from segmentation.metrics import Figure, bootstrap, mean_of_present
from segmentation.pairs import Progress, no_progress
from segmentation.photos import Photo, read_photo
from segmentation.predictor import BATCH_SIZE, Segmenter
from segmentation.splits import Split

NO_GARMENT = GarmentClass.BACKGROUND


@dataclass(frozen=True)
class ProductReport:
    """What the segmenter finds on product photos.

    `largest_right` is the share of photos of a garment whose largest garment has the label's
    class, `no_garment` the share of Hat and Shoes photos where no garment is found;
    `found` counts, for each label, the class of the largest garment ("background" = none).
    """

    photos: int
    largest_right: float
    largest_right_by_class: dict[str, float]
    no_garment: float
    intervals: dict[str, list[float]]
    found: dict[str, dict[str, int]]
    segmenter: str

    def to_json(self) -> dict[str, object]:
        """The document of `apparel evaluate products --json`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class JudgedProduct:
    """A product photo and the class of the largest garment found on it."""

    row: ClothingPhoto
    largest: GarmentClass

    @property
    def right(self) -> bool:
        """Whether that is the label's class, or nothing for a hat or shoes."""
        return self.largest == CLOTHING_CLASSES.get(self.row.label, NO_GARMENT)


def evaluate_products(
    segmenter: Segmenter,
    source: Path,
    split: Split = "test",
    limit: int | None = None,
    progress: Progress = no_progress,
) -> ProductReport:
    """Figures over the photos of one split.

    Args:
        source: the clothing dataset's folder (images.csv and photos/).
        limit: at most so many photos, drawn evenly; None = all.
    Raises:
        DatasetError: the folder is not the dataset, or has no photo of this split.
    """
    rows = read_clothing(source)
    splits = clothing_splits(rows)
    rows = [row for row in rows if splits[row.sender_id] == split]
    rows = rows[:: max(1, len(rows) // limit)][:limit] if limit else rows
    judged: list[JudgedProduct] = []
    for start in range(0, len(rows), BATCH_SIZE):
        batch = _readable(source, rows[start : start + BATCH_SIZE])
        found = segmenter.segment([photo for _, photo in batch])
        for (row, _), segmentation in zip(batch, found, strict=True):
            garments = segmentation.garments
            largest = garments[0].garment_class if garments else NO_GARMENT
            judged.append(JudgedProduct(row, largest))
        progress(min(start + BATCH_SIZE, len(rows)), len(rows))
    if not judged:
        raise DatasetError(f"no photo of split {split} in {source}; use the full set")
    return product_report_of(judged, segmenter.fingerprint)


def _readable(source: Path, rows: Sequence[ClothingPhoto]) -> list[tuple[ClothingPhoto, Photo]]:
    """The rows whose photo can be read; the dataset has a few empty files."""
    read = []
    for row in rows:
        try:
            read.append((row, read_photo(source / "photos" / f"{row.image}.jpg")))
        except UnreadablePhoto:
            continue
    return read


def product_report_of(judged: Sequence[JudgedProduct], segmenter: str) -> ProductReport:
    """All figures of judged product photos."""
    garments = [each for each in judged if each.row.label in CLOTHING_CLASSES]
    others = [each for each in judged if each.row.label not in CLOTHING_CLASSES]
    figures = {"largest_right": _share_right(garments), "no_garment": _share_right(others)}
    by_class = {
        garment_class.label: _share_right(
            [each for each in garments if CLOTHING_CLASSES[each.row.label] == garment_class]
        )
        for garment_class in GarmentClass
        if garment_class != NO_GARMENT
    }
    counts = {
        label: Counter(each.largest.label for each in judged if each.row.label == label)
        for label in sorted({each.row.label for each in judged})
    }
    return ProductReport(
        photos=len(judged),
        largest_right=figures["largest_right"].value,
        largest_right_by_class={name: figure.value for name, figure in by_class.items()},
        no_garment=figures["no_garment"].value,
        intervals={name: [figure.low, figure.high] for name, figure in figures.items()}
        | {
            f"largest_right_by_class.{name}": [figure.low, figure.high]
            for name, figure in by_class.items()
        },
        found={label: dict(counted) for label, counted in counts.items()},
        segmenter=segmenter,
    )


def _share_right(judged: Sequence[JudgedProduct]) -> Figure:
    if not judged:
        return Figure(float("nan"), float("nan"), float("nan"))
    right = np.array([each.right for each in judged], np.float64)
    return bootstrap(right, mean_of_present, [each.row.sender_id for each in judged])
