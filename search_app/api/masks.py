"""Encode class masks as 8-bit PNG."""

import io

import numpy as np
from PIL import Image

from segmentation.mask import ClassMask


def mask_png(mask: ClassMask, size: tuple[int, int], grey_step: int = 1) -> bytes:
    """The PNG of a class mask, resized by nearest neighbour.

    Args:
        size: height and width of the PNG.
        grey_step: grey value of class 1; class n has n times this.
    """
    grey = Image.fromarray((mask * grey_step).astype(np.uint8))
    height, width = size
    buffer = io.BytesIO()
    grey.resize((width, height), Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()
