"""Pooled features of garments of the training pairs, each in two views.

The first view is the photo itself, the second a distorted copy of it on another pair's photo
(`segmentation.training.distortion`). Garments are cut out along their true masks.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from indexing.embedding.encoder import Backbone
from indexing.errors import IndexingError
from indexing.evaluation.labelled import NO_PROGRESS, Progress
from indexing.training.garments import main_garment_of, read_pair
from indexing.types import Vectors
from segmentation.data.pairs import Pair, PairsFolder, spread
from segmentation.data.splits import Split
from segmentation.mask import Garment, region_garment
from segmentation.photos import Photo
from segmentation.training.distortion import distorted_copy


@dataclass(frozen=True, eq=False)
class GarmentViews:
    """Pooled features of n garments, shape (n, d), and of their distorted copies, likewise."""

    pairs: tuple[Pair, ...]
    plain: Vectors
    distorted: Vectors


def read_views(
    folders: Sequence[PairsFolder],
    split: Split,
    backbone: Backbone,
    limit: int | None = None,
    progress: Progress = NO_PROGRESS,
) -> GarmentViews:
    """Pool both views of the main garment of each masked pair of a split.

    Args:
        limit: maximum number of pairs of each folder, for a trial run.

    Raises:
        IndexingError: no pair of the split has a garment.
    """
    wanted = [
        (folder, pair)
        for folder in folders
        for pair in spread(folder.masked().of_split(split).pairs, limit)
    ]
    found: list[tuple[Pair, Vectors, Vectors]] = []
    other: Photo | None = None
    for number, (folder, pair) in enumerate(wanted):
        read = read_pair(folder, pair)
        garment = None if read is None else main_garment_of(pair, read[1])
        if read is not None and garment is not None:
            photo = read[0]
            distorted = _distorted(photo, garment, photo if other is None else other, number)
            found.append((pair, _pooled(backbone, photo, garment), _pooled(backbone, *distorted)))
            other = photo
        progress(number + 1, len(wanted))
    if not found:
        raise IndexingError(f"no {split} garments; make pairs with `apparel dataset`")
    pairs, plain, copies = zip(*found, strict=True)
    return GarmentViews(tuple(pairs), np.stack(plain), np.stack(copies))


def _distorted(photo: Photo, garment: Garment, other: Photo, seed: int) -> tuple[Photo, Garment]:
    """A distorted copy and its garment; the photo itself where nothing of the garment remains."""
    copy = distorted_copy(photo, garment, other, np.random.default_rng(seed))
    if not copy.mask.any():
        return photo, garment
    return copy.photo, region_garment(copy.mask, garment.garment_class)


def _pooled(backbone: Backbone, photo: Photo, garment: Garment) -> Vectors:
    return backbone.features([photo])[0].pooled(garment)
