"""Photo in, network input out, and the way back: the only place that resizes or normalises.

A photo keeps its aspect: it is scaled to fit the canvas and padded. The canvas is
portrait (most photos of clothes are) and is turned for landscape photos, so each
photo fills as much of it as it can.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from PIL import Image
from torch.nn import functional

from segmentation.mask import ClassMask, Probabilities
from segmentation.photos import Photo

MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)
"""What both trainings normalise with and write into their cards; all else reads the card."""
STRIDE: Final = 32
"""Canvas sides are multiples of this: the network halves them five times."""


@dataclass(frozen=True)
class Preprocessing:
    """How a photo becomes network input; read from a weights card.

    Attributes:
        height, width: portrait canvas in pixels.
        mean, std: per RGB channel, of values in 0..1.
    """

    height: int
    width: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class Placement:
    """Where a photo lies on its canvas: offsets and size in canvas pixels."""

    top: int
    left: int
    height: int
    width: int
    canvas: tuple[int, int]


def place(photo_height: int, photo_width: int, preprocessing: Preprocessing) -> Placement:
    """Fit a photo of this size into the canvas that suits its orientation."""
    canvas = (preprocessing.height, preprocessing.width)
    if photo_width > photo_height:
        canvas = (preprocessing.width, preprocessing.height)
    scale = min(canvas[0] / photo_height, canvas[1] / photo_width)
    height = min(canvas[0], max(1, round(photo_height * scale)))
    width = min(canvas[1], max(1, round(photo_width * scale)))
    return Placement((canvas[0] - height) // 2, (canvas[1] - width) // 2, height, width, canvas)


def to_canvas(photo: Photo, placement: Placement, preprocessing: Preprocessing) -> Photo:
    """The photo on its canvas, uint8 (H, W, 3); the padding has the mean colour."""
    ground = np.round(np.array(preprocessing.mean) * 255).astype(np.uint8)
    canvas = np.broadcast_to(ground, (*placement.canvas, 3)).copy()
    size = (placement.width, placement.height)
    resized = Image.fromarray(photo).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    canvas[_window(placement)] = np.asarray(resized)
    return canvas


def canvas_of(photo: Photo, preprocessing: Preprocessing) -> Photo:
    """The photo on the canvas that suits it, where its place there does not matter."""
    placement = place(photo.shape[0], photo.shape[1], preprocessing)
    return to_canvas(photo, placement, preprocessing)


def mask_to_canvas(mask: ClassMask, placement: Placement) -> ClassMask:
    """A class mask on the canvas: NEAREST, padding is background."""
    canvas = np.zeros(placement.canvas, np.uint8)
    size = (placement.width, placement.height)
    canvas[_window(placement)] = np.asarray(
        Image.fromarray(mask).resize(size, Image.Resampling.NEAREST)
    )
    return canvas


def normalise(
    pictures: npt.NDArray[np.uint8],
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> torch.Tensor:
    """uint8 (n, H, W, 3) to a network's float (n, 3, H, W), channels last in memory."""
    return normalised(torch.from_numpy(pictures), mean, std)


def normalised(
    pictures: torch.Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> torch.Tensor:
    """The same for a tensor: also the first layer of a converted network (`runtime`)."""
    values = pictures.permute(0, 3, 1, 2).float() / 255
    values = (values - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)
    return values.contiguous(memory_format=torch.channels_last)


def inside(values: npt.NDArray[np.float32], placement: Placement) -> npt.NDArray[np.float32]:
    """The photo's part, (c, h, w), of values on its canvas, (c, H, W)."""
    return values[(slice(None), *_window(placement))]


def cells_of(canvas: Photo, stride: int) -> Photo:
    """The mean colour of each cell, `stride` pixels of the canvas a side: uint8 (h, w, 3)."""
    return np.asarray(Image.fromarray(canvas).reduce(stride), np.uint8)


def covered_cells(placement: Placement, stride: int) -> tuple[slice, slice]:
    """Rows and columns of the cells, `stride` pixels of the canvas a side, that the photo covers:
    wholly, or the first that it touches where it is too narrow for any."""
    rows, columns = _window(placement)
    return _covered(rows, stride), _covered(columns, stride)


def _covered(pixels: slice, stride: int) -> slice:
    first = min(-(-pixels.start // stride), (pixels.stop - 1) // stride)
    return slice(first, max(first + 1, pixels.stop // stride))


def to_mask(probabilities: Probabilities, height: int, width: int) -> ClassMask:
    """Most probable class of each pixel at the photo's size: interpolate first, then decide."""
    low = torch.from_numpy(probabilities)[None]
    full = functional.interpolate(low, (height, width), mode="bilinear", align_corners=False)
    return np.asarray(full[0].argmax(0).to(torch.uint8).numpy(), np.uint8)


def _window(placement: Placement) -> tuple[slice, slice]:
    return (
        slice(placement.top, placement.top + placement.height),
        slice(placement.left, placement.left + placement.width),
    )
