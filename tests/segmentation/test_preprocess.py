import numpy as np
import pytest
import torch
from torch.nn import functional

from segmentation.mask import one_hot
from segmentation.preprocess import (
    Preprocessing,
    photo_part,
    place,
    resize_maps,
    to_canvas,
    to_mask,
)
from segmentation.torch_runtime import normalise

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


def test_maps_are_enlarged_as_torch_enlarges_them() -> None:
    maps = np.random.default_rng(0).random((4, 16, 12), np.float32)
    expected = functional.interpolate(torch.from_numpy(maps)[None], (64, 48), mode="bilinear")
    assert np.allclose(resize_maps(maps, 64, 48), expected[0].numpy(), atol=1e-5)


@pytest.mark.parametrize("size", [(64, 48), (100, 20), (30, 90)])
def test_the_photos_part_is_cut_from_the_enlarged_canvas(size: tuple[int, int]) -> None:
    placement = place(*size, CANVAS)
    height, width = placement.canvas
    maps = np.random.default_rng(0).random((2, height // 4, width // 4), np.float32)
    whole = resize_maps(maps, height, width)
    rows = slice(placement.top, placement.top + placement.height)
    columns = slice(placement.left, placement.left + placement.width)
    assert np.allclose(photo_part(maps, placement), whole[:, rows, columns], atol=1e-5)


def test_a_mask_is_drawn_at_the_photos_size() -> None:
    mask = np.zeros((50, 40), np.uint8)
    mask[10:40, 10:30] = 3
    large = to_mask(one_hot(mask), 200, 160)
    assert set(np.unique(large)) == {0, 3}
    assert (large == mask.repeat(4, axis=0).repeat(4, axis=1)).mean() > 0.98
