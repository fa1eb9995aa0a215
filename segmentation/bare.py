"""A photo in, a window of it on which nobody wears anything and nothing lies out.

A wall, a pavement, a bed sheet, a face alone: without such views the network finds a garment
on nearly every photo, because nearly every photo it learnt from shows one.
"""

from typing import Final

import numpy as np

from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, rectangle_in
from segmentation.parts import (
    ABSENT,
    GARMENT_CODES,
    PART_CLASSES,
    PRESENT,
    UNKNOWN_CODE,
    UNSAID,
    Codes,
    Presence,
    presence_of_codes,
)
from segmentation.photos import Photo

SIDE_SHARE: Final = (0.15, 0.6)
"""The window's sides, as a share of the photo's."""
STRETCH: Final = 0.3
"""How much either side's share may differ from the window's, up or down."""
ATTEMPTS: Final = 40


def bare_window(
    photo: Photo, codes: Codes, generator: np.random.Generator
) -> tuple[Photo, Codes] | None:
    """A window without a pixel of a garment or of unknown, None where none was hit upon."""
    window = uncovered_window(np.isin(codes, (*GARMENT_CODES, UNKNOWN_CODE)), generator)
    return None if window is None else (photo[window], codes[window])


def uncovered_window(
    covered: BoolMask, generator: np.random.Generator
) -> tuple[slice, slice] | None:
    """Rows and columns of a window without a covered pixel, None where none was hit upon."""
    for _ in range(ATTEMPTS):
        window = _window(covered, generator)
        if not covered[window].any():
            return window
    return None


def bare_presence(codes: Codes) -> Presence:
    """What a window without garments shows: none of them, and what its codes name beside."""
    no_garment = np.array([True] * (len(GarmentClass) - 1) + [part > 0 for part in PART_CLASSES])
    seen = presence_of_codes(codes) == PRESENT
    answers = np.where(no_garment, ABSENT, np.where(seen, PRESENT, UNSAID))
    return np.asarray(answers, np.float32)


def _window(covered: BoolMask, generator: np.random.Generator) -> tuple[slice, slice]:
    height, width = covered.shape
    share = generator.uniform(*SIDE_SHARE) * generator.uniform(1 - STRETCH, 1 + STRETCH, 2)
    tall, wide = share * (height, width)
    return rectangle_in((0, 0, width, height), max(1, int(tall)), max(1, int(wide)), generator)
