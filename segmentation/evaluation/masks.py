"""Evaluation of predicted masks, with bootstrap intervals.

    photos and masks -> evaluate_folder -> EvaluatedPhoto ... -> report_of -> SegmentationReport

Masks are compared at each photo's own size. Pixel accuracy is a weak measure: on street photos an
all-background mask already has 0.85.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import numpy.typing as npt

from segmentation.classes import (
    CCP_LABELS,
    CLASS_COUNT,
    GARMENT_CLASSES,
    GarmentClass,
    ccp_lookup,
)
from segmentation.data.pairs import Pair, load_mask, read_pairs
from segmentation.errors import DatasetError
from segmentation.evaluation.metrics import (
    Confusion,
    Estimate,
    ReliabilityBin,
    absent_class_false_positive_rate,
    bootstrap,
    confusion_of,
    expected_calibration_error,
    f1_per_class,
    foreground_mean_iou,
    garment_iou,
    iou_per_class,
    mean_iou,
    mean_of_present,
    pixel_accuracy,
    reliability,
)
from segmentation.mask import ClassMask, Garment
from segmentation.photos import find_photos, read_photo
from segmentation.progress import Progress, no_progress
from segmentation.segmented_photo import Segmentation
from segmentation.segmenter import BATCH_SIZE, Segmenter

MaskLabels = Literal["ccp", "classes"]
MIN_IOU: Final = 0.5
"""IoU below which a garment counts as missed."""


@dataclass(frozen=True)
class EvaluatedGarment:
    """A detected garment; `right` if most of its pixels truly have its class."""

    garment_class: GarmentClass
    score: float
    right: bool


@dataclass(frozen=True, eq=False)
class EvaluatedPhoto:
    """Prediction and truth of one photo.

    Attributes:
        group: group of the photo (such as its sender), for the bootstrap.
        confusion: pixels by (truth, prediction), shape (4, 4).
        classes: true garment classes.
        garments: detected garments, the largest first.
    """

    photo: Path
    mask: Path
    group: str
    confusion: Confusion
    classes: tuple[GarmentClass, ...]
    garments: tuple[EvaluatedGarment, ...]

    @property
    def largest(self) -> GarmentClass:
        """Class of the largest detected garment; background without one."""
        return self.garments[0].garment_class if self.garments else GarmentClass.BACKGROUND

    @property
    def iou(self) -> float:
        """IoU of the garment if there is one true class, else mean IoU of the classes."""
        own = float(garment_iou(self.confusion[None])[0])
        return mean_iou(self.confusion[None]) if np.isnan(own) else own


@dataclass(frozen=True)
class SegmentationReport:
    """Figures of a segmenter; None for classes that do not occur.

    Over photos with one true garment class, `garment_iou` is the mean IoU of that class,
    `garment_iou_below_half` the share below 0.5, and `single_class_right` the share whose largest
    garment has the class; `no_garment_right` is the share of photos without garments where none is
    detected. `calibration_error` is the expected calibration error of the scores, `reliability`
    its bins. `photo_confusion` counts photos of at most one class by (truth, largest garment), with
    background for none. `intervals` has 95 % bootstrap intervals over groups as [low, high].
    """

    photos: int
    pixel_accuracy: float
    iou: dict[str, float | None]
    miou: float
    foreground_miou: float
    f1: dict[str, float | None]
    absent_class_false_positive_rate: dict[str, float | None]
    garment_iou: float | None
    garment_iou_below_half: float | None
    single_class_right: float | None
    no_garment_right: float | None
    calibration_error: float | None
    intervals: dict[str, list[float]]
    confusion: list[list[int]]
    photo_confusion: list[list[int]]
    reliability: list[ReliabilityBin]
    segmenter: str


def evaluate_folder(
    segmenter: Segmenter,
    photos: Path,
    masks: Path,
    labels: MaskLabels,
    names: set[str] | None = None,
    progress: Progress = no_progress,
) -> list[EvaluatedPhoto]:
    """Compare predicted masks with true ones, photo by photo.

    Args:
        photos: folder of photos.
        masks: folder of PNG masks with the same stems.
        labels: "classes" for the four classes, "ccp" for the 59 labels of Clothing Co-Parsing.
        names: stems of the photos to evaluate; None: every photo that has a mask.
    Raises:
        DatasetError: there is no pair, or a mask has another size than its photo.
    """
    pairs = _pairs_of(photos, masks, names)
    known = _known_pairs(photos.parent)
    evaluated: list[EvaluatedPhoto] = []
    for start in range(0, len(pairs), BATCH_SIZE):
        batch = pairs[start : start + BATCH_SIZE]
        pictures = [read_photo(photo, max_side=10_000) for photo, _ in batch]
        for (photo, mask), found in zip(batch, segmenter.segment(pictures), strict=True):
            group = known[photo.stem].group if photo.stem in known else photo.stem
            evaluated.append(evaluate_photo(photo, mask, group, read_truth(mask, labels), found))
        progress(len(evaluated), len(pairs))
    return evaluated


def _known_pairs(folder: Path) -> dict[str, Pair]:
    """Pairs by name, if the photos' folder is in a pairs folder."""
    if not (folder / "manifest.csv").is_file():
        return {}
    return {pair.name: pair for pair in read_pairs(folder).pairs}


def evaluate_photo(
    photo: Path, mask: Path, group: str, truth: ClassMask, found: Segmentation
) -> EvaluatedPhoto:
    """Compare one photo's segmentation with its truth (H, W)."""
    if truth.shape != found.mask.shape:
        raise DatasetError(
            f"the mask of {photo.name} is {truth.shape}, the photo {found.mask.shape}; "
            "write masks at the photo's size"
        )
    garments = tuple(
        EvaluatedGarment(
            garment.garment_class,
            garment.score,
            true_class_of(garment, truth) == garment.garment_class,
        )
        for garment in found.garments
    )
    classes = tuple(each for each in GARMENT_CLASSES if (truth == each).any())
    return EvaluatedPhoto(photo, mask, group, confusion_of(truth, found.mask), classes, garments)


def true_class_of(garment: Garment, truth: ClassMask) -> GarmentClass:
    """The true class of most of a detected garment's pixels."""
    x0, y0, x1, y1 = garment.box
    # The garment's mask may lie on a coarser grid than the photo's pixels.
    rows = (np.arange(garment.mask.shape[0]) + 0.5) * (y1 - y0) / garment.mask.shape[0]
    columns = (np.arange(garment.mask.shape[1]) + 0.5) * (x1 - x0) / garment.mask.shape[1]
    window = truth[np.ix_(y0 + rows.astype(int), x0 + columns.astype(int))]
    beneath = window[garment.mask]
    return GarmentClass(int(np.bincount(beneath, minlength=CLASS_COUNT).argmax()))


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


def read_truth(path: Path, labels: MaskLabels) -> ClassMask:
    """Read a true mask (H, W) with the four classes; DatasetError for other values."""
    mask = load_mask(path)
    if labels == "ccp":
        return ccp_lookup(list(CCP_LABELS))[mask]
    if mask.max() > max(GarmentClass):
        raise DatasetError(
            f"{path} holds value {mask.max()}, classes end at {max(GarmentClass)}; "
            "use --labels ccp for CCP masks"
        )
    return mask


def report_of(evaluated: Sequence[EvaluatedPhoto], segmenter: str) -> SegmentationReport:
    """Compute the figures of evaluated photos."""
    confusions = np.stack([each.confusion for each in evaluated])
    figures = _figures_of(evaluated, confusions)
    values = {name: _number(each.value) for name, each in figures.items()}
    garments = [garment for each in evaluated for garment in each.garments]
    bins = reliability([each.score for each in garments], [each.right for each in garments])
    return SegmentationReport(
        photos=len(evaluated),
        pixel_accuracy=figures["pixel_accuracy"].value,
        iou=_by_class(iou_per_class(confusions)),
        miou=figures["miou"].value,
        foreground_miou=figures["foreground_miou"].value,
        f1=_by_class(f1_per_class(confusions)),
        absent_class_false_positive_rate={
            each.label: values[f"absent_class_false_positive_rate.{each.label}"]
            for each in GARMENT_CLASSES
        },
        garment_iou=values["garment_iou"],
        garment_iou_below_half=values["garment_iou_below_half"],
        single_class_right=values["single_class_right"],
        no_garment_right=values["no_garment_right"],
        calibration_error=_number(expected_calibration_error(bins)),
        intervals={
            name: [each.low, each.high] for name, each in figures.items() if not np.isnan(each.low)
        },
        confusion=confusions.sum(axis=0).tolist(),
        photo_confusion=_photo_confusion(evaluated),
        reliability=bins,
        segmenter=segmenter,
    )


def _figures_of(evaluated: Sequence[EvaluatedPhoto], confusions: Confusion) -> dict[str, Estimate]:
    """The figures with an interval, by their names in the report."""
    groups = [each.group for each in evaluated]

    def over_photos(measure: Callable[[npt.NDArray[Any]], float]) -> Estimate:
        return bootstrap(confusions, measure, groups)

    figures = {
        "pixel_accuracy": over_photos(pixel_accuracy),
        "miou": over_photos(mean_iou),
        "foreground_miou": over_photos(foreground_mean_iou),
    }
    for each in GARMENT_CLASSES:
        figures[f"absent_class_false_positive_rate.{each.label}"] = over_photos(
            partial(absent_class_false_positive_rate, garment_class=each)
        )
    ious = garment_iou(confusions)
    figures["garment_iou"] = bootstrap(ious, mean_of_present, groups)
    figures["garment_iou_below_half"] = bootstrap(ious, _share_below_half, groups)
    for name, classes in (("single_class_right", 1), ("no_garment_right", 0)):
        figures[name] = bootstrap(_largest_right(evaluated, classes), mean_of_present, groups)
    return figures


def _share_below_half(ious: npt.NDArray[np.float64]) -> float:
    return mean_of_present(np.where(np.isnan(ious), np.nan, ious < MIN_IOU))


def _largest_right(evaluated: Sequence[EvaluatedPhoto], classes: int) -> npt.NDArray[np.float64]:
    """Whether the largest garment is right (1 or 0); NaN for another number of true classes."""
    return np.array(
        [
            float(each.largest == (each.classes or (GarmentClass.BACKGROUND,))[0])
            if len(each.classes) == classes
            else np.nan
            for each in evaluated
        ]
    )


def _photo_confusion(evaluated: Sequence[EvaluatedPhoto]) -> list[list[int]]:
    counts = np.zeros((CLASS_COUNT, CLASS_COUNT), int)
    for each in evaluated:
        if len(each.classes) <= 1:
            truth = each.classes[0] if each.classes else GarmentClass.BACKGROUND
            counts[truth, each.largest] += 1
    rows: list[list[int]] = counts.tolist()
    return rows


def _by_class(values: npt.NDArray[np.float64]) -> dict[str, float | None]:
    return {each.label: _number(float(values[each])) for each in GarmentClass}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
