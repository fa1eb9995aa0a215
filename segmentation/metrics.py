"""Masks and truths in, figures out: everything from one 4 x 4 confusion matrix per photo.

Rows are the truth, columns the prediction. Intervals are 95 % percentile bootstraps
over photos (Efron, Tibshirani, 1993).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass
from segmentation.mask import ClassMask

Confusion = npt.NDArray[np.int64]
"""Pixels by (truth, prediction), shape (4, 4)."""
FALSE_POSITIVE_AREA = 0.01
"""Share of a photo from which a class that is not there counts as a false positive."""


@dataclass(frozen=True)
class Figure:
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


def mean_iou(confusions: Confusion) -> float:
    """Mean IoU of the classes that occur."""
    return _mean(iou_per_class(confusions))


def foreground_mean_iou(confusions: Confusion) -> float:
    """Mean IoU of the garment classes that occur."""
    return _mean(iou_per_class(confusions)[list(GARMENT_CLASSES)])


def _mean(values: npt.NDArray[np.float64]) -> float:
    present = values[~np.isnan(values)]
    return float(present.mean()) if len(present) else float("nan")


def absent_class_false_positive_rate(confusions: Confusion, garment_class: GarmentClass) -> float:
    """Of the photos without this class, the share where at least 1 % is called it."""
    truth = confusions.sum(axis=2)
    absent = truth[:, garment_class] == 0
    if not absent.any():
        return float("nan")
    predicted = confusions[absent].sum(axis=1)[:, garment_class]
    return float((predicted > FALSE_POSITIVE_AREA * truth[absent].sum(axis=1)).mean())


def bootstrap(
    confusions: Confusion,
    measure: Callable[[Confusion], float],
    rounds: int = 1000,
    seed: int = 0,
) -> Figure:
    """A measure over photos with its 95 % interval."""
    generator = np.random.default_rng(seed)
    count = len(confusions)
    values = [measure(confusions[generator.integers(0, count, count)]) for _ in range(rounds)]
    low, high = np.nanpercentile(values, (2.5, 97.5))
    return Figure(measure(confusions), float(low), float(high))
