"""Class probabilities of a photo's cells in; what the photo's own colours say of them mixed in.

The network knows what garments look like, but not of which colours the one on this photo is. Most
of it is found, and that tells: cells of its colours beside it belong to it, cells of the floor's
to the floor. So each class has a histogram of colours, weighted by its probabilities; what it says
of a cell is multiplied with what the network says; and with these probabilities again. Source: the
colour models of Rother, Kolmogorov, Blake, "GrabCut", SIGGRAPH 2004, without the graph cut, which
takes a hundred times as long; edges are left to `segmentation.edges`.
"""

from functools import cache
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image

from segmentation.mask import Probabilities
from segmentation.photos import Photo

ROUNDS: Final = 3
"""How often histograms and probabilities are taken by turns."""
STEPS: Final = (20, 7, 7)
"""Sides of a bin in YCbCr of 8 bits: lightness varies more than hue within one cloth."""
BLUR: Final = 1.0
"""Standard deviation, in bins, by which a colour stands for those near to it."""
UNSAID: Final = 0.05
"""Share of each histogram that is spread like all colours of the photo: a colour of few cells
rules no class out, and a class of few cells is not told by its colours."""
LEAST: Final = 1e-4
"""Least probability: what the network rules out wholly may still come back."""

Matrix = npt.NDArray[np.float32]


def with_own_colours(cells: Photo, probabilities: Probabilities) -> Probabilities:
    """Probabilities (4, h, w) of the cells of a photo, from their colours, (h, w, 3), too."""
    bins = _bins_of(cells)
    shape = tuple(bins.max(axis=1) + 1)
    place = np.ravel_multi_index(tuple(bins), shape)
    first = probabilities.reshape(len(probabilities), -1).clip(LEAST)
    told = first
    for _ in range(ROUNDS):
        told = first * _told_by_colours(told, place, shape)
        told /= told.sum(axis=0)
    return told.reshape(probabilities.shape)


def _bins_of(cells: Photo) -> npt.NDArray[np.intp]:
    """The bin of each cell's colour along each axis, (3, cells), from 0 on."""
    colours = np.asarray(Image.fromarray(cells).convert("YCbCr")).reshape(-1, 3)
    bins = (colours // np.array(STEPS, np.uint8)).T.astype(np.intp)
    return np.asarray(bins - bins.min(axis=1, keepdims=True), np.intp)


def _told_by_colours(
    probabilities: Matrix, place: npt.NDArray[np.intp], shape: tuple[int, ...]
) -> Matrix:
    """How much likelier each cell's colour is in each class than on the photo, (4, cells)."""
    size = int(np.prod(shape))
    counts = [np.bincount(place, each, size).reshape(shape) for each in probabilities]
    of_class = _blurred(np.array(counts, np.float64)).reshape(len(probabilities), -1)
    shares = probabilities.mean(axis=1, keepdims=True)
    likely = of_class[:, place] / of_class.sum(axis=0)[place]
    return np.asarray((likely + UNSAID) / (shares + UNSAID), np.float32)


def _blurred(counts: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Counts (4, a, b, c), each bin with what it gets from those near to it."""
    _, first, second, third = counts.shape
    along = counts @ _blurring(third)
    across = _blurring(second) @ along
    deep = _blurring(first) @ across.reshape(len(counts), first, -1)
    return np.asarray(deep.reshape(counts.shape))


@cache
def _blurring(count: int) -> npt.NDArray[np.float64]:
    """How much each of `count` bins counts for each other, shape (count, count)."""
    away = np.subtract.outer(np.arange(count), np.arange(count))
    return np.exp(-(away**2) / (2 * BLUR**2))
