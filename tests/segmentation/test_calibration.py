"""Scores of detected garments, and what lies below the threshold."""

import numpy as np
import pytest

from segmentation.calibration import Calibration, Prediction, detect_garments
from segmentation.classes import GarmentClass
from segmentation.mask import most_probable

NO_PRESENCE = np.zeros(3, np.float32)


def _prediction(
    upper: float, lower: float, presence: tuple[float, float, float] = (0, 0, 0)
) -> Prediction:
    """An upper garment above a lower one, each with this probability."""
    probabilities = np.zeros((4, 40, 30), np.float32)
    probabilities[GarmentClass.UPPER, 4:18, 8:22] = upper
    probabilities[GarmentClass.LOWER, 20:36, 8:22] = lower
    probabilities[0] = 1 - probabilities[1:].sum(axis=0)
    return Prediction(probabilities, np.array(presence, np.float32))


def test_an_uncalibrated_score_is_the_mean_probability() -> None:
    scores = [garment.score for garment in detect_garments(_prediction(0.9, 0.7)).garments]
    assert sorted(scores) == pytest.approx([0.7, 0.9], abs=1e-5)


def test_garments_below_the_threshold_become_background() -> None:
    found = detect_garments(_prediction(0.9, 0.6), Calibration(threshold=0.8))
    assert [garment.garment_class for garment in found.garments] == [GarmentClass.UPPER]
    assert set(np.unique(most_probable(found.probabilities))) == {0, GarmentClass.UPPER}
    assert np.allclose(found.probabilities.sum(axis=0), 1)


def test_presence_of_the_class_on_the_photo_raises_its_score() -> None:
    calibration = Calibration(presence_logit=0.5)
    both = [
        detect_garments(_prediction(0.9, 0.6, (0, 0, logit)), calibration).garments
        for logit in (-3, 3)
    ]
    (absent, present) = (
        next(each.score for each in garments if each.garment_class == GarmentClass.LOWER)
        for garments in both
    )
    assert absent < 0.6 < present


def test_a_photo_without_a_garment_has_no_detections() -> None:
    nothing = _prediction(0.2, 0.2)
    found = detect_garments(nothing, Calibration(threshold=0.5))
    assert found.garments == ()
    assert found.probabilities is nothing.probabilities
