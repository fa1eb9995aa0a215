"""Recolour garments of a training photo, preserving folds, shading and outlines.

Sometimes stripes are added. Prevents overfitting to the colours of a few hundred street photos, so
that classes are learnt from shape and position. Skin, hair and background are unchanged. Needs the
`train` extra (OpenCV).
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.data.labels import GARMENT_CODES, Codes
from segmentation.mask import BoolMask, box_of
from segmentation.photos import Photo

RECOLOURED_SHARE: Final = 0.7
"""Share of the garment parts of a photo that are recoloured."""
STRIPED_SHARE: Final = 0.15
MIN_PIXELS: Final = 64
LIGHTNESS: Final = (30.0, 230.0)
"""Range of the new mean lightness in OpenCV's 8-bit CIELAB, 0 to 255."""
LIGHTNESS_RATIO: Final = (0.45, 2.2)
"""Range of the lightness factor: larger ones amplify noise, smaller ones hide folds."""
MAX_CHROMA: Final = 70.0
NEUTRAL: Final = 128
"""Value of neutral grey on the a and b axes of OpenCV's 8-bit CIELAB."""
CHROMA_FACTOR: Final = (0.3, 1.0)
RIM: Final = 1.0
"""Standard deviation of a recoloured garment's soft edge in pixels."""
MARGIN: Final = 3
"""Width of the soft edge outside a garment in pixels."""
STRIPE_PIXELS: Final = (5.0, 40.0)
STRIPE_DEPTH: Final = (20.0, 75.0)

Lab = npt.NDArray[np.float32]


def recolour(photo: Photo, codes: Codes, generator: np.random.Generator) -> Photo:
    """Recolour each garment part with probability RECOLOURED_SHARE; photo and codes are (H, W)."""
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)
    for code in np.flatnonzero(np.bincount(codes.ravel()) >= MIN_PIXELS):
        if code in GARMENT_CODES and generator.random() < RECOLOURED_SHARE:
            cloth = codes == code
            window = _around(cloth)
            lab[window] = _recoloured(lab[window].astype(np.float32), cloth[window], generator)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def _around(cloth: BoolMask) -> tuple[slice, slice]:
    x0, y0, x1, y1 = box_of(cloth)
    rows = slice(max(0, y0 - MARGIN), y1 + MARGIN)
    return rows, slice(max(0, x0 - MARGIN), x1 + MARGIN)


def _recoloured(lab: Lab, cloth: BoolMask, generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Shift the cloth's mean colour to a random one, with a soft edge."""
    mean = lab[cloth].mean(axis=0)
    light = float(generator.uniform(*LIGHTNESS))
    ratio = float(np.clip(light / max(1.0, float(mean[0])), *LIGHTNESS_RATIO))
    # Squared, so that most colours are muted, as in real wardrobes.
    chroma = MAX_CHROMA * float(generator.random()) ** 2
    hue = float(generator.uniform(0, 2 * np.pi))
    spread = float(generator.uniform(*CHROMA_FACTOR))
    factor = np.array([ratio, spread, spread], np.float32)
    middle = np.array([0, mean[1], mean[2]], np.float32)
    target = [0, NEUTRAL + chroma * np.cos(hue), NEUTRAL + chroma * np.sin(hue)]
    shifted = (lab - middle) * factor + np.array(target, np.float32)
    if generator.random() < STRIPED_SHARE:
        shifted[..., 0] += _stripes(cloth.shape, generator)
    weight = cv2.GaussianBlur(cloth.astype(np.float32), (0, 0), RIM)[..., None]
    return np.asarray(np.clip(lab + (shifted - lab) * weight, 0, 255), np.uint8)


def _stripes(shape: tuple[int, ...], generator: np.random.Generator) -> npt.NDArray[np.float32]:
    """Change of lightness by random stripes, half of the time crossed by others."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    angle = float(generator.choice([0.0, np.pi / 2, generator.uniform(0, np.pi)]))
    along = rows * np.cos(angle) + columns * np.sin(angle)
    across = columns * np.cos(angle) - rows * np.sin(angle)
    pitch = float(generator.uniform(*STRIPE_PIXELS))
    waves = np.sign(np.sin(2 * np.pi * along / pitch))
    if generator.random() < 0.5:
        waves = (waves + np.sign(np.sin(2 * np.pi * across / pitch))) / 2
    return np.asarray(waves * generator.uniform(*STRIPE_DEPTH), np.float32)
