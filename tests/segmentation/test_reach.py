"""How far a garment may reach beyond its mask."""

import numpy as np
import pytest

from segmentation.classes import GarmentClass
from segmentation.mask import box_of, mask_on_photo
from segmentation.reach import possible_garment, reach_of
from segmentation.rules import Prediction, judge_prediction

UPPER, LOWER = GarmentClass.UPPER, GarmentClass.LOWER
PRESENT = np.full(3, 3, np.float32)
GRID = (96, 72)


def _probabilities(*blocks: tuple[GarmentClass, slice, float]) -> np.ndarray:
    """Ground, but for blocks of rows that are a garment of a class with this probability."""
    probabilities = np.zeros((4, *GRID), np.float32)
    probabilities[0] = 1
    for garment_class, rows, sure in blocks:
        probabilities[0, rows, 16:56] = 1 - sure
        probabilities[garment_class, rows, 16:56] = sure
    return probabilities


def _reached(probabilities: np.ndarray, place: int = 0) -> slice | None:
    """Rows that the garment at a place may reach; None where its mask tells."""
    judged = judge_prediction(Prediction(probabilities, PRESENT))
    reached = reach_of(place, judged, probabilities)
    if reached is None:
        return None
    assert reached.garment_class == judged.garments[place].garment_class
    _, top, _, bottom = box_of(mask_on_photo(reached, *GRID))
    return slice(top, bottom)


def test_a_garment_may_reach_what_hangs_together_with_it_and_is_possible() -> None:
    half = _probabilities((UPPER, slice(10, 40), 0.9), (UPPER, slice(40, 70), 0.4))
    assert _reached(half) == slice(10, 70)
    improbable = _probabilities((UPPER, slice(10, 40), 0.9), (UPPER, slice(40, 70), 0.1))
    assert _reached(improbable) is None
    apart = _probabilities((UPPER, slice(10, 40), 0.9), (UPPER, slice(50, 80), 0.4))
    assert _reached(apart) is None


def test_a_little_more_is_not_asked_with() -> None:
    rim = _probabilities((UPPER, slice(10, 40), 0.9), (UPPER, slice(40, 44), 0.4))
    assert _reached(rim) is None


@pytest.mark.parametrize(("sure", "reaches"), [(0.9, None), (0.45, slice(10, 90))])
def test_beside_a_garment_that_is_sure_of_itself_it_is_worn(
    sure: float, reaches: slice | None
) -> None:
    probabilities = _probabilities(
        (UPPER, slice(10, 40), 0.9), (UPPER, slice(40, 60), 0.4), (LOWER, slice(60, 90), sure)
    )
    # What the lower half is not sure of, it may be of another class.
    probabilities[0, 60:90, 16:56] = 0.1
    probabilities[UPPER, 60:90, 16:56] = 0.9 - sure
    judged = judge_prediction(Prediction(probabilities, PRESENT))
    place = [each.box[1] for each in judged.garments].index(10)
    assert _reached(probabilities, place) == reaches


def test_where_none_was_found_the_largest_possible_piece_is_named() -> None:
    faint = _probabilities((LOWER, slice(10, 40), 0.4), (UPPER, slice(60, 70), 0.45))
    assert judge_prediction(Prediction(faint, PRESENT)).garments == ()
    possible = possible_garment(faint)
    assert possible is not None
    assert (possible.box, possible.garment_class) == ((16, 10, 56, 40), LOWER)
    assert possible.score == pytest.approx(0.4, abs=1e-5)
    assert possible_garment(_probabilities((LOWER, slice(10, 40), 0.1))) is None
    assert possible_garment(_probabilities((LOWER, slice(10, 12), 0.45))) is None
