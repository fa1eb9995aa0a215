import numpy as np
import pytest

from segmentation.classes import GARMENT_CLASSES
from segmentation.data.labels import (
    ABSENT,
    CLASS_CODE,
    PART_CLASSES,
    PARTS,
    PRESENT,
    UNKNOWN_CODE,
    UNLABELLED,
)
from segmentation.training.background import background_image_labels, background_window

SHIRT, SKIN = PARTS.index("shirt"), PARTS.index("skin")


@pytest.mark.parametrize("covered", [SHIRT, UNKNOWN_CODE], ids=["worn", "unknown"])
def test_a_window_holds_neither_garment_nor_unknown(covered: int) -> None:
    codes = np.full((60, 40), CLASS_CODE, np.uint8)
    codes[:35] = covered
    codes[50:] = SKIN
    photo = np.repeat(codes[..., None], 3, axis=2)
    generator = np.random.default_rng(0)
    windows = [background_window(photo, codes, generator) for _ in range(20)]
    found = [window for window in windows if window is not None]
    assert len(found) > 15
    for window, own in found:
        assert set(np.unique(own)) <= {CLASS_CODE, SKIN}
        assert np.array_equal(window[..., 0], own), "the photo is cut like its codes"


def test_there_is_no_window_where_all_is_covered() -> None:
    codes = np.full((60, 40), SHIRT, np.uint8)
    photo = np.zeros((60, 40, 3), np.uint8)
    assert background_window(photo, codes, np.random.default_rng(0)) is None


def test_no_garment_is_said_of_a_window_and_nothing_of_what_is_not_named() -> None:
    codes = np.full((20, 20), CLASS_CODE, np.uint8)
    codes[:10] = SKIN
    image_labels = background_image_labels(codes)
    classes, parts = image_labels[: len(GARMENT_CLASSES)], image_labels[len(GARMENT_CLASSES) :]
    assert (classes == ABSENT).all()
    for part, part_class in enumerate(PART_CLASSES):
        expected = ABSENT if part_class else PRESENT if part == SKIN else UNLABELLED
        assert parts[part] == expected, PARTS[part]
