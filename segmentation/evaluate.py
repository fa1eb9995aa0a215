"""A segmenter, photos and true masks in; a report of figures out.

Masks are compared at each photo's own size. Pixel accuracy alone says little: on
street photos a mask of nothing but background already has 0.85.
"""

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from segmentation.classes import CCP_LABELS, GARMENT_CLASSES, GarmentClass, ccp_lookup
from segmentation.dataset import Progress, load_mask, no_progress
from segmentation.errors import DatasetError
from segmentation.mask import ClassMask, Segmentation
from segmentation.metrics import (
    Confusion,
    Figure,
    absent_class_false_positive_rate,
    bootstrap,
    confusion_of,
    f1_per_class,
    foreground_mean_iou,
    iou_per_class,
    mean_iou,
    pixel_accuracy,
)
from segmentation.photos import find_photos, read_photo
from segmentation.predictor import BATCH_SIZE, Segmenter

MaskLabels = Literal["ccp", "classes"]


@dataclass(frozen=True)
class SegmentationReport:
    """Figures of a segmenter; a class that occurs nowhere has None.

    `single_class_right` is the share of photos with one true garment class whose largest
    garment has it; `no_garment_right` that of photos without garments where none is found.
    `intervals` holds 95 % bootstrap intervals over photos as [low, high].
    """

    photos: int
    pixel_accuracy: float
    iou: dict[str, float | None]
    miou: float
    foreground_miou: float
    f1: dict[str, float | None]
    absent_class_false_positive_rate: dict[str, float | None]
    single_class_right: float | None
    no_garment_right: float | None
    intervals: dict[str, list[float]]
    confusion: list[list[int]]
    segmenter: str

    def to_json(self) -> dict[str, object]:
        """The document of `apparel evaluate segmentation --json`."""
        return dataclasses.asdict(self)


@dataclass(frozen=True)
class Verdict:
    """Of one photo: how many garment classes it truly has, and whether the largest
    garment found has the class of the (one) true garment, or none was found for none."""

    classes: int
    largest_right: bool


def evaluate_folder(
    segmenter: Segmenter,
    photos: Path,
    masks: Path,
    labels: MaskLabels,
    names: set[str] | None = None,
    progress: Progress = no_progress,
) -> SegmentationReport:
    """Compare predicted masks with true ones.

    Args:
        photos: folder of photos. masks: folder of PNG masks with the same stems.
        labels: "classes" for our four values, "ccp" for the 59 of Clothing Co-Parsing.
        names: stems to look at; None means every photo that has a mask.
    Raises:
        DatasetError: no pair was found, or a mask does not fit its photo.
    """
    pairs = _pairs_of(photos, masks, names)
    confusions: list[Confusion] = []
    verdicts: list[Verdict] = []
    for start in range(0, len(pairs), BATCH_SIZE):
        batch = pairs[start : start + BATCH_SIZE]
        pictures = [read_photo(photo, max_side=10_000) for photo, _ in batch]
        truths = [_read_truth(mask, labels) for _, mask in batch]
        for (photo, _), truth, found in zip(
            batch, truths, segmenter.segment(pictures), strict=True
        ):
            if truth.shape != found.mask.shape:
                raise DatasetError(
                    f"the mask of {photo.name} is {truth.shape}, the photo {found.mask.shape}; "
                    "write masks at the photo's size"
                )
            confusions.append(confusion_of(truth, found.mask))
            verdicts.append(_verdict_of(truth, found))
        progress(len(confusions), len(pairs))
    return report_of(np.stack(confusions), verdicts, segmenter.fingerprint)


def _verdict_of(truth: ClassMask, found: Segmentation) -> Verdict:
    classes = [each for each in GARMENT_CLASSES if (truth == each).any()]
    largest = found.garments[0].garment_class if found.garments else None
    return Verdict(len(classes), largest == (classes[0] if classes else None))


def _pairs_of(photos: Path, masks: Path, names: set[str] | None) -> list[tuple[Path, Path]]:
    pairs = [
        (photo, masks / f"{photo.stem}.png")
        for photo in find_photos(photos)
        if (names is None or photo.stem in names) and (masks / f"{photo.stem}.png").is_file()
    ]
    if not pairs:
        raise DatasetError(
            f"no photo in {photos} has a mask of the same name in {masks}; check both folders"
        )
    return pairs


def _read_truth(path: Path, labels: MaskLabels) -> ClassMask:
    mask = load_mask(path)
    if labels == "ccp":
        return ccp_lookup(list(CCP_LABELS))[mask]
    if mask.max() > max(GarmentClass):
        raise DatasetError(
            f"{path} holds value {mask.max()}, classes end at {max(GarmentClass)}; "
            "use --labels ccp for CCP masks"
        )
    return mask


def report_of(
    confusions: Confusion, verdicts: Sequence[Verdict], segmenter: str
) -> SegmentationReport:
    """All figures of per-photo confusion matrices (n, 4, 4)."""
    measures: dict[str, Callable[[Confusion], float]] = {
        "pixel_accuracy": pixel_accuracy,
        "miou": mean_iou,
        "foreground_miou": foreground_mean_iou,
    }
    return SegmentationReport(
        photos=len(confusions),
        pixel_accuracy=pixel_accuracy(confusions),
        iou=_by_class(iou_per_class(confusions)),
        miou=mean_iou(confusions),
        foreground_miou=foreground_mean_iou(confusions),
        f1=_by_class(f1_per_class(confusions)),
        absent_class_false_positive_rate={
            each.label: _number(absent_class_false_positive_rate(confusions, each))
            for each in GARMENT_CLASSES
        },
        single_class_right=_share_right(verdicts, classes=1),
        no_garment_right=_share_right(verdicts, classes=0),
        intervals={
            name: _ends(bootstrap(confusions, measure)) for name, measure in measures.items()
        },
        confusion=confusions.sum(axis=0).tolist(),
        segmenter=segmenter,
    )


def _share_right(verdicts: Sequence[Verdict], classes: int) -> float | None:
    right = [verdict.largest_right for verdict in verdicts if verdict.classes == classes]
    return float(np.mean(right)) if right else None


def _by_class(values: npt.NDArray[np.float64]) -> dict[str, float | None]:
    return {each.label: _number(float(values[each])) for each in GarmentClass}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value


def _ends(figure: Figure) -> list[float]:
    return [figure.low, figure.high]
