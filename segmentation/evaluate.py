"""A segmenter, photos and true masks in; figures with their intervals out.

    folder of photos and masks -> judge_folder -> JudgedPhoto ... -> report_of -> SegmentationReport

Masks are compared at each photo's own size. Pixel accuracy alone says little: on
street photos a mask of nothing but background already has 0.85.
"""

import dataclasses
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
from segmentation.errors import DatasetError
from segmentation.mask import ClassMask, Garment, Segmentation
from segmentation.metrics import (
    Confusion,
    Figure,
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
from segmentation.pairs import Pair, Progress, load_mask, no_progress, read_pairs
from segmentation.photos import find_photos, read_photo
from segmentation.predictor import BATCH_SIZE, Segmenter

MaskLabels = Literal["ccp", "classes"]
LEAST_IOU: Final = 0.5
"""A garment below this IoU counts as missed."""


@dataclass(frozen=True)
class JudgedGarment:
    """A garment that was found; `right` if most of what lies under it has its class."""

    garment_class: GarmentClass
    score: float
    right: bool


@dataclass(frozen=True, eq=False)
class JudgedPhoto:
    """What the segmenter made of one photo.

    Attributes:
        group: photos of one group (one sender's) belong together.
        confusion: pixels by (truth, prediction), shape (4, 4).
        classes: garment classes that are truly there.
        garments: those found, the largest first.
    """

    photo: Path
    mask: Path
    group: str
    confusion: Confusion
    classes: tuple[GarmentClass, ...]
    garments: tuple[JudgedGarment, ...]

    @property
    def largest(self) -> GarmentClass:
        """The class of the largest garment found; background if there is none."""
        return self.garments[0].garment_class if self.garments else GarmentClass.BACKGROUND

    @property
    def iou(self) -> float:
        """IoU of the garment where there is one class, else mean IoU of the classes."""
        own = float(garment_iou(self.confusion[None])[0])
        return mean_iou(self.confusion[None]) if np.isnan(own) else own


@dataclass(frozen=True)
class SegmentationReport:
    """Figures of a segmenter; a class that occurs nowhere has None.

    `garment_iou` is the mean, over photos with one true garment class, of the IoU of that
    class, `garment_iou_below_half` the share of them below 0.5, and `single_class_right`
    the share whose largest garment has the class; `no_garment_right` is the share of photos
    without garments where none is found. `calibration_error` is the expected calibration
    error of the garments' scores, `reliability` the tenths behind it. `photo_confusion`
    counts photos of at most one class by (truth, largest garment), background = none.
    `intervals` holds 95 % bootstrap intervals over groups of photos as [low, high].
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

    def to_json(self) -> dict[str, object]:
        """The document of `apparel evaluate segmentation --json`."""
        return dataclasses.asdict(self)


def judge_folder(
    segmenter: Segmenter,
    photos: Path,
    masks: Path,
    labels: MaskLabels,
    names: set[str] | None = None,
    progress: Progress = no_progress,
) -> list[JudgedPhoto]:
    """Compare predicted masks with true ones, photo by photo.

    Args:
        photos: folder of photos. masks: folder of PNG masks with the same stems.
        labels: "classes" for our four values, "ccp" for the 59 of Clothing Co-Parsing.
        names: stems to look at; None means every photo that has a mask.
    Raises:
        DatasetError: no pair was found, or a mask does not fit its photo.
    """
    pairs = _pairs_of(photos, masks, names)
    known = _known_pairs(photos.parent)
    judged: list[JudgedPhoto] = []
    for start in range(0, len(pairs), BATCH_SIZE):
        batch = pairs[start : start + BATCH_SIZE]
        pictures = [read_photo(photo, max_side=10_000) for photo, _ in batch]
        for (photo, mask), found in zip(batch, segmenter.segment(pictures), strict=True):
            group = known[photo.stem].group if photo.stem in known else photo.stem
            judged.append(judge(photo, mask, group, read_truth(mask, labels), found))
        progress(len(judged), len(pairs))
    return judged


def _known_pairs(folder: Path) -> dict[str, Pair]:
    """What a manifest beside the photos' folder says of them, if there is one."""
    if not (folder / "manifest.csv").is_file():
        return {}
    return {pair.name: pair for pair in read_pairs(folder).pairs}


def judge(
    photo: Path, mask: Path, group: str, truth: ClassMask, found: Segmentation
) -> JudgedPhoto:
    """One photo's prediction against its truth (H, W)."""
    if truth.shape != found.mask.shape:
        raise DatasetError(
            f"the mask of {photo.name} is {truth.shape}, the photo {found.mask.shape}; "
            "write masks at the photo's size"
        )
    garments = tuple(
        JudgedGarment(
            garment.garment_class,
            garment.score,
            class_beneath(garment, truth) == garment.garment_class,
        )
        for garment in found.garments
    )
    classes = tuple(each for each in GARMENT_CLASSES if (truth == each).any())
    return JudgedPhoto(photo, mask, group, confusion_of(truth, found.mask), classes, garments)


def class_beneath(garment: Garment, truth: ClassMask) -> GarmentClass:
    """The class that most of a found garment's pixels truly have."""
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
    """A true mask (H, W) with our four values; DatasetError if it holds others."""
    mask = load_mask(path)
    if labels == "ccp":
        return ccp_lookup(list(CCP_LABELS))[mask]
    if mask.max() > max(GarmentClass):
        raise DatasetError(
            f"{path} holds value {mask.max()}, classes end at {max(GarmentClass)}; "
            "use --labels ccp for CCP masks"
        )
    return mask


def report_of(judged: Sequence[JudgedPhoto], segmenter: str) -> SegmentationReport:
    """All figures of judged photos."""
    confusions = np.stack([each.confusion for each in judged])
    intervals = {
        name: [figure.low, figure.high]
        for name, figure in _figures_of(judged, confusions).items()
        if not np.isnan(figure.low)
    }
    garments = [garment for each in judged for garment in each.garments]
    bins = reliability([each.score for each in garments], [each.right for each in garments])
    ious = garment_iou(confusions)
    return SegmentationReport(
        photos=len(judged),
        pixel_accuracy=pixel_accuracy(confusions),
        iou=_by_class(iou_per_class(confusions)),
        miou=mean_iou(confusions),
        foreground_miou=foreground_mean_iou(confusions),
        f1=_by_class(f1_per_class(confusions)),
        absent_class_false_positive_rate={
            each.label: _number(absent_class_false_positive_rate(confusions, each))
            for each in GARMENT_CLASSES
        },
        garment_iou=_number(mean_of_present(ious)),
        garment_iou_below_half=_number(_share_below_half(ious)),
        single_class_right=_number(mean_of_present(_largest_right(judged, classes=1))),
        no_garment_right=_number(mean_of_present(_largest_right(judged, classes=0))),
        calibration_error=_number(expected_calibration_error(bins)),
        intervals=intervals,
        confusion=confusions.sum(axis=0).tolist(),
        photo_confusion=_photo_confusion(judged),
        reliability=bins,
        segmenter=segmenter,
    )


def _figures_of(judged: Sequence[JudgedPhoto], confusions: Confusion) -> dict[str, Figure]:
    """The figures that have an interval, by their name in the report."""
    groups = [each.group for each in judged]

    def over_photos(measure: Callable[[npt.NDArray[Any]], float]) -> Figure:
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
        figures[name] = bootstrap(_largest_right(judged, classes), mean_of_present, groups)
    return figures


def _share_below_half(ious: npt.NDArray[np.float64]) -> float:
    return mean_of_present(np.where(np.isnan(ious), np.nan, ious < LEAST_IOU))


def _largest_right(judged: Sequence[JudgedPhoto], classes: int) -> npt.NDArray[np.float64]:
    """1 where the largest garment is what is there, 0 where not, NaN on photos with another
    number of true classes."""
    return np.array(
        [
            float(each.largest == (each.classes or (GarmentClass.BACKGROUND,))[0])
            if len(each.classes) == classes
            else np.nan
            for each in judged
        ]
    )


def _photo_confusion(judged: Sequence[JudgedPhoto]) -> list[list[int]]:
    counts = np.zeros((CLASS_COUNT, CLASS_COUNT), int)
    for each in judged:
        if len(each.classes) <= 1:
            truth = each.classes[0] if each.classes else GarmentClass.BACKGROUND
            counts[truth, each.largest] += 1
    rows: list[list[int]] = counts.tolist()
    return rows


def _by_class(values: npt.NDArray[np.float64]) -> dict[str, float | None]:
    return {each.label: _number(float(values[each])) for each in GarmentClass}


def _number(value: float) -> float | None:
    return None if np.isnan(value) else value
