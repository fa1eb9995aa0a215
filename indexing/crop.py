"""Photo and garment in, the square masked crop that the encoder sees out.

What is not the garment is replaced by one ground colour, so that carpet, skin and
the neighbour's trousers cannot count; the aspect is kept, so that a legging stays
long. Queries, bulk indexing and training all crop here.
"""

from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.mask import Garment
from segmentation.photos import Photo

Crop = npt.NDArray[np.uint8]
"""A masked crop, shape (side, side, 3), RGB."""

GROUND: Final = 160
"""Grey of the ground: near the mean of photos, unlike black and white garments."""
MARGIN: Final = 0.03
"""Free rim as a share of the crop's side."""


def crop_garment(photo: Photo, garment: Garment, side: int) -> Crop:
    """The garment on plain ground, scaled to fit a square of `side` pixels."""
    x0, y0, x1, y1 = garment.box
    pixels = photo[y0:y1, x0:x1]
    inner = round(side * (1 - 2 * MARGIN))
    scale = inner / max(pixels.shape[:2])
    size = (max(1, round(pixels.shape[1] * scale)), max(1, round(pixels.shape[0] * scale)))
    small = Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR, reducing_gap=2.0)
    # The mask's resized edge is used as a weight, which keeps the garment's rim smooth.
    weight = Image.fromarray(garment.mask.astype(np.uint8) * 255).resize(
        size, Image.Resampling.BILINEAR
    )
    ground = Image.new("RGB", (side, side), (GROUND, GROUND, GROUND))
    ground.paste(small, ((side - size[0]) // 2, (side - size[1]) // 2), weight)
    return np.asarray(ground, np.uint8)
