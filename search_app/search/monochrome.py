"""Detection of photos without colours of their own: black and white, sepia."""

from typing import Final

import numpy as np
from PIL import Image

from catalog.colours import Lab, rgb_to_lab
from segmentation.photos import Photo

GREY_CHROMA: Final = 1.5
"""CIELAB chroma below which a photo is grey: 1 of 1,560 photos with colours has less than 2."""
TONE_CHROMA: Final = 45.0
"""Greatest chroma of a tone; a garment may have more."""
TONE_SPREAD: Final = 0.17
"""Spread of a toned photo's colours at equal lightness, as a share of its chroma."""
TONE_NOISE: Final = 3.2
"""Greatest such spread; JPEG adds about so much."""
TONED_SHARE: Final = 0.9
"""Share of the pixels, black and white ones aside, that have at least half of the tone."""
WHITE_LIGHTNESS: Final = 97.0
WHITE_CHROMA: Final = 2.0
WHITE_SHARE: Final = 0.2
"""Share of pure white pixels above which a photo shows a garment on white: a tone tints white."""
_LIGHTNESS_STEP: Final = 5
_SIDE: Final = 64
"""Pixels a side that are compared."""


def is_monochrome(photo: Photo) -> bool:
    """Whether a photo is grey, or one tone colours all of it according to its lightness.

    Args:
        photo: shape (H, W, 3), RGB.
    """
    lab = rgb_to_lab(_reduced(photo).reshape(-1, 3))
    chroma = float(np.percentile(np.hypot(lab[:, 1], lab[:, 2]), 95))
    if chroma < GREY_CHROMA:
        return True
    if chroma > TONE_CHROMA or _is_on_white(lab) or not _has_one_tone(lab, chroma):
        return False
    return _spread(lab) < min(TONE_NOISE, TONE_SPREAD * chroma)


def _reduced(photo: Photo) -> Photo:
    """The photo with about `_SIDE` pixels a side; averages, so that JPEG's noise cancels out."""
    size = (min(_SIDE, photo.shape[1]), min(_SIDE, photo.shape[0]))
    return np.asarray(Image.fromarray(photo).resize(size, Image.Resampling.BOX))


def _is_on_white(lab: Lab) -> bool:
    white = (lab[:, 0] > WHITE_LIGHTNESS) & (np.hypot(lab[:, 1], lab[:, 2]) < WHITE_CHROMA)
    return bool(white.mean() > WHITE_SHARE)


def _has_one_tone(lab: Lab, chroma: float) -> bool:
    """Whether nearly all pixels lean the same way; a garment on white does not."""
    lit = lab[(lab[:, 0] > 30) & (lab[:, 0] < WHITE_LIGHTNESS)]
    if len(lit) == 0:
        return False
    tone = lit[:, 1:].mean(axis=0)
    along = lit[:, 1:] @ (tone / max(float(np.linalg.norm(tone)), 1e-6))
    # A tone is stronger where the photo is lighter.
    return bool((along > chroma / 2 * lit[:, 0] / 100).mean() >= TONED_SHARE)


def _spread(lab: Lab) -> float:
    """The 95th percentile of the distance of colours from the median at their lightness."""
    spread = np.empty(len(lab))
    steps = (lab[:, 0] // _LIGHTNESS_STEP).astype(int)
    for each in np.unique(steps):
        equal = steps == each
        centre = np.median(lab[equal, 1:], axis=0)
        spread[equal] = np.linalg.norm(lab[equal, 1:] - centre, axis=1)
    return float(np.percentile(spread, 95))
