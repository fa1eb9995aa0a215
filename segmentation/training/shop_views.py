"""Augmentation of street photos to resemble shop photos: cropped figures, studio backgrounds.

Needs the `train` extra (OpenCV).
"""

from typing import Final

import cv2
import numpy as np

from segmentation.classes import GarmentClass
from segmentation.data.labels import CLASS_CODE, PARTS, UNKNOWN_CODE, Codes, parts_of
from segmentation.mask import BoolMask, box_of
from segmentation.photos import Photo

BACKGROUND_PART: Final = PARTS.index("background")
MIN_FIGURE: Final = 0.02
"""Minimum share of the photo of a figure to crop."""
MIN_ROWS: Final = 16
MIN_COLUMNS: Final = 8
HEIGHT_SHARE: Final = (0.25, 0.75)
"""Height of a crop as a share of the figure's height."""
MARGIN: Final = (-0.03, 0.3)
"""Margin left and right of the figure as a share of its width; negative values cut into it."""
WHOLE_CODES: Final = (*parts_of(GarmentClass.WHOLE), CLASS_CODE + GarmentClass.WHOLE)
MIN_WHOLE: Final = 0.75
"""Minimum share of a one-piece on a crop that shows it: half a dress looks like a top or skirt."""
STUDIO_TONES: Final = (175.0, 256.0)
"""Range of the background's grey level, 0 to 255."""
TINT: Final = 8.0
SHADE: Final = 25.0
"""Maximum change of the grey level from the top to the bottom of the photo."""
RIM: Final = 1.5
"""Standard deviation in pixels of the soft edge between figure and background."""


def figure_window(codes: Codes, generator: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a random crop of the figure, like a shop's at waist, knee or chest.

    Args:
        codes: label codes (H, W).

    Returns:
        The whole photo if there is no figure, or if the crop would cut a one-piece in two.
    """
    window = _random_window(codes, generator)
    whole = np.isin(codes, WHOLE_CODES)
    is_cut = 0 < whole[window].sum() < MIN_WHOLE * whole.sum()
    return (slice(None), slice(None)) if is_cut else window


def _random_window(codes: Codes, generator: np.random.Generator) -> tuple[slice, slice]:
    figure = (codes != BACKGROUND_PART) & (codes != UNKNOWN_CODE)
    if figure.mean() < MIN_FIGURE:
        return slice(None), slice(None)
    _, top, _, bottom = box_of(figure)
    height = max(MIN_ROWS, int((bottom - top) * generator.uniform(*HEIGHT_SHARE)))
    first = int(generator.integers(top, max(top + 1, bottom - height + 1)))
    rows = slice(first, first + height)
    columns = np.flatnonzero(figure[rows].any(axis=0))
    if len(columns) < MIN_COLUMNS:
        return rows, slice(None)
    left, right = int(columns[0]), int(columns[-1]) + 1
    before, after = (int((right - left) * share) for share in generator.uniform(*MARGIN, 2))
    return rows, slice(max(0, left - before), min(codes.shape[1], right + after))


def on_studio_background(
    photo: Photo, background: BoolMask, generator: np.random.Generator
) -> Photo:
    """Replace the background with a light, plain, softly shaded one.

    Args:
        photo: (H, W, 3).
        background: mask of the pixels to replace, (H, W).
    """
    tone = generator.uniform(*STUDIO_TONES) + generator.uniform(-TINT, TINT, 3)
    shade = np.linspace(0, generator.uniform(-SHADE, SHADE), len(photo))[:, None, None]
    plain = np.clip(tone + shade, 0, 255).astype(np.float32)
    weight = cv2.GaussianBlur(background.astype(np.float32), (0, 0), RIM)[..., None]
    return np.asarray(np.rint(photo * (1 - weight) + plain * weight), np.uint8)
