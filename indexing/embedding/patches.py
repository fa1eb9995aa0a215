"""Selection and int8 quantisation of a crop's patch vectors.

A style vector describes the whole garment and changes when a third is hidden or the mask includes
another garment. Patch vectors are features of 16 x 16 pixels each, so that a collar, a print or a
row of buttons is matched at any position.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from indexing.embedding.crop import BACKGROUND_GREY, Crop
from indexing.types import Patches
from segmentation.mask import BoolMask

PATCH_SIDE: Final = 16
"""Pixels of a crop along each side of a patch."""
UNIT: Final = 127
"""Scale of the int8 quantisation of unit vectors."""
_BACKGROUND_TOLERANCE: Final = 6
"""Maximum difference of a background pixel from the background's grey, in any channel."""
_MIN_COVERED: Final = 0.5
"""Minimum share of a patch that shows the garment."""


def covered_patches(crops: npt.NDArray[np.uint8]) -> BoolMask:
    """Mask of the patches that show the garment, (n, patches), for crops (n, side, side, 3)."""
    grid = crops.shape[1] // PATCH_SIDE
    distance = np.abs(crops.astype(np.int16) - BACKGROUND_GREY).max(axis=3)
    squares = (distance > _BACKGROUND_TOLERANCE).reshape(
        len(crops), grid, PATCH_SIDE, grid, PATCH_SIDE
    )
    covered = squares.mean(axis=(2, 4)).reshape(len(crops), -1) >= _MIN_COVERED
    # A garment in the background's own grey covers no patch; all patches count then.
    covered[~covered.any(axis=1)] = True
    return np.asarray(covered)


def quantised_patches(vectors: npt.NDArray[np.float32], crops: Sequence[Crop]) -> list[Patches]:
    """Quantise unit vectors (n, patches, d) to int8 and select the covered patches per crop."""
    quantised = np.rint(vectors * UNIT).astype(np.int8)
    covered = covered_patches(np.stack(crops))
    return [patches[shown] for patches, shown in zip(quantised, covered, strict=True)]
