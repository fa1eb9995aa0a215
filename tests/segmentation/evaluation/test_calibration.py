"""Calibration and threshold are fitted on a network's predictions of validation photos."""

import numpy as np
import pytest

from segmentation.calibration import UNCALIBRATED, Calibration, Prediction
from segmentation.classes import GarmentClass
from segmentation.errors import DatasetError
from segmentation.evaluation.calibration import (
    CalibrationSample,
    fit_calibration,
    measure_calibration,
)

GRID = (64, 48)


def _sample(seed: int) -> CalibrationSample:
    """A product photo whose find has the right class; shoes every fourth, found as upper too.

    Only the presence logit tells the shoes from the garments.
    """
    generator = np.random.default_rng(seed)
    is_garment = seed % 4 != 3
    truth = np.zeros(GRID, np.uint8)
    truth[10:50, 10:38] = GarmentClass.UPPER if is_garment else 0
    probability = generator.uniform(0.6, 0.95)
    probabilities = np.zeros((4, *GRID), np.float32)
    probabilities[GarmentClass.UPPER, 10:50, 10:38] = probability
    probabilities[0] = 1 - probabilities[GarmentClass.UPPER]
    presence = generator.normal(2 if is_garment else -2, 0.5, 3).astype(np.float32)
    return CalibrationSample("clothing", Prediction(probabilities, presence), truth)


SAMPLES = [_sample(seed) for seed in range(80)]


def test_calibrated_scores_are_the_share_of_right_classes() -> None:
    before = measure_calibration(SAMPLES, UNCALIBRATED)
    after = measure_calibration(SAMPLES, fit_calibration(SAMPLES))
    assert before.calibration_error > 0.1 > after.calibration_error


def test_the_threshold_drops_false_finds_and_keeps_garments() -> None:
    kept = measure_calibration(SAMPLES, UNCALIBRATED)
    assert (kept.largest_right, kept.nothing_right) == (1, 0)
    fitted = fit_calibration(SAMPLES)
    found = measure_calibration(SAMPLES, fitted)
    assert 0 < fitted.threshold < 1
    assert found.largest_right > 0.95
    assert found.nothing_right > 0.95


def test_street_photos_count_only_for_mask_quality() -> None:
    street = [CalibrationSample("ccp", each.prediction, each.truth) for each in SAMPLES[:4]]
    figures = measure_calibration(street, Calibration())
    assert 0.5 < figures.street_miou < 1
    assert np.isnan(figures.largest_right)
    assert fit_calibration(street).threshold == 0


def test_photos_without_any_find_cannot_calibrate() -> None:
    nothing = np.zeros((4, *GRID), np.float32)
    nothing[0] = 1
    sample = CalibrationSample(
        "clothing", Prediction(nothing, np.zeros(3, np.float32)), SAMPLES[0].truth
    )
    with pytest.raises(DatasetError, match="no garment is found"):
        fit_calibration([sample])
