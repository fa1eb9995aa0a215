"""Detection of garments in a prediction, with calibrated scores.

    probabilities -> argmax -> find_garments -> calibrated score -> dropped below the threshold

The mean softmax over a mask is not a calibrated probability: it is high wherever the outline is
clear. A logistic regression with four parameters, fitted on validation photos
(`segmentation.evaluation.calibration`) and stored in the weights card, calibrates it: Platt scaling
(Platt, "Probabilistic Outputs for Support Vector Machines", 1999) of the mask's log-odds, its area
and the image-level presence logit of its class.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.classes import GarmentClass
from segmentation.mask import Garment, Probabilities, find_garments, most_probable
from segmentation.segmented_photo import PhotoFeatures

PresenceLogits = npt.NDArray[np.float32]
"""Image-level logits of upper, whole and lower, shape (3,)."""
Features = npt.NDArray[np.float64]
"""Log-odds, log area and presence logit of n garments, shape (n, 3)."""

EPSILON: Final = float(np.finfo(np.float32).eps)
"""Lower bound of probabilities and areas before the logarithm."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """The network's output for one photo.

    Attributes:
        probabilities: of each class, (4, h, w), on the canvas's grid.
        presence: image-level logits of the garment classes, (3,).
        features: the backbone's feature maps; None for a network without such outputs.
    """

    probabilities: Probabilities
    presence: PresenceLogits
    features: PhotoFeatures | None = None


@dataclass(frozen=True)
class Calibration:
    """Parameters of the calibrated score, and its threshold.

    The score is `sigmoid(log_odds * logit(mean probability) + log_area * log(area) +
    presence_logit * presence logit + offset)`; with the defaults it is the mean probability.

    Attributes:
        threshold: minimum score of a detected garment.
    """

    log_odds: float = 1.0
    log_area: float = 0.0
    presence_logit: float = 0.0
    offset: float = 0.0
    threshold: float = 0.0

    def scores(self, features: Features) -> npt.NDArray[np.float64]:
        """Probability that the class is right, shape (n,)."""
        weights = np.array([self.log_odds, self.log_area, self.presence_logit])
        return np.asarray(1 / (1 + np.exp(-(features @ weights + self.offset))), np.float64)


UNCALIBRATED: Final = Calibration()


@dataclass(frozen=True, eq=False)
class Detections:
    """Garments on the prediction's grid, the largest first, and matching class probabilities."""

    garments: tuple[Garment, ...]
    probabilities: Probabilities


def detect_garments(prediction: Prediction, calibration: Calibration = UNCALIBRATED) -> Detections:
    """Detect the garments whose calibrated score reaches the threshold."""
    probabilities = prediction.probabilities
    found = find_garments(most_probable(probabilities), probabilities)
    scores = calibration.scores(features_of(found, prediction.presence))
    scored = [
        replace(garment, score=float(score)) for garment, score in zip(found, scores, strict=True)
    ]
    dropped = [garment for garment in scored if garment.score < calibration.threshold]
    if dropped:
        probabilities = _without(probabilities, dropped)
    garments = tuple(garment for garment in scored if garment.score >= calibration.threshold)
    return Detections(garments, probabilities)


def features_of(garments: Sequence[Garment], presence: PresenceLogits) -> Features:
    """Input features of a calibration for the garments of one photo.

    Args:
        garments: from `find_garments`; their score is the mean probability of their class.
    """
    means = np.clip([garment.score for garment in garments], EPSILON, 1 - EPSILON)
    areas = np.maximum([garment.area for garment in garments], EPSILON)
    logits = [presence[garment.garment_class - 1] for garment in garments]
    columns = (np.log(means / (1 - means)), np.log(areas), np.array(logits, np.float64))
    return np.stack(columns, axis=1)


def _without(probabilities: Probabilities, garments: Sequence[Garment]) -> Probabilities:
    """Exchange the probabilities of a garment's class and background inside its mask."""
    edited = probabilities.copy()
    for garment in garments:
        x0, y0, x1, y1 = garment.box
        window = edited[:, y0:y1, x0:x1]
        pair = [garment.garment_class, GarmentClass.BACKGROUND]
        window[pair] = np.where(garment.mask, window[pair[::-1]], window[pair])
    return edited
