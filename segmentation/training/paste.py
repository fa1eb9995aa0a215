"""Copy-paste augmentation: the figure of one view on the scene of another, sometimes occluded.

Prevents overfitting to a few hundred street scenes. Ghiasi et al., "Simple Copy-Paste is a Strong
Data Augmentation Method for Instance Segmentation", CVPR 2021. Needs the `train` extra (OpenCV).
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from segmentation.classes import GarmentClass
from segmentation.data.labels import (
    ABSENT,
    CLASS_CODE,
    PARTS,
    PRESENT,
    UNKNOWN_CODE,
    UNLABELLED,
    Codes,
    ImageLabels,
    image_labels_of_codes,
)
from segmentation.mask import BoolMask, box_of, rectangle_in
from segmentation.photos import Photo

MIN_SHARE: Final = 0.03
"""Minimum share of a figure in its view; smaller ones are not pasted."""
OCCLUSION_SHARE: Final = 0.5
"""Share of pasted figures that are partly occluded."""
PATCH_SHARE: Final = (0.15, 0.45)
"""Range of the occluding patch's sides relative to the figure's box."""
_SCENE: Final = (PARTS.index("background"), CLASS_CODE + GarmentClass.BACKGROUND, UNKNOWN_CODE)
"""Codes that are not pasted, because they are or may be background."""

View = tuple[Photo, Codes, ImageLabels]


def paste_view(front: View, back: View, generator: np.random.Generator) -> View:
    """Paste the first view's figure onto the second view of the same size."""
    figure = ~np.isin(front[1], _SCENE)
    if figure.mean() < MIN_SHARE:
        return front
    if generator.random() < OCCLUSION_SHARE:
        figure[_patch(figure, generator)] = False
    codes = np.where(figure, front[1], back[1])
    photo = _blend(front[0], back[0], figure)
    return photo, codes, _joined_labels(front[2], back[2], image_labels_of_codes(codes))


def _patch(figure: BoolMask, generator: np.random.Generator) -> tuple[slice, slice]:
    """A random rectangle that occludes part of the figure's box."""
    x0, y0, x1, y1 = box_of(figure)
    share = generator.uniform(*PATCH_SHARE, 2)
    tall, wide = max(1, int((y1 - y0) * share[0])), max(1, int((x1 - x0) * share[1]))
    return rectangle_in((x0, y0, x1, y1), tall, wide, generator)


def _blend(front: Photo, back: Photo, figure: BoolMask) -> Photo:
    """Blend with a soft edge, so that pasting leaves no sharp edge as a cue."""
    size = (front.shape[1], front.shape[0])
    weight = cv2.resize(figure.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    weight = np.asarray(weight, np.float32)[..., None]
    mixed: npt.NDArray[np.float32] = front * weight + back * (1 - weight)
    return np.asarray(np.rint(mixed), np.uint8)


def _joined_labels(front: ImageLabels, back: ImageLabels, seen: ImageLabels) -> ImageLabels:
    """Join the image labels of two views; labels that are no longer visible become unlabelled."""
    present = ((front == PRESENT) | (back == PRESENT)) & (seen == PRESENT)
    absent = (front == ABSENT) & (back == ABSENT)
    image_labels = np.where(present, PRESENT, np.where(absent, ABSENT, UNLABELLED))
    return np.asarray(image_labels, np.float32)
