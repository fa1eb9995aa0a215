"""Letterbox photos onto the network's canvas, and map its output back to the photo.

A photo is scaled to fit the canvas, preserving its aspect ratio, and padded. The canvas is portrait
for portrait photos and landscape for the others. Normalisation is the first layer of the network
(`segmentation.torch_runtime`).
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.mask import ClassMask, Probabilities, most_probable
from segmentation.photos import Photo

MEAN: Final = (0.5, 0.5, 0.5)
STD: Final = (0.5, 0.5, 0.5)
"""Normalisation of EfficientNet-Lite, which both trainings write into their cards."""

Maps = npt.NDArray[np.float32]
"""Several maps on one grid, shape (c, h, w)."""


@dataclass(frozen=True)
class Preprocessing:
    """Parameters of the preprocessing, read from a weights card.

    Attributes:
        height, width: portrait canvas in pixels.
        mean, std: per RGB channel, for values in 0..1.
    """

    height: int
    width: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class Placement:
    """Position and size of a photo on its canvas, in canvas pixels."""

    top: int
    left: int
    height: int
    width: int
    canvas: tuple[int, int]


def place(photo_height: int, photo_width: int, preprocessing: Preprocessing) -> Placement:
    """Fit a photo of this size into the canvas of its orientation."""
    canvas = (preprocessing.height, preprocessing.width)
    if photo_width > photo_height:
        canvas = (preprocessing.width, preprocessing.height)
    scale = min(canvas[0] / photo_height, canvas[1] / photo_width)
    height = min(canvas[0], max(1, round(photo_height * scale)))
    width = min(canvas[1], max(1, round(photo_width * scale)))
    return Placement((canvas[0] - height) // 2, (canvas[1] - width) // 2, height, width, canvas)


def to_canvas(photo: Photo, placement: Placement, preprocessing: Preprocessing) -> Photo:
    """Letterbox a photo, uint8 (H, W, 3); the padding has the mean colour."""
    padding = np.round(np.array(preprocessing.mean) * 255).astype(np.uint8)
    canvas = np.broadcast_to(padding, (*placement.canvas, 3)).copy()
    size = (placement.width, placement.height)
    resized = Image.fromarray(photo).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    rows = slice(placement.top, placement.top + placement.height)
    canvas[rows, placement.left : placement.left + placement.width] = np.asarray(resized)
    return canvas


def canvas_of(photo: Photo, preprocessing: Preprocessing) -> Photo:
    """Letterbox a photo onto the canvas of its orientation."""
    placement = place(photo.shape[0], photo.shape[1], preprocessing)
    return to_canvas(photo, placement, preprocessing)


def photo_part(maps: Maps, placement: Placement) -> Maps:
    """Crop maps to the photo's part of the canvas, enlarged to canvas resolution.

    Args:
        maps: (c, h, w) at the network's resolution.

    Returns:
        (c, placement.height, placement.width).
    """
    stride = placement.canvas[0] / maps.shape[1]
    left, top = placement.left / stride, placement.top / stride
    box = (left, top, left + placement.width / stride, top + placement.height / stride)
    return resize_maps(maps, placement.height, placement.width, box)


def resize_maps(
    maps: Maps, height: int, width: int, box: tuple[float, float, float, float] | None = None
) -> Maps:
    """Resize maps (c, h, w), or a box of them, bilinearly to (c, height, width)."""
    resized = [
        Image.fromarray(each).resize((width, height), Image.Resampling.BILINEAR, box)
        for each in np.ascontiguousarray(maps, np.float32)
    ]
    return np.stack([np.asarray(each, np.float32) for each in resized])


def to_mask(probabilities: Probabilities, height: int, width: int) -> ClassMask:
    """Class mask at the photo's size, by argmax after interpolation."""
    return most_probable(resize_maps(probabilities, height, width))
