"""A photo and probabilities on a grid four times coarser in; probabilities with its edges out.

The network says what lies where to within a cell; where exactly it ends is seen on the photo.
In each window of a few cells the probabilities are taken for a linear function of colour, fitted
on the coarse grid and applied to every pixel. Sources: He, Sun, Tang, "Guided Image Filtering",
ECCV 2010; fitted on the coarse grid: He and Sun, "Fast Guided Filter", 2015.
"""

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.mask import Probabilities
from segmentation.photos import Photo

REACH: Final = 3
"""Cells from the middle of a window to its edge."""
SMOOTHING: Final = 1e-4
"""Variance of colour, of values in 0..1, below which a window counts as of one colour."""

Matrix = npt.NDArray[np.float32]
Maps = npt.NDArray[np.float32]
"""Several maps on one grid, shape (n, h, w)."""


def with_edges(photo: Photo, cells: Photo, probabilities: Probabilities) -> Probabilities:
    """Probabilities (4, H, W) of a photo (H, W, 3) from those of its cells, (4, h, w), and their
    colours, (h, w, 3)."""
    height, width = probabilities.shape[1:]
    stride = photo.shape[0] // height
    coarse_colours = cells.astype(np.float32) / np.float32(255)
    slopes, offsets = _fitted(coarse_colours.transpose(2, 0, 1), probabilities[1:])
    colours = np.ascontiguousarray(photo.transpose(2, 0, 1), np.float32)
    enlarged = np.empty((len(probabilities), *photo.shape[:2]), np.float32)
    lines = np.empty_like(enlarged)
    rows, columns = _enlarging(height, stride), _enlarging(width, stride).T
    # Class by class: what a processor's cache holds is done three times as fast.
    for place, offset in enumerate(offsets):
        coarse = np.concatenate([slopes[:, place] / np.float32(255), offset[None]])
        np.matmul(rows @ coarse, columns, out=lines)
        lines[:3] *= colours
        np.sum(lines, axis=0, out=enlarged[1 + place])
    np.subtract(1, enlarged[1:].sum(axis=0), out=enlarged[0])
    return np.clip(enlarged, 0, 1, out=enlarged)


def _fitted(colours: Maps, values: Maps) -> tuple[Maps, Maps]:
    """What makes `values` of colours in the window around each cell: slopes and offsets.

    Returns: (3 colours, n values, h, w) and (n values, h, w).
    """
    count, (height, width) = len(values), values.shape[1:]
    squares = np.stack([colours[a] * colours[b] for a, b in _PAIRS])
    products = (colours[:, None] * values[None]).reshape(-1, height, width)
    means = (
        _averaging(height)
        @ np.concatenate([colours, values, squares, products])
        @ _averaging(width).T
    )
    colour, value, square, product = np.split(means, np.cumsum([3, count, len(_PAIRS)]))
    variances = [square[place] - colour[a] * colour[b] for place, (a, b) in enumerate(_PAIRS)]
    covariances = product.reshape(3, count, height, width) - colour[:, None] * value[None]
    slopes = _solved(variances, covariances)
    return slopes, value - (slopes * colour[:, None]).sum(axis=0)


_PAIRS: Final = ((0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2))


def _solved(variances: list[Matrix], covariances: Maps) -> Maps:
    """Symmetric 3 x 3 systems, one a cell, by Cramer's rule: (3, n, h, w) of the same."""
    a, b, c = (each + SMOOTHING for each in variances[:3])
    d, e, f = variances[3:]
    adjugate = (
        (b * c - f * f, e * f - d * c, d * f - e * b),
        (e * f - d * c, a * c - e * e, d * e - a * f),
        (d * f - e * b, d * e - a * f, a * b - d * d),
    )
    scale = 1 / (a * adjugate[0][0] + d * adjugate[0][1] + e * adjugate[0][2])
    return np.stack(
        [sum((adjugate[row][k] * scale) * covariances[k] for k in range(3)) for row in range(3)]
    )


@cache
def _averaging(count: int) -> Matrix:
    """Means over the window around each of `count` cells, shape (count, count)."""
    places = np.arange(count)
    near = np.abs(places[:, None] - places) <= REACH
    return np.asarray(near / near.sum(axis=1, keepdims=True), np.float32)


@cache
def _enlarging(count: int, stride: int) -> Matrix:
    """Means over windows, then bilinear interpolation, shape (stride * count, count)."""
    places = (np.arange(stride * count) + 0.5) / stride - 0.5
    away = np.abs(places.clip(0, count - 1)[:, None] - np.arange(count))
    return np.asarray((1 - away).clip(min=0), np.float32) @ _averaging(count)
