import numpy as np
import pytest
from PIL import Image

from segmentation.mask import Probabilities
from segmentation.own_colours import with_own_colours
from segmentation.photos import Photo
from segmentation.preprocess import Preprocessing, cells_of, covered_cells, place

GREEN, RED, GREY = (40, 120, 60), (190, 30, 40), (150, 150, 150)


def _photo(garment: tuple[int, int, int]) -> Photo:
    """96 x 64 pixels of grey, a garment in the middle: rows 24 to 72, columns 16 to 48."""
    photo = Image.new("RGB", (64, 96), GREY)
    photo.paste(garment, (16, 24, 48, 72))
    noise = np.random.default_rng(0).integers(-6, 7, (96, 64, 3))
    return (np.asarray(photo) + noise).astype(np.uint8)


def _unsure(upper: float, below: float) -> Probabilities:
    """Cells of 4 pixels: the garment's upper half is upper with one probability, its lower half
    with another."""
    found = np.zeros((4, 24, 16), np.float32)
    found[1] = 0.05
    found[1, 6:12, 4:12] = upper
    found[1, 12:18, 4:12] = below
    found[0] = 1 - found[1]
    return found


@pytest.mark.parametrize("colour", [GREEN, RED])
def test_cells_of_a_garments_colours_belong_to_it(colour: tuple[int, int, int]) -> None:
    found = _unsure(0.9, 0.4)
    told = with_own_colours(cells_of(_photo(colour), 4), found)
    assert told.shape == found.shape
    assert told.dtype == np.float32
    assert np.allclose(told.sum(axis=0), 1, atol=1e-5)
    assert (told[1, 12:18, 4:12] > 0.5).mean() > 0.95, "the lower half too"
    assert (told[0, :5] > 0.9).mean() > 0.95, "the ground is ground"


def test_the_floors_colours_do_not() -> None:
    found = _unsure(0.9, 0.9)
    found[1, 20:] = 0.6
    found[0] = 1 - found[1]
    assert (with_own_colours(cells_of(_photo(RED), 4), found)[0, 20:] > 0.5).mean() > 0.95


def test_where_all_is_of_one_colour_the_network_alone_tells() -> None:
    plain = np.full((96, 64, 3), 90, np.uint8)
    found = _unsure(0.9, 0.4)
    assert np.allclose(with_own_colours(cells_of(plain, 4), found), found, atol=1e-3)


@pytest.mark.parametrize("size", [(96, 64), (90, 30), (1, 96), (96, 1), (7, 3)])
def test_the_cells_that_a_photo_covers_lie_inside_it(size: tuple[int, int]) -> None:
    preprocessing = Preprocessing(96, 64, (0.5,) * 3, (0.2,) * 3)
    placement = place(*size, preprocessing)
    rows, columns = covered_cells(placement, 4)
    for cells, first, length, side in (
        (rows, placement.top, placement.height, placement.canvas[0]),
        (columns, placement.left, placement.width, placement.canvas[1]),
    ):
        assert 0 <= cells.start < cells.stop <= side // 4
        if length >= 8:
            assert first <= 4 * cells.start
            assert 4 * cells.stop <= first + length
