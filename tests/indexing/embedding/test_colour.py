import numpy as np
import pytest

from catalog.colours import nearest_colour_name, rgb_to_lab
from indexing.embedding.colour import COLOUR_DIMENSION, describe_colours
from segmentation.classes import GarmentClass
from segmentation.mask import Garment
from segmentation.photos import Photo


def _plain(rgb: tuple[int, int, int], side: int = 60) -> tuple[Photo, Garment]:
    photo = np.full((side, side, 3), 90, np.uint8)
    photo[10:50, 10:50] = rgb
    mask = np.ones((40, 40), bool)
    return photo, Garment(GarmentClass.UPPER, 1.0, (10, 10, 50, 50), mask, 0.44)


def test_lab_matches_published_values() -> None:
    # sRGB primaries in CIELAB under D65: B. Lindbloom's calculator.
    lab = rgb_to_lab(np.array([[255, 255, 255], [255, 0, 0], [0, 0, 255], [0, 0, 0]], np.uint8))
    expected = [[100, 0, 0], [53.24, 80.09, 67.20], [32.30, 79.19, -107.86], [0, 0, 0]]
    assert np.allclose(lab, expected, atol=0.1)


@pytest.mark.parametrize(
    ("rgb", "name"),
    [
        ((200, 30, 40), "red"),
        ((20, 20, 22), "black"),
        ((245, 245, 245), "white"),
        ((128, 128, 128), "grey"),
        ((27, 37, 75), "navy"),
        ((60, 120, 210), "blue"),
        ((50, 140, 70), "green"),
        ((240, 150, 180), "pink"),
        ((235, 200, 50), "yellow"),
        ((110, 70, 40), "brown"),
    ],
)
def test_plain_colours_have_their_common_name(rgb: tuple[int, int, int], name: str) -> None:
    described = describe_colours(*_plain(rgb))
    assert described.colours[0].name == name
    assert described.colours[0].share == 1.0
    assert nearest_colour_name("#{:02x}{:02x}{:02x}".format(*rgb)) == name


def test_two_colours_come_with_their_shares() -> None:
    photo, garment = _plain((200, 30, 40))
    photo[10:50:4, 10:50] = (250, 250, 250)
    colours = {colour.name: colour.share for colour in describe_colours(photo, garment).colours}
    assert colours["red"] == pytest.approx(0.75, abs=0.05)
    assert colours["white"] == pytest.approx(0.25, abs=0.05)


def test_background_does_not_count() -> None:
    photo, garment = _plain((200, 30, 40))
    other = photo.copy()
    other[:8] = (0, 255, 0)
    assert np.array_equal(
        describe_colours(photo, garment).vector, describe_colours(other, garment).vector
    )


def test_vector_is_unit_length_and_orders_colours_as_people_do() -> None:
    red, dark_red, blue = (
        describe_colours(*_plain(rgb)).vector
        for rgb in ((200, 30, 40), (170, 25, 35), (40, 60, 180))
    )
    assert red.shape == (COLOUR_DIMENSION,)
    assert np.linalg.norm(red) == pytest.approx(1, abs=1e-5)
    assert red @ dark_red > red @ blue + 0.3
