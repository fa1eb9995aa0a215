"""Fit a segmenter's calibration and threshold on validation pairs.

predictions -> detected garments -> logistic regression of "its class is right"
-> threshold with the best accuracy on product photos with and without a garment
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import optimize

from segmentation.calibration import (
    UNCALIBRATED,
    Calibration,
    Detections,
    Features,
    Prediction,
    detect_garments,
    features_of,
)
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.data.pairs import STREET, load_mask, read_pairs, spread
from segmentation.data.splits import Split
from segmentation.errors import DatasetError
from segmentation.evaluation.masks import true_class_of
from segmentation.evaluation.metrics import (
    absent_class_false_positive_rate,
    confusion_of,
    expected_calibration_error,
    foreground_mean_iou,
    mean_of_present,
    reliability,
)
from segmentation.mask import ClassMask, find_garments, most_probable
from segmentation.photos import read_photo
from segmentation.progress import Progress, no_progress
from segmentation.segmenter import BATCH_SIZE, Segmenter

THRESHOLDS: Final = tuple(round(0.05 * step, 2) for step in range(19))
SHRINKAGE: Final = 0.01
"""Weight of the squared distance from the uncalibrated parameters."""


@dataclass(frozen=True, eq=False)
class CalibrationSample:
    """A validation photo: its prediction, and the truth (h, w) on the prediction's grid."""

    source: str
    prediction: Prediction
    truth: ClassMask

    @property
    def true_class(self) -> GarmentClass:
        """Class of a product photo's garment; background without one."""
        return GarmentClass(int(self.truth.max()))


@dataclass(frozen=True)
class CalibrationFigures:
    """Quality on validation photos with a calibration.

    Attributes:
        street_miou: foreground mIoU of street photos.
        street_false: mean false positive rate of absent classes on street photos.
        largest_right: share of product photos whose largest garment has the right class.
        nothing_right: share of product photos without a garment where none is detected.
        calibration_error: expected calibration error of all scores.
    """

    street_miou: float
    street_false: float
    largest_right: float
    nothing_right: float
    calibration_error: float


def collect_samples(
    segmenter: Segmenter,
    folders: Iterable[Path],
    split: Split = "val",
    limit: int | None = None,
    progress: Progress = no_progress,
) -> list[CalibrationSample]:
    """Predict the pairs of a split.

    Args:
        folders: pairs folders.
        limit: maximum number of pairs of each folder; None: all.

    Raises:
        DatasetError: there is no pair of this split.
    """
    chosen = [
        (folder, pair)
        for folder in (read_pairs(each).of_split(split) for each in folders)
        for pair in spread(folder.pairs, limit)
    ]
    if not chosen:
        raise DatasetError(f"no pair of split {split}; make the folders with `apparel dataset`")
    samples: list[CalibrationSample] = []
    for start in range(0, len(chosen), BATCH_SIZE):
        batch = chosen[start : start + BATCH_SIZE]
        photos = [read_photo(folder.photo_path(pair)) for folder, pair in batch]
        predictions = segmenter.predict(photos)
        for (folder, pair), prediction in zip(batch, predictions, strict=True):
            truth = _on_grid(load_mask(folder.mask_path(pair)), prediction)
            samples.append(CalibrationSample(pair.source, prediction, truth))
        progress(len(samples), len(chosen))
    return samples


def _on_grid(truth: ClassMask, prediction: Prediction) -> ClassMask:
    height, width = prediction.probabilities.shape[1:]
    resized = Image.fromarray(truth).resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(resized, np.uint8)


def fit_calibration(samples: Sequence[CalibrationSample]) -> Calibration:
    """Fit the regression and the threshold.

    Raises:
        DatasetError: no garment is detected on any photo.
    """
    features, right = _evidence(samples)
    if not len(right):
        raise DatasetError("no garment is found on these photos; train the segmenter first")
    start = np.array(astuple(UNCALIBRATED)[:-1])

    def loss(parameters: npt.NDArray[np.float64]) -> float:
        scores = np.clip(Calibration(*parameters).scores(features), 1e-12, 1 - 1e-12)
        cross_entropy = -np.log(np.where(right, scores, 1 - scores)).mean()
        return float(cross_entropy + SHRINKAGE * ((parameters - start) ** 2).sum())

    parameters = optimize.minimize(loss, start, method="L-BFGS-B").x
    calibration = Calibration(*(round(float(each), 4) for each in parameters))
    return replace(calibration, threshold=_best_threshold(samples, calibration))


def _evidence(samples: Sequence[CalibrationSample]) -> tuple[Features, npt.NDArray[np.bool_]]:
    """Features of every detected garment, and whether its class is right."""
    features: list[Features] = []
    right: list[bool] = []
    for sample in samples:
        probabilities = sample.prediction.probabilities
        garments = find_garments(most_probable(probabilities), probabilities)
        if garments:
            features.append(features_of(garments, sample.prediction.presence))
        right += [true_class_of(each, sample.truth) == each.garment_class for each in garments]
    return np.concatenate([np.empty((0, 3)), *features]), np.array(right, bool)


def _best_threshold(samples: Sequence[CalibrationSample], calibration: Calibration) -> float:
    """The threshold with the best mean of `largest_right` and `nothing_right`; ties: the lowest."""

    def quality(threshold: float) -> float:
        candidate = replace(calibration, threshold=threshold)
        found = [detect_garments(sample.prediction, candidate) for sample in samples]
        shares = [_share_right(samples, found, garments) for garments in (True, False)]
        # Without product photos of both kinds the lowest threshold is used.
        return -1.0 if np.isnan(shares).any() else float(np.mean(shares))

    return max(THRESHOLDS, key=quality)


def measure_calibration(
    samples: Sequence[CalibrationSample], calibration: Calibration
) -> CalibrationFigures:
    """Measure a calibration on samples."""
    found = [detect_garments(sample.prediction, calibration) for sample in samples]
    street = [
        confusion_of(sample.truth, most_probable(each.probabilities))
        for sample, each in zip(samples, found, strict=True)
        if sample.source == STREET
    ]
    false_rates = [
        absent_class_false_positive_rate(np.stack(street), each) if street else float("nan")
        for each in GARMENT_CLASSES
    ]
    return CalibrationFigures(
        street_miou=foreground_mean_iou(np.stack(street)) if street else float("nan"),
        street_false=mean_of_present(np.array(false_rates)),
        largest_right=_share_right(samples, found, garments=True),
        nothing_right=_share_right(samples, found, garments=False),
        calibration_error=_calibration_error(samples, found),
    )


def _share_right(
    samples: Sequence[CalibrationSample], found: Sequence[Detections], garments: bool
) -> float:
    """Share of product photos with (or without) a garment whose largest garment is right."""
    right = [
        float((each.garments[0].garment_class if each.garments else 0) == sample.true_class)
        for sample, each in zip(samples, found, strict=True)
        if sample.source != STREET and (sample.true_class > 0) == garments
    ]
    return mean_of_present(np.array(right))


def _calibration_error(samples: Sequence[CalibrationSample], found: Sequence[Detections]) -> float:
    pairs = [
        (garment.score, true_class_of(garment, sample.truth) == garment.garment_class)
        for sample, each in zip(samples, found, strict=True)
        for garment in each.garments
    ]
    return expected_calibration_error(
        reliability([score for score, _ in pairs], [right for _, right in pairs])
    )
