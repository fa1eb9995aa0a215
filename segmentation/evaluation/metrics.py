"""Metrics of masks, from one 4 x 4 confusion matrix per photo.

Rows are the truth, columns the prediction. Intervals are 95 % percentile bootstraps over photos or
groups of photos (Efron, Tibshirani, 1993).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass
from segmentation.mask import ClassMask

Confusion = npt.NDArray[np.int64]
"""Pixels by (truth, prediction), shape (4, 4)."""
FALSE_POSITIVE_AREA = 0.01
"""Share of a photo from which an absent class counts as a false positive."""


@dataclass(frozen=True)
class Estimate:
    """A measured value with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def confusion_of(truth: ClassMask, predicted: ClassMask) -> Confusion:
    """Confusion matrix of one photo; both masks have shape (H, W)."""
    joint = truth.astype(np.int64).ravel() * CLASS_COUNT + predicted.ravel()
    counts = np.bincount(joint, minlength=CLASS_COUNT**2)
    return np.asarray(counts.reshape(CLASS_COUNT, CLASS_COUNT), np.int64)


def pixel_accuracy(confusions: Confusion) -> float:
    """Share of pixels with the right class, over photos (n, 4, 4)."""
    total = confusions.sum(axis=0)
    return float(np.trace(total) / max(1, total.sum()))


def iou_per_class(confusions: Confusion) -> npt.NDArray[np.float64]:
    """IoU of each class over all photos, shape (4,); NaN where a class never occurs."""
    total = confusions.sum(axis=0).astype(np.float64)
    overlap = np.diag(total)
    union = total.sum(axis=0) + total.sum(axis=1) - overlap
    with np.errstate(invalid="ignore"):
        return np.asarray(overlap / union)


def f1_per_class(confusions: Confusion) -> npt.NDArray[np.float64]:
    """F1 (Dice) of each class over all photos, shape (4,); NaN where a class never occurs."""
    iou = iou_per_class(confusions)
    return 2 * iou / (1 + iou)


def mean_of_present(values: npt.NDArray[np.float64]) -> float:
    """Mean of the values that are not NaN; NaN if all are."""
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else float("nan")


def mean_iou(confusions: Confusion) -> float:
    """Mean IoU of the classes that occur."""
    return mean_of_present(iou_per_class(confusions))


def foreground_mean_iou(confusions: Confusion) -> float:
    """Mean IoU of the garment classes that occur."""
    return mean_of_present(iou_per_class(confusions)[list(GARMENT_CLASSES)])


def absent_class_false_positive_rate(confusions: Confusion, garment_class: GarmentClass) -> float:
    """Share of the photos without this class where it is predicted on over 1 % of the pixels."""
    truth = confusions.sum(axis=2)
    absent = truth[:, garment_class] == 0
    if not absent.any():
        return float("nan")
    predicted = confusions[absent].sum(axis=1)[:, garment_class]
    return float((predicted > FALSE_POSITIVE_AREA * truth[absent].sum(axis=1)).mean())


def garment_iou(confusions: Confusion) -> npt.NDArray[np.float64]:
    """IoU of each photo's garment class, shape (n,); NaN without exactly one true class."""
    classes = list(GARMENT_CLASSES)
    overlap = np.diagonal(confusions, axis1=1, axis2=2)[:, classes].astype(np.float64)
    truth = confusions.sum(axis=2)[:, classes]
    union = truth + confusions.sum(axis=1)[:, classes] - overlap
    own = truth.argmax(axis=1)
    rows = np.arange(len(confusions))
    iou = overlap[rows, own] / np.maximum(1, union[rows, own])
    return np.where((truth > 0).sum(axis=1) == 1, iou, np.nan)


@dataclass(frozen=True)
class ReliabilityBin:
    """Garments with scores in one tenth: their number, mean score and share of right classes."""

    garments: int
    mean_score: float
    share_right: float


def reliability(scores: Sequence[float], right: Sequence[bool]) -> list[ReliabilityBin]:
    """Non-empty bins of a reliability diagram, from low to high (DeGroot, Fienberg, 1983)."""
    values, truths = np.asarray(scores, np.float64), np.asarray(right, bool)
    tenths = np.minimum((values * 10).astype(int), 9)
    return [
        ReliabilityBin(
            int(inside.sum()), float(values[inside].mean()), float(truths[inside].mean())
        )
        for inside in (tenths == tenth for tenth in range(10))
        if inside.any()
    ]


def expected_calibration_error(bins: Sequence[ReliabilityBin]) -> float:
    """Mean gap between score and accuracy, weighted by garments (Naeini et al., 2015)."""
    total = sum(each.garments for each in bins)
    gaps = [each.garments * abs(each.mean_score - each.share_right) for each in bins]
    return sum(gaps) / total if total else float("nan")


def bootstrap(
    values: npt.NDArray[Any],
    measure: Callable[[npt.NDArray[Any]], float],
    groups: Sequence[str] | None = None,
    rounds: int = 1000,
) -> Estimate:
    """Compute a measure over photos with its 95 % interval.

    Args:
        values: one entry per photo: a confusion matrix or a number.
        groups: group of each photo, resampled as a whole; None: each photo is its own.
    """
    generator = np.random.default_rng(0)
    members = _members(groups or [str(index) for index in range(len(values))])
    drawn = (generator.integers(0, len(members), len(members)) for _ in range(rounds))
    measured = [measure(values[np.concatenate([members[each] for each in draw])]) for draw in drawn]
    measured = [each for each in measured if not np.isnan(each)]
    if not measured:
        return Estimate(measure(values), float("nan"), float("nan"))
    low, high = np.percentile(measured, (2.5, 97.5))
    return Estimate(measure(values), float(low), float(high))


def _members(groups: Sequence[str]) -> list[npt.NDArray[np.int64]]:
    _, group_of = np.unique(np.asarray(groups), return_inverse=True)
    return [np.flatnonzero(group_of == group) for group in range(group_of.max() + 1)]
