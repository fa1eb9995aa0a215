"""A training photo and its codes in, the same photo with some of its garments dyed out.

A dyed garment keeps its folds, its shade and its outline and loses its colour, now and then
for stripes: a few hundred street photos cannot be learnt by the colours that stand in them,
and a garment's class has to be read from its shape and place. Skin, hair and ground stay as
they are. Needs the `train` extra (OpenCV).
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.mask import BoolMask, box_of
from segmentation.parts import GARMENT_CODES, Codes
from segmentation.photos import Photo

DYED_SHARE: Final = 0.7
"""Of the garments on a photo that is recoloured, how many are."""
STRIPED_SHARE: Final = 0.15
LEAST_PIXELS: Final = 64
LIGHTNESS: Final = (30.0, 230.0)
"""In OpenCV's eight bits: 0 to 255."""
LIGHTNESS_RATIO: Final = (0.45, 2.2)
"""Beyond, dark cloth made light shows its noise, and light cloth made dark no folds."""
LARGEST_CHROMA: Final = 70.0
NEUTRAL: Final = 128
"""Where grey lies on OpenCV's two axes of colour."""
KEPT_CHROMA: Final = (0.3, 1.0)
RIM: Final = 1.0
"""Standard deviation in pixels of the soft edge of a dyed garment."""
MARGIN: Final = 3
"""Pixels around a garment that its soft edge may reach."""
STRIPE_PIXELS: Final = (5.0, 40.0)
STRIPE_DEPTH: Final = (20.0, 75.0)

Lab = npt.NDArray[np.float32]


def recolour(photo: Photo, codes: Codes, generator: np.random.Generator) -> Photo:
    """The photo with each garment's part dyed with a chance of DYED_SHARE; both (H, W)."""
    lab = cv2.cvtColor(photo, cv2.COLOR_RGB2LAB)
    for code in np.flatnonzero(np.bincount(codes.ravel()) >= LEAST_PIXELS):
        if code in GARMENT_CODES and generator.random() < DYED_SHARE:
            cloth = codes == code
            window = _around(cloth)
            lab[window] = _dyed(lab[window].astype(np.float32), cloth[window], generator)
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2RGB), np.uint8)


def _around(cloth: BoolMask) -> tuple[slice, slice]:
    x0, y0, x1, y1 = box_of(cloth)
    rows = slice(max(0, y0 - MARGIN), y1 + MARGIN)
    return rows, slice(max(0, x0 - MARGIN), x1 + MARGIN)


def _dyed(lab: Lab, cloth: BoolMask, generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """`lab` with the cloth's mean colour moved to a drawn one, folds kept, the rim soft."""
    mean = lab[cloth].mean(axis=0)
    light = float(generator.uniform(*LIGHTNESS))
    ratio = float(np.clip(light / max(1.0, float(mean[0])), *LIGHTNESS_RATIO))
    # Squared, so that most cloth is grey, black, white or muted, as in a wardrobe.
    chroma = LARGEST_CHROMA * float(generator.random()) ** 2
    hue = float(generator.uniform(0, 2 * np.pi))
    kept = float(generator.uniform(*KEPT_CHROMA))
    factor = np.array([ratio, kept, kept], np.float32)
    middle = np.array([0, mean[1], mean[2]], np.float32)
    target = [0, NEUTRAL + chroma * np.cos(hue), NEUTRAL + chroma * np.sin(hue)]
    dyed = (lab - middle) * factor + np.array(target, np.float32)
    if generator.random() < STRIPED_SHARE:
        dyed[..., 0] += _stripes(cloth.shape, generator)
    weight = cv2.GaussianBlur(cloth.astype(np.float32), (0, 0), RIM)[..., None]
    return np.asarray(np.clip(lab + (dyed - lab) * weight, 0, 255), np.uint8)


def _stripes(shape: tuple[int, ...], generator: np.random.Generator) -> npt.NDArray[np.float32]:
    """What stripes add to the lightness; half of them are crossed by others."""
    rows, columns = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    angle = float(generator.choice([0.0, np.pi / 2, generator.uniform(0, np.pi)]))
    along = rows * np.cos(angle) + columns * np.sin(angle)
    across = columns * np.cos(angle) - rows * np.sin(angle)
    pitch = float(generator.uniform(*STRIPE_PIXELS))
    waves = np.sign(np.sin(2 * np.pi * along / pitch))
    if generator.random() < 0.5:
        waves = (waves + np.sign(np.sin(2 * np.pi * across / pitch))) / 2
    return np.asarray(waves * generator.uniform(*STRIPE_DEPTH), np.float32)
