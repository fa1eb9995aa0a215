"""Two training views in, one view out: what is worn on the first, before the second's scene.

A person or a garment on another ground, or beside another garment, now and then with
something held in front: the network cannot learn a few hundred street scenes by heart.
Source: Ghiasi et al., "Simple Copy-Paste is a Strong Data Augmentation Method for Instance
Segmentation", CVPR 2021. Needs the `train` extra (OpenCV).
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, box_of, rectangle_in
from segmentation.parts import (
    ABSENT,
    CLASS_CODE,
    PARTS,
    PRESENT,
    UNKNOWN_CODE,
    UNSAID,
    Codes,
    Presence,
    presence_of_codes,
)
from segmentation.photos import Photo

LEAST_SHARE: Final = 0.03
"""With less than this of the view to paste, the first view stays as it is."""
OCCLUSION_SHARE: Final = 0.5
"""Of pasted figures, how many are partly hidden."""
PATCH_SHARE: Final = (0.15, 0.45)
"""Each side of what hides it, as a share of the figure's box."""
_SCENE: Final = (PARTS.index("ground"), CLASS_CODE + GarmentClass.BACKGROUND, UNKNOWN_CODE)
"""Codes that are not pasted: ground, and what may be ground."""

View = tuple[Photo, Codes, Presence]


def paste_view(front: View, behind: View, generator: np.random.Generator) -> View:
    """The first view's figure on the second view; sizes must be equal."""
    figure = ~np.isin(front[1], _SCENE)
    if figure.mean() < LEAST_SHARE:
        return front
    if generator.random() < OCCLUSION_SHARE:
        figure[_patch(figure, generator)] = False
    codes = np.where(figure, front[1], behind[1])
    photo = _blend(front[0], behind[0], figure)
    return photo, codes, _both(front[2], behind[2], presence_of_codes(codes))


def _patch(figure: BoolMask, generator: np.random.Generator) -> tuple[slice, slice]:
    """A rectangle that hides some of the figure's box."""
    x0, y0, x1, y1 = box_of(figure)
    share = generator.uniform(*PATCH_SHARE, 2)
    tall, wide = max(1, int((y1 - y0) * share[0])), max(1, int((x1 - x0) * share[1]))
    return rectangle_in((x0, y0, x1, y1), tall, wide, generator)


def _blend(front: Photo, behind: Photo, figure: BoolMask) -> Photo:
    """`front` where the figure is, with a soft rim, so that no sharp edge gives it away."""
    size = (front.shape[1], front.shape[0])
    weight = cv2.resize(figure.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    weight = np.asarray(weight, np.float32)[..., None]
    mixed: npt.NDArray[np.float32] = front * weight + behind * (1 - weight)
    return np.asarray(np.rint(mixed), np.uint8)


def _both(front: Presence, behind: Presence, seen: Presence) -> Presence:
    """What two views show together; of what has been covered, nothing is said."""
    present = ((front == PRESENT) | (behind == PRESENT)) & (seen == PRESENT)
    absent = (front == ABSENT) & (behind == ABSENT)
    answers = np.where(present, PRESENT, np.where(absent, ABSENT, UNSAID))
    return np.asarray(answers, np.float32)
