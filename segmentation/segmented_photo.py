"""A segmented photo: its garments, its mask, and features that any mask of it can be embedded from.

The features are the maps of the segmentation network's backbone, which computes them anyway.
Pooling them over a garment's mask takes a fraction of a millisecond.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.mask import ClassMask, Garment
from segmentation.preprocess import Maps, Placement

GarmentFeatures = npt.NDArray[np.float32]
"""Mean over the upper half of a mask, over its lower half, and standard deviation over all of it,
of each channel of each map, shape (3 c,)."""


@dataclass(frozen=True, eq=False)
class PhotoFeatures:
    """A photo's feature maps on the network's canvas.

    Attributes:
        maps: each of shape (c, h, w), the finest first.
        placement: place of the photo on the canvas.
        size: height and width of the photo in pixels.
        source: fingerprint of the weights that computed them.
    """

    maps: tuple[Maps, ...]
    placement: Placement
    size: tuple[int, int]
    source: str

    def pooled(self, garment: Garment) -> GarmentFeatures:
        """Pool all maps over a garment's mask."""
        covered = self._covered(garment)
        upper = _upper_half(covered)
        return np.concatenate([_moments(maps, covered, upper) for maps in self.maps])

    def _covered(self, garment: Garment) -> npt.NDArray[np.float32]:
        """Share of each canvas pixel that the mask covers, shape (H, W)."""
        place, (height, width) = self.placement, self.size
        down, across = place.height / height, place.width / width
        x0, y0, x1, y1 = garment.box
        left, right = _span(x0 * across + place.left, x1 * across + place.left)
        top, bottom = _span(y0 * down + place.top, y1 * down + place.top)
        mask = Image.fromarray(garment.mask.astype(np.uint8) * 255)
        inside = mask.resize((right - left, bottom - top), Image.Resampling.BOX)
        canvas = np.zeros(place.canvas, np.float32)
        rows = canvas[top : min(bottom, place.canvas[0]), left : min(right, place.canvas[1])]
        rows[:] = np.asarray(inside)[: rows.shape[0], : rows.shape[1]]
        return canvas


@dataclass(frozen=True, eq=False)
class Segmentation:
    """Garments and mask of one photo.

    Attributes:
        garments: in descending order of area.
        draw_mask: computes `mask`, which bulk indexing does not need and which costs more than the
            network.
        features: None for a network without feature maps, and for a known mask.
    """

    garments: tuple[Garment, ...]
    draw_mask: Callable[[], ClassMask]
    features: PhotoFeatures | None = None

    @classmethod
    def of_mask(cls, mask: ClassMask, garments: tuple[Garment, ...] = ()) -> "Segmentation":
        """Make a segmentation from a known mask."""
        return cls(garments, lambda: mask)

    @cached_property
    def mask(self) -> ClassMask:
        """Class of each pixel of the photo, shape (H, W)."""
        return self.draw_mask()


def _span(start: float, end: float) -> tuple[int, int]:
    """First and last pixel of a span, at least one."""
    first = round(start)
    return first, max(first + 1, round(end))


def _upper_half(covered: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """The mask above the middle of its height."""
    rows = np.flatnonzero(covered.any(axis=1))
    upper = covered.copy()
    if len(rows):
        upper[(rows[0] + rows[-1] + 1) // 2 :] = 0
    return upper


def _moments(
    maps: Maps, covered: npt.NDArray[np.float32], upper: npt.NDArray[np.float32]
) -> GarmentFeatures:
    """Means over both halves and standard deviation of each channel, shape (3 c,)."""
    flat = maps.reshape(len(maps), -1)
    whole, above = (_cells(each, maps.shape[1]) for each in (covered, upper))
    mean, squares = _mean(flat, whole), _mean(np.square(flat), whole)
    deviation = np.sqrt(np.maximum(squares - mean * mean, 0))
    return np.concatenate([_mean(flat, above), _mean(flat, whole - above), deviation])


def _cells(covered: npt.NDArray[np.float32], height: int) -> npt.NDArray[np.float32]:
    """Share of each cell of a map with this height that is covered, shape (h w,)."""
    stride = covered.shape[0] // height
    return np.asarray(covered.reshape(height, stride, -1, stride).mean(axis=(1, 3)).ravel())


def _mean(values: npt.NDArray[np.float32], weights: npt.NDArray[np.float32]) -> GarmentFeatures:
    """Weighted mean of each row; 0 where all weights are."""
    return np.asarray(values @ (weights / max(float(weights.sum()), 1e-6)), np.float32)
