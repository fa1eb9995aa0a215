import numpy as np
import pytest

from segmentation.mask import one_hot
from segmentation.preprocess import (
    Preprocessing,
    inside,
    mask_to_canvas,
    normalise,
    place,
    to_canvas,
    to_mask,
)

CANVAS = Preprocessing(64, 48, (0.5, 0.4, 0.3), (0.2, 0.2, 0.2))


@pytest.mark.parametrize(
    ("size", "canvas"),
    [((400, 300), (64, 48)), ((300, 400), (48, 64)), ((1000, 100), (64, 48)), ((9, 9), (64, 48))],
)
def test_photo_keeps_its_aspect_and_fits_a_canvas_of_its_orientation(
    size: tuple[int, int], canvas: tuple[int, int]
) -> None:
    placement = place(*size, CANVAS)
    assert placement.canvas == canvas
    assert placement.height == canvas[0] or placement.width == canvas[1]
    assert placement.height / placement.width == pytest.approx(size[0] / size[1], rel=0.1)


def test_padding_is_zero_after_normalising() -> None:
    photo = np.full((100, 20, 3), 255, np.uint8)
    placement = place(100, 20, CANVAS)
    tensor = normalise(to_canvas(photo, placement, CANVAS)[None], CANVAS.mean, CANVAS.std)
    assert tensor.shape == (1, 3, 64, 48)
    assert abs(float(tensor[0, :, 0, 0].abs().max())) < 0.02
    assert float(tensor[0, 0, 32, 24]) == pytest.approx(2.5)


def test_a_mask_survives_the_way_to_the_canvas_and_back() -> None:
    mask = np.zeros((200, 150), np.uint8)
    mask[50:150, 40:110] = 3
    placement = place(200, 150, CANVAS)
    on_canvas = mask_to_canvas(mask, placement)
    assert set(np.unique(on_canvas)) == {0, 3}
    back = to_mask(inside(one_hot(on_canvas), placement), 200, 150)
    assert (back == mask).mean() > 0.97
