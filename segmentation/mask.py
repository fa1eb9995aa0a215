"""Extraction of garments from a class mask, and operations on masks.

A garment is one instance of a class: the two pieces of an open jacket beside a shirt belong
together, the jackets of two people do not.
"""

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass

BoolMask = npt.NDArray[np.bool_]
ClassMask = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]
"""Class probabilities of a photo, shape (4, h, w), at the network's resolution."""

MIN_AREA: Final = 0.008
"""Minimum area of a garment as a share of the photo."""
MIN_SHARE_OF_LARGEST: Final = 0.12
"""Minimum area of a garment relative to the largest one of its class."""
MERGE_GAP: Final = 0.04
"""Maximum gap between pieces of one garment, as a share of the photo's longer side."""

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the photo; x1 and y1 are exclusive."""


@dataclass(frozen=True, eq=False)
class Garment:
    """One garment on a photo.

    Attributes:
        score: calibrated probability of the class, 0 to 1 (`segmentation.calibration`); before
            calibration the mean probability of its pixels.
        box: x0, y0, x1, y1 in pixels of the photo.
        mask: the garment's mask inside its box, on a grid that spans the box but may be coarser or
            finer than the photo's pixels.
        area: share of the photo, 0 to 1.
    """

    garment_class: GarmentClass
    score: float
    box: Box
    mask: BoolMask
    area: float


def most_probable(probabilities: Probabilities) -> ClassMask:
    """`argmax` over the first axis, shape (h, w), four times as fast as numpy's."""
    classes = np.zeros(probabilities.shape[1:], np.uint8)
    best = probabilities[0].copy()
    for each in range(1, len(probabilities)):
        classes[probabilities[each] > best] = each
        np.maximum(best, probabilities[each], out=best)
    return classes


def find_garments(mask: ClassMask, probabilities: Probabilities) -> tuple[Garment, ...]:
    """Extract the garments of a class mask, the largest first; boxes are on the mask's grid.

    Args:
        mask: shape (H, W), on any grid over the photo.
        probabilities: shape (4, h, w), at the same or a lower resolution.
    """
    found = [
        garment
        for garment_class in GARMENT_CLASSES
        for garment in _garments_of_class(mask, probabilities[garment_class], garment_class)
    ]
    return tuple(sorted(found, key=lambda garment: garment.area, reverse=True))


def in_pixels(garment: Garment, grid: tuple[int, int], size: tuple[int, int]) -> Garment:
    """Convert a garment's box from a grid (h, w) to pixels of a photo (height, width).

    The box has at least one pixel in each direction.
    """
    down, across = size[0] / grid[0], size[1] / grid[1]
    left, top, right, bottom = garment.box
    x0 = min(round(left * across), size[1] - 1)
    y0 = min(round(top * down), size[0] - 1)
    box = (x0, y0, max(x0 + 1, round(right * across)), max(y0 + 1, round(bottom * down)))
    return replace(garment, box=box)


def _garments_of_class(
    mask: ClassMask, probability: npt.NDArray[np.float32], garment_class: GarmentClass
) -> list[Garment]:
    of_class = mask == garment_class
    if not of_class.any():
        return []
    pieces = _without_specks(of_class)
    if not pieces.any():
        return []
    groups, count = _group_pieces(pieces)
    garments = [
        _garment_of(pieces & (groups == group) if count > 1 else pieces, probability, garment_class)
        for group in range(1, count + 1)
    ]
    least = max(MIN_AREA, MIN_SHARE_OF_LARGEST * max(garment.area for garment in garments))
    return [garment for garment in garments if garment.area >= least]


def _without_specks(pieces: BoolMask) -> BoolMask:
    """Remove pieces below a fifth of `MIN_AREA`."""
    labels, count = ndimage.label(pieces)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = sizes >= MIN_AREA / 5 * pieces.size
    if keep[1:].all():
        return pieces
    keep[0] = False
    return np.asarray(keep[labels], bool)


def _group_pieces(pieces: BoolMask) -> tuple[npt.NDArray[np.int32], int]:
    """Label pieces so that nearby ones share a label, on a reduced grid for speed."""
    step = max(1, max(pieces.shape) // 160)
    coarse = pieces[::step, ::step]
    reach = max(1, round(MERGE_GAP / 2 * max(coarse.shape)))
    # Equals a dilation by a square, ten times as fast.
    grown = ndimage.maximum_filter(coarse.view(np.uint8), 2 * reach + 1, mode="constant")
    labels, count = ndimage.label(grown)
    height, width = pieces.shape
    full = labels.repeat(step, axis=0).repeat(step, axis=1)[:height, :width]
    return np.asarray(full, np.int32), int(count)


def _garment_of(
    piece: BoolMask, probability: npt.NDArray[np.float32], garment_class: GarmentClass
) -> Garment:
    if not piece.any():
        return Garment(garment_class, 0.0, (0, 0, 0, 0), np.zeros((0, 0), bool), 0.0)
    box = box_of(piece)
    inside = piece[box[1] : box[3], box[0] : box[2]].copy()
    score = _mean_probability(piece, probability)
    area = float(np.count_nonzero(piece)) / piece.size
    return Garment(garment_class, score, box, inside, area)


def _mean_probability(piece: BoolMask, probability: npt.NDArray[np.float32]) -> float:
    """Mean of a probability map over a mask of the same or a higher resolution."""
    if piece.shape == probability.shape:
        return float(probability[piece].mean())
    rows = np.arange(probability.shape[0]) * piece.shape[0] // probability.shape[0]
    columns = np.arange(probability.shape[1]) * piece.shape[1] // probability.shape[1]
    sampled = piece[np.ix_(rows, columns)]
    if not sampled.any():
        return float(probability.max())
    return float(probability[sampled].mean())


def whole_photo_garment(photo: npt.NDArray[np.uint8]) -> Garment:
    """The whole photo (H, W, 3) as a garment of unknown class (`WHOLE`, score 0)."""
    height, width = photo.shape[:2]
    mask = np.ones((height, width), bool)
    return Garment(GarmentClass.WHOLE, 0.0, (0, 0, width, height), mask, 1.0)


def region_garment(region: BoolMask, garment_class: GarmentClass) -> Garment:
    """Make a garment with score 1 from a given region.

    Args:
        region: mask of the garment, shape (H, W) of the photo.
    Raises:
        ValueError: the region is empty.
    """
    if not region.any():
        raise ValueError("the region holds no pixel of the photo")
    box = box_of(region)
    inside = region[box[1] : box[3], box[0] : box[2]].copy()
    return Garment(garment_class, 1.0, box, inside, float(region.mean()))


def mask_on_photo(garment: Garment, height: int, width: int) -> BoolMask:
    """A garment's mask in pixels of its photo, shape (height, width)."""
    x0, y0, x1, y1 = garment.box
    inside = Image.fromarray(garment.mask).resize((x1 - x0, y1 - y0), Image.Resampling.NEAREST)
    mask = np.zeros((height, width), bool)
    mask[y0:y1, x0:x1] = np.asarray(inside, bool)
    return mask


def box_of(region: BoolMask) -> Box:
    """The bounding box of a non-empty region."""
    rows = np.flatnonzero(region.any(axis=1))
    columns = np.flatnonzero(region.any(axis=0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def rectangle_in(
    box: Box, height: int, width: int, generator: np.random.Generator
) -> tuple[slice, slice]:
    """Rows and columns of a randomly placed rectangle of this size inside a box."""
    x0, y0, x1, y1 = box
    top = int(generator.integers(y0, y1 - height + 1))
    left = int(generator.integers(x0, x1 - width + 1))
    return slice(top, top + height), slice(left, left + width)


def one_hot(mask: ClassMask) -> Probabilities:
    """One-hot probabilities of a mask, shape (4, H, W)."""
    is_class = np.arange(CLASS_COUNT)[:, None, None] == mask[None]
    return np.asarray(is_class, np.float32)
