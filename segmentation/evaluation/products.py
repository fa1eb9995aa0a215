"""Share of labelled product photos whose largest garment has the right class.

Every test photo of the clothing dataset counts, including those for which GrabCut fails, so that
hard photos are not left out. Intervals are bootstraps over senders.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from segmentation.classes import CLOTHING_CLASSES, GARMENT_CLASSES, GarmentClass
from segmentation.data.pairs import spread
from segmentation.data.sources import ClothingPhoto, clothing_splits, read_clothing
from segmentation.data.splits import Split
from segmentation.errors import DatasetError
from segmentation.evaluation.metrics import Estimate, bootstrap, mean_of_present
from segmentation.photos import read_or_none
from segmentation.progress import Progress, no_progress
from segmentation.segmenter import BATCH_SIZE, Segmenter

NO_GARMENT = GarmentClass.BACKGROUND


@dataclass(frozen=True)
class ProductReport:
    """Report of `apparel evaluate products`.

    `largest_right` is the share of garment photos whose largest garment has the label's class,
    `no_garment` the share of Hat and Shoes photos without a detected garment; `found` counts the
    class of the largest garment for each label ("background" for none).
    """

    photos: int
    largest_right: float
    largest_right_by_class: dict[str, float]
    no_garment: float
    intervals: dict[str, list[float]]
    found: dict[str, dict[str, int]]
    segmenter: str


@dataclass(frozen=True)
class EvaluatedProduct:
    """A product photo and the class of its largest detected garment."""

    row: ClothingPhoto
    largest: GarmentClass

    @property
    def right(self) -> bool:
        """Whether the class is the label's; for a hat or shoes, whether nothing is detected."""
        return self.largest == CLOTHING_CLASSES.get(self.row.label, NO_GARMENT)


def evaluate_products(
    segmenter: Segmenter,
    source: Path,
    split: Split = "test",
    limit: int | None = None,
    progress: Progress = no_progress,
) -> ProductReport:
    """Evaluate the photos of one split.

    Args:
        source: the clothing dataset's folder (images.csv and photos/).
        limit: maximum number of photos, evenly spaced; None: all.
    Raises:
        DatasetError: the folder is not the dataset, or has no photo of this split.
    """
    known = read_clothing(source)
    splits = clothing_splits(known)
    rows = spread([row for row in known if splits[row.sender_id] == split], limit)
    evaluated: list[EvaluatedProduct] = []
    for start in range(0, len(rows), BATCH_SIZE):
        # The dataset has a few empty files.
        read = [(row, read_or_none(row.path(source))) for row in rows[start : start + BATCH_SIZE]]
        batch = [(row, photo) for row, photo in read if photo is not None]
        found = segmenter.segment([photo for _, photo in batch])
        for (row, _), segmentation in zip(batch, found, strict=True):
            garments = segmentation.garments
            largest = garments[0].garment_class if garments else NO_GARMENT
            evaluated.append(EvaluatedProduct(row, largest))
        progress(min(start + BATCH_SIZE, len(rows)), len(rows))
    if not evaluated:
        raise DatasetError(f"no photo of split {split} in {source}; use the full set")
    return product_report_of(evaluated, segmenter.fingerprint)


def product_report_of(evaluated: Sequence[EvaluatedProduct], segmenter: str) -> ProductReport:
    """Compute the figures of evaluated product photos."""
    garments = [each for each in evaluated if each.row.label in CLOTHING_CLASSES]
    others = [each for each in evaluated if each.row.label not in CLOTHING_CLASSES]
    by_class = {
        garment_class.label: _share_right(
            [each for each in garments if CLOTHING_CLASSES[each.row.label] == garment_class]
        )
        for garment_class in GARMENT_CLASSES
    }
    figures = {"largest_right": _share_right(garments), "no_garment": _share_right(others)}
    named = {f"largest_right_by_class.{name}": figure for name, figure in by_class.items()}
    counts = {
        label: Counter(each.largest.label for each in evaluated if each.row.label == label)
        for label in sorted({each.row.label for each in evaluated})
    }
    return ProductReport(
        photos=len(evaluated),
        largest_right=figures["largest_right"].value,
        largest_right_by_class={name: figure.value for name, figure in by_class.items()},
        no_garment=figures["no_garment"].value,
        intervals={name: [each.low, each.high] for name, each in (figures | named).items()},
        found={label: dict(counted) for label, counted in counts.items()},
        segmenter=segmenter,
    )


def _share_right(evaluated: Sequence[EvaluatedProduct]) -> Estimate:
    if not evaluated:
        return Estimate(float("nan"), float("nan"), float("nan"))
    right = np.array([each.right for each in evaluated], np.float64)
    return bootstrap(right, mean_of_present, [each.row.sender_id for each in evaluated])
