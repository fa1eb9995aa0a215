"""The square masked crop of a garment that a timm network takes as input.

Pixels outside the mask get one background colour, so that floor, skin and other garments do not
count; the aspect ratio is preserved.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.mask import Garment
from segmentation.photos import Photo

Crop = npt.NDArray[np.uint8]
"""A masked crop, shape (side, side, 3), RGB."""

BACKGROUND_GREY: Final = 160
"""Grey level of the background: near the mean of photos, unlike black and white garments."""
MARGIN: Final = 0.03
"""Empty margin as a share of the crop's side."""


def crop_garment(photo: Photo, garment: Garment, side: int) -> Crop:
    """Cut out a garment, shape (side, side, 3), on a plain background, scaled to fit."""
    x0, y0, x1, y1 = garment.box
    pixels = photo[y0:y1, x0:x1]
    inner = round(side * (1 - 2 * MARGIN))
    scale = inner / max(pixels.shape[:2])
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    # The resized mask serves as alpha, which keeps the garment's edge smooth.
    weight = Image.fromarray(garment.mask.astype(np.uint8) * 255).resize(
        size, Image.Resampling.BILINEAR
    )
    background = Image.new("RGB", (side, side), (BACKGROUND_GREY, BACKGROUND_GREY, BACKGROUND_GREY))
    background.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2), weight)
    return np.asarray(background, np.uint8)
