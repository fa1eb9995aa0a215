import numpy as np

from segmentation.classes import GarmentClass
from segmentation.mask import (
    ClassMask,
    find_garments,
    in_pixels,
    most_probable,
    one_hot,
    whole_photo_garment,
)
from segmentation.segmented_photo import Segmentation


def _mask(*boxes: tuple[GarmentClass, int, int, int, int]) -> ClassMask:
    mask = np.zeros((200, 150), np.uint8)
    for garment_class, x0, y0, x1, y1 in boxes:
        mask[y0:y1, x0:x1] = garment_class
    return mask


def test_garments_have_their_class_box_mask_and_area() -> None:
    mask = _mask((GarmentClass.UPPER, 40, 20, 110, 90), (GarmentClass.LOWER, 50, 90, 100, 190))
    upper, lower = sorted(find_garments(mask, one_hot(mask)), key=lambda each: each.garment_class)
    assert upper.garment_class is GarmentClass.UPPER
    assert upper.box == (40, 20, 110, 90)
    assert upper.mask.shape == (70, 70)
    assert upper.mask.all()
    assert upper.area == 70 * 70 / (200 * 150)
    assert lower.box == (50, 90, 100, 190)
    assert lower.score == 1.0


def test_largest_garment_comes_first() -> None:
    mask = _mask((GarmentClass.UPPER, 10, 10, 50, 40), (GarmentClass.LOWER, 20, 60, 120, 180))
    garments = find_garments(mask, one_hot(mask))
    assert [garment.garment_class for garment in garments] == [
        GarmentClass.LOWER,
        GarmentClass.UPPER,
    ]


def test_specks_are_dropped() -> None:
    mask = _mask((GarmentClass.WHOLE, 40, 20, 110, 180), (GarmentClass.UPPER, 2, 2, 9, 9))
    assert [garment.garment_class for garment in find_garments(mask, one_hot(mask))] == [
        GarmentClass.WHOLE
    ]


def test_two_halves_of_an_open_jacket_are_one_garment() -> None:
    mask = _mask((GarmentClass.UPPER, 40, 20, 70, 120), (GarmentClass.UPPER, 73, 20, 103, 120))
    (jacket,) = find_garments(mask, one_hot(mask))
    assert jacket.box == (40, 20, 103, 120)


def test_jackets_of_two_people_are_two_garments() -> None:
    mask = _mask((GarmentClass.UPPER, 5, 20, 55, 120), (GarmentClass.UPPER, 95, 20, 145, 120))
    assert len(find_garments(mask, one_hot(mask))) == 2


def test_score_is_the_mean_probability_inside_the_garment() -> None:
    mask = _mask((GarmentClass.UPPER, 40, 20, 110, 90))
    probabilities = np.full((4, 50, 40), 0.1, np.float32)
    probabilities[GarmentClass.UPPER] = 0.7
    (garment,) = find_garments(mask, probabilities)
    assert abs(garment.score - 0.7) < 1e-6


def test_background_has_no_garments() -> None:
    mask = _mask()
    assert find_garments(mask, one_hot(mask)) == ()


def test_garments_found_on_a_coarse_grid_have_boxes_in_pixels() -> None:
    mask = _mask((GarmentClass.UPPER, 40, 20, 110, 90))
    (garment,) = find_garments(mask, one_hot(mask))
    garment = in_pixels(garment, (200, 150), (500, 300))
    assert garment.box == (80, 50, 220, 225)
    assert garment.mask.shape == (70, 70)
    assert garment.area == 70 * 70 / (200 * 150)


def test_most_probable_is_argmax() -> None:
    probabilities = np.random.default_rng(0).random((4, 30, 20)).astype(np.float32)
    assert np.array_equal(most_probable(probabilities), probabilities.argmax(axis=0))


def test_a_mask_is_drawn_once_and_only_on_request() -> None:
    drawn = []

    def draw() -> ClassMask:
        drawn.append(1)
        return _mask()

    segmentation = Segmentation((), draw)
    assert drawn == []
    assert segmentation.mask is segmentation.mask
    assert drawn == [1]


def test_whole_photo_stands_in_for_a_garment() -> None:
    garment = whole_photo_garment(np.zeros((30, 20, 3), np.uint8))
    assert garment.box == (0, 0, 20, 30)
    assert garment.area == 1.0
    assert garment.mask.shape == (30, 20)
