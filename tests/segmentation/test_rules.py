"""What is done after the network: gate, names, dropped garments, scores, second classes."""

import numpy as np
import pytest

from segmentation.calibration import Calibration
from segmentation.classes import GarmentClass
from segmentation.mask import most_probable
from segmentation.rules import Prediction, Rules, judge_prediction

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER
TOP, BOTTOM = slice(10, 45), slice(50, 85)


def _prediction(
    parts: dict[GarmentClass, slice], sure: float = 0.7, presence: tuple[float, ...] = (3, 3, 3)
) -> Prediction:
    """Blocks of garments on a grid of 96 x 72; what a class leaves over goes to `WHOLE`."""
    probabilities = np.zeros((4, 96, 72), np.float32)
    probabilities[0] = 1
    for garment_class, rows in parts.items():
        probabilities[:, rows, 16:56] = 0
        probabilities[WHOLE, rows, 16:56] = 1 - sure
        probabilities[garment_class, rows, 16:56] += sure
    return Prediction(probabilities, np.array(presence, np.float32))


def test_without_rules_the_score_is_the_mean_probability() -> None:
    (garment,) = judge_prediction(_prediction({UPPER: TOP})).garments
    assert garment.garment_class == UPPER
    assert garment.score == pytest.approx(0.7, abs=1e-3)
    assert garment.second_class == WHOLE
    assert garment.second_score == pytest.approx(0.3, abs=1e-3)


def test_a_sure_garment_has_no_second_class() -> None:
    (garment,) = judge_prediction(_prediction({UPPER: TOP}, sure=0.95)).garments
    assert garment.second_class is None
    assert garment.second_score == 0


def test_a_class_that_is_not_present_goes_to_the_next_probable() -> None:
    prediction = _prediction({UPPER: TOP}, presence=(-4, 3, 3))
    judged = judge_prediction(prediction, Rules(presence_gate=0.2))
    assert [each.garment_class for each in judged.garments] == [WHOLE]
    assert (most_probable(judged.probabilities)[20, 20]) == WHOLE
    nothing = _prediction({UPPER: TOP}, presence=(-4, -4, -4))
    assert judge_prediction(nothing, Rules(presence_gate=0.2)).garments == ()


def test_parts_that_get_one_name_become_one_garment() -> None:
    prediction = _prediction({UPPER: slice(10, 48), LOWER: slice(48, 85)}, presence=(-3, 4, -3))
    trusting = Calibration(presence=1.0)
    judged = judge_prediction(prediction, Rules(rename=True), trusting)
    (dress,) = judged.garments
    assert dress.garment_class == WHOLE
    assert dress.box == (16, 10, 56, 85)
    assert set(np.unique(most_probable(judged.probabilities))) == {0, WHOLE}
    untouched = judge_prediction(prediction, Rules(), trusting)
    assert [each.garment_class for each in untouched.garments] == [UPPER, LOWER]


def test_what_is_probably_no_garment_is_dropped_from_the_mask_too() -> None:
    prediction = _prediction({UPPER: TOP, LOWER: BOTTOM})
    doubtful = Calibration(ground_mean=0, ground_offset=3)
    judged = judge_prediction(prediction, Rules(least_garment=0.5), doubtful)
    assert judged.garments == ()
    assert not most_probable(judged.probabilities).any()


def test_rules_leave_the_prediction_as_it_was() -> None:
    prediction = _prediction({UPPER: TOP}, presence=(-4, 3, -4))
    before = prediction.probabilities.copy()
    judge_prediction(prediction, Rules(0.5, 0.9, rename=True), Calibration(presence=1))
    assert np.array_equal(prediction.probabilities, before)
