"""A class mask in, the bytes of an 8-bit PNG of any size out."""

import io

import numpy as np
from PIL import Image

from segmentation.mask import ClassMask


def mask_png(mask: ClassMask, size: tuple[int, int], grey_step: int = 1) -> bytes:
    """A mask as PNG.

    Args:
        size: height and width of the picture; NEAREST is the only way to resize a mask.
        grey_step: the value of a pixel is its class times this.
    """
    grey = Image.fromarray((mask * grey_step).astype(np.uint8))
    height, width = size
    buffer = io.BytesIO()
    grey.resize((width, height), Image.Resampling.NEAREST).save(buffer, "PNG")
    return buffer.getvalue()
