"""Garment-free windows of photos, as training views and as backgrounds.

Without such views (a wall, a pavement, a face) the network detects a garment on nearly every photo,
because nearly every training photo shows one.
"""

from typing import Final

import numpy as np

from segmentation.classes import GarmentClass
from segmentation.data.labels import (
    ABSENT,
    GARMENT_CODES,
    PART_CLASSES,
    PRESENT,
    UNKNOWN_CODE,
    UNLABELLED,
    Codes,
    ImageLabels,
    image_labels_of_codes,
)
from segmentation.mask import BoolMask, rectangle_in
from segmentation.photos import Photo

SIDE_SHARE: Final = (0.15, 0.6)
"""Range of the window's size relative to the photo."""
STRETCH: Final = 0.3
"""Maximum relative deviation of each side from that size."""
ATTEMPTS: Final = 40


def background_window(
    photo: Photo, codes: Codes, generator: np.random.Generator
) -> tuple[Photo, Codes] | None:
    """A random window without garment or unknown pixels; None after ATTEMPTS."""
    window = uncovered_window(np.isin(codes, (*GARMENT_CODES, UNKNOWN_CODE)), generator)
    return None if window is None else (photo[window], codes[window])


def uncovered_window(
    covered: BoolMask, generator: np.random.Generator
) -> tuple[slice, slice] | None:
    """Rows and columns of a random window without a covered pixel; None after ATTEMPTS."""
    for _ in range(ATTEMPTS):
        window = _window(covered, generator)
        if not covered[window].any():
            return window
    return None


def background_image_labels(codes: Codes) -> ImageLabels:
    """Image labels of a window without garments."""
    no_garment = np.array([True] * (len(GarmentClass) - 1) + [part > 0 for part in PART_CLASSES])
    seen = image_labels_of_codes(codes) == PRESENT
    image_labels = np.where(no_garment, ABSENT, np.where(seen, PRESENT, UNLABELLED))
    return np.asarray(image_labels, np.float32)


def _window(covered: BoolMask, generator: np.random.Generator) -> tuple[slice, slice]:
    height, width = covered.shape
    share = generator.uniform(*SIDE_SHARE) * generator.uniform(1 - STRETCH, 1 + STRETCH, 2)
    tall, wide = share * (height, width)
    return rectangle_in((0, 0, width, height), max(1, int(tall)), max(1, int(wide)), generator)
