"""Class mask and probabilities in, garments out.

A garment is one thing of one class: the pieces of an open jacket left and right
of a shirt belong together, the jackets of two people do not.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import ndimage

from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass, classes_of

BoolMask = npt.NDArray[np.bool_]
ClassMask = npt.NDArray[np.uint8]
Probabilities = npt.NDArray[np.float32]
"""Class probabilities of a photo, shape (4, h, w), at the network's own resolution."""

MIN_AREA: Final = 0.008
"""Least share of the photo: smaller pieces are specks."""
MIN_SHARE_OF_LARGEST: Final = 0.12
"""Least size against the largest garment of the same class."""
MERGE_GAP: Final = 0.04
"""Pieces of a class closer than this share of the photo's longer side are one garment."""

SURE: Final = 0.5
"""A garment whose class is more probable than this is sure of itself."""

Box = tuple[int, int, int, int]
"""x0, y0, x1, y1 in pixels of the photo; x1 and y1 lie outside."""


@dataclass(frozen=True, eq=False)
class Garment:
    """One garment on a photo.

    Attributes:
        score: probability of the class, 0 to 1 (`segmentation.calibration`); before that, its
            mean over the garment's pixels.
        box: x0, y0, x1, y1 in pixels of the photo.
        mask: the garment inside its box, on the grid it was found on: that may be coarser or
            finer than the photo's pixels, but it spans the box.
        area: share of the photo, 0 to 1.
        second_class: what else it may well be; None where that is improbable.
        second_score: probability of the second class.
    """

    garment_class: GarmentClass
    score: float
    box: Box
    mask: BoolMask
    area: float
    second_class: GarmentClass | None = None
    second_score: float = 0.0

    @property
    def own_classes(self) -> tuple[GarmentClass, ...]:
        """Its class, and its second one where the first is uncertain."""
        return classes_of(self.garment_class, self.second_class)

    @property
    def is_whole_photo(self) -> bool:
        """Whether it is a photo without a garment, taken whole (`whole_photo_garment`)."""
        return self.score == 0 and self.area == 1


@dataclass(frozen=True, eq=False)
class Segmentation:
    """What the segmenter says of one photo.

    Attributes:
        garments: the largest first.
        draw_mask: makes `mask`; bulk indexing never asks for it, and it would cost more
            than the network.
        reach: makes the garment at a place as far as it may reach, None where its mask tells
            (`segmentation.reach`); only searches ask for that.
        possible: makes what may be a garment where none was found, if anything.
    """

    garments: tuple[Garment, ...]
    draw_mask: Callable[[], ClassMask]
    reach: Callable[[int], Garment | None] = lambda _: None
    possible: Callable[[], Garment | None] = lambda: None

    @classmethod
    def of_mask(cls, mask: ClassMask, garments: tuple[Garment, ...] = ()) -> "Segmentation":
        """With a mask that is known already."""
        return cls(garments, lambda: mask)

    @property
    def is_outfit(self) -> bool:
        """Whether several garments are sure of themselves: they are worn together."""
        return sum(garment.score >= SURE for garment in self.garments) > 1

    @cached_property
    def mask(self) -> ClassMask:
        """Class of each pixel, shape (H, W) of the photo."""
        return self.draw_mask()


def most_probable(probabilities: Probabilities) -> ClassMask:
    """The class of each cell, shape (h, w): `argmax` over the first axis, four times as fast."""
    classes = np.zeros(probabilities.shape[1:], np.uint8)
    best = probabilities[0].copy()
    for each in range(1, len(probabilities)):
        classes[probabilities[each] > best] = each
        np.maximum(best, probabilities[each], out=best)
    return classes


def find_garments(mask: ClassMask, probabilities: Probabilities) -> tuple[Garment, ...]:
    """Garments of one photo, the largest first; boxes on the mask's grid.

    Args:
        mask: class of each cell of a grid over the photo, shape (H, W).
        probabilities: shape (4, h, w); h and w may be smaller than H and W.
    """
    found = [
        garment
        for garment_class in GARMENT_CLASSES
        for garment in _garments_of_class(mask, probabilities[garment_class], garment_class)
    ]
    return tuple(sorted(found, key=lambda garment: garment.area, reverse=True))


def in_pixels(garment: Garment, grid: tuple[int, int], size: tuple[int, int]) -> Garment:
    """A garment found on a grid (h, w), its box in pixels of a photo (height, width).

    The box has at least one pixel each way.
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
    """Pieces under a fifth of `MIN_AREA` removed."""
    labels, count = ndimage.label(pieces)
    sizes = np.bincount(labels.ravel(), minlength=count + 1)
    keep = sizes >= MIN_AREA / 5 * pieces.size
    if keep[1:].all():
        return pieces
    keep[0] = False
    return np.asarray(keep[labels], bool)


def _group_pieces(pieces: BoolMask) -> tuple[npt.NDArray[np.int32], int]:
    """Label pieces so that near ones share a label; works on a reduced grid for speed."""
    step = max(1, max(pieces.shape) // 160)
    coarse = pieces[::step, ::step]
    reach = max(1, round(MERGE_GAP / 2 * max(coarse.shape)))
    # As a dilation by a square of this size, ten times as fast.
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
    """Mean of a probability map over a mask of its own resolution or a higher one."""
    if piece.shape == probability.shape:
        return float(probability[piece].mean())
    rows = np.arange(probability.shape[0]) * piece.shape[0] // probability.shape[0]
    columns = np.arange(probability.shape[1]) * piece.shape[1] // probability.shape[1]
    sampled = piece[np.ix_(rows, columns)]
    if not sampled.any():
        return float(probability.max())
    return float(probability[sampled].mean())


def whole_photo_garment(height: int, width: int, garment_class: GarmentClass) -> Garment:
    """The whole photo taken as one garment: the way out when no garment is found."""
    return Garment(garment_class, 0.0, (0, 0, width, height), np.ones((height, width), bool), 1.0)


def region_garment(region: BoolMask, garment_class: GarmentClass) -> Garment:
    """A region that somebody drew or put together, as one garment; its score is 1.

    Args:
        region: True where the garment is, shape (H, W) of the photo.
    Raises:
        ValueError: the region is empty.
    """
    if not region.any():
        raise ValueError("the region holds no pixel of the photo")
    box = box_of(region)
    inside = region[box[1] : box[3], box[0] : box[2]].copy()
    return Garment(garment_class, 1.0, box, inside, float(region.mean()))


def mask_on_photo(garment: Garment, height: int, width: int) -> BoolMask:
    """A garment's pixels on its photo, shape (height, width), whatever grid its mask is on."""
    x0, y0, x1, y1 = garment.box
    inside = Image.fromarray(garment.mask).resize((x1 - x0, y1 - y0), Image.Resampling.NEAREST)
    mask = np.zeros((height, width), bool)
    mask[y0:y1, x0:x1] = np.asarray(inside, bool)
    return mask


def mask_iou(first: Garment, second: Garment, height: int, width: int) -> float:
    """Intersection over union of two garments' pixels on their photo; 0 where they have none."""
    one, other = mask_on_photo(first, height, width), mask_on_photo(second, height, width)
    # Of a photo of a few pixels a garment's finer mask may hit none.
    return int(np.count_nonzero(one & other)) / max(1, int(np.count_nonzero(one | other)))


def box_of(region: BoolMask) -> Box:
    """The least box around a region that is not empty."""
    rows = np.flatnonzero(region.any(axis=1))
    columns = np.flatnonzero(region.any(axis=0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1)


def rectangle_in(
    box: Box, height: int, width: int, generator: np.random.Generator
) -> tuple[slice, slice]:
    """Rows and columns of a rectangle of this size anywhere in a box that is no smaller."""
    x0, y0, x1, y1 = box
    top = int(generator.integers(y0, y1 - height + 1))
    left = int(generator.integers(x0, x1 - width + 1))
    return slice(top, top + height), slice(left, left + width)


def one_hot(mask: ClassMask) -> Probabilities:
    """Probabilities of a mask that is certain, shape (4, H, W)."""
    is_class = np.arange(CLASS_COUNT)[:, None, None] == mask[None]
    return np.asarray(is_class, np.float32)
