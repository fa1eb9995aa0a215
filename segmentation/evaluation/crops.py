"""Share of cropped street figures whose largest garment has the right class.

Shops show tops cut at the hip and trousers without a head; the street photos with masks show whole
figures, so that crops of them have a known truth. Intervals are bootstraps over photos.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.data.pairs import load_mask, read_pairs
from segmentation.data.splits import Split
from segmentation.errors import DatasetError
from segmentation.evaluation.metrics import Estimate, bootstrap, mean_of_present
from segmentation.mask import ClassMask, box_of
from segmentation.photos import Photo, read_photo
from segmentation.progress import Progress, no_progress
from segmentation.segmenter import Segmenter

WINDOWS: Final = {
    "to the waist": (0.0, 0.5),
    "from the waist": (0.4, 1.0),
    "to the knee": (0.0, 0.7),
}
"""First and last row of a crop as shares of the height that the garments span."""
SHOWN: Final = 0.75
"""Share of the crop's largest garment class that the crop must show: half a dress is no dress."""
MARGIN: Final = 0.1
"""Margin around the garments as a share of their height."""


@dataclass(frozen=True)
class CropReport:
    """Report of `apparel evaluate crops`.

    `right` is the share of crops whose largest garment has the class with the largest true area,
    over all crops and by class and window ("lower, from the waist"); `crops` their numbers.
    """

    right: dict[str, float]
    intervals: dict[str, list[float]]
    crops: dict[str, int]
    segmenter: str


@dataclass(frozen=True, eq=False)
class Crop:
    """A crop of a photo with the class that it shows most of."""

    photo_name: str
    window: str
    photo: Photo
    garment_class: GarmentClass


def evaluate_crops(
    segmenter: Segmenter, pairs: Path, split: Split = "test", progress: Progress = no_progress
) -> CropReport:
    """Evaluate crops of all photos of one split.

    Args:
        pairs: a folder made by `apparel dataset ccp`.

    Raises:
        DatasetError: it has no photo of this split with garments.
    """
    folder = read_pairs(pairs).of_split(split)
    judged: list[tuple[Crop, bool]] = []
    for done, pair in enumerate(folder.pairs, start=1):
        photo = read_photo(folder.photo_path(pair), max_side=10_000)
        crops = list(crops_of(pair.name, photo, load_mask(folder.mask_path(pair))))
        found = segmenter.segment([crop.photo for crop in crops])
        for crop, segmentation in zip(crops, found, strict=True):
            largest = [garment.garment_class for garment in segmentation.garments[:1]]
            judged.append((crop, largest == [crop.garment_class]))
        progress(done, len(folder.pairs))
    if not judged:
        raise DatasetError(
            f"no figures of split {split} in {pairs}; name the folder of `dataset ccp`"
        )
    return _report_of(judged, segmenter.fingerprint)


def crops_of(name: str, photo: Photo, mask: ClassMask) -> Iterator[Crop]:
    """Crop a photo (H, W, 3) with its mask (H, W) to each of `WINDOWS` that shows a garment."""
    if not mask.any():
        return
    left, top, right, bottom = box_of(mask > 0)
    height = bottom - top
    margin = round(MARGIN * height)
    columns = slice(max(0, left - margin), right + margin)
    areas = np.bincount(mask.ravel(), minlength=len(GarmentClass))
    for window, (first, last) in WINDOWS.items():
        # Only the cut ends where it is; beyond the figure there is room.
        start = max(0, top - margin) if first == 0 else top + round(first * height)
        end = bottom + margin if last == 1 else top + round(last * height)
        shown = np.bincount(mask[start:end, columns].ravel(), minlength=len(GarmentClass))
        garment_class = max(GARMENT_CLASSES, key=lambda each: int(shown[each]))
        if shown[garment_class] >= SHOWN * areas[garment_class]:
            yield Crop(name, window, photo[start:end, columns], garment_class)


def _report_of(judged: Sequence[tuple[Crop, bool]], segmenter: str) -> CropReport:
    groups: dict[str, list[tuple[Crop, bool]]] = {"all": list(judged)}
    for crop, right in judged:
        for group in (crop.garment_class.label, f"{crop.garment_class.label}, {crop.window}"):
            groups.setdefault(group, []).append((crop, right))
    figures = {group: _share_right(of_group) for group, of_group in sorted(groups.items())}
    return CropReport(
        right={group: figure.value for group, figure in figures.items()},
        intervals={group: [figure.low, figure.high] for group, figure in figures.items()},
        crops={group: len(groups[group]) for group in figures},
        segmenter=segmenter,
    )


def _share_right(judged: Sequence[tuple[Crop, bool]]) -> Estimate:
    right = np.array([each for _, each in judged], np.float64)
    return bootstrap(right, mean_of_present, [crop.photo_name for crop, _ in judged])
