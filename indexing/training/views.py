"""Pooled features of garments of the training pairs, each in three views.

The first view is the photo itself, the second a distorted copy of it on another pair's photo
(`segmentation.training.distortion`), the third a close-up of a part of the garment. Garments are
cut out along their true masks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from indexing.embedding.encoder import Backbone
from indexing.errors import IndexingError
from indexing.training.garments import main_garments
from indexing.types import Vectors
from segmentation.data.pairs import STREET, Pair, PairsFolder, spread
from segmentation.data.splits import Split
from segmentation.mask import Garment, mask_on_photo, rectangle_in, region_garment
from segmentation.photos import Photo
from segmentation.progress import Progress, no_progress
from segmentation.training.distortion import Rng, distorted_copy

CLOSE_UP: Final = (0.35, 0.7)
"""Sides of a close-up as a share of the garment's box."""
LEAST_SHOWN: Final = 0.4
"""Minimum share of a close-up that shows the garment."""
STREET_PHOTOS: Final = 700
"""Most street photos of a split; more than products, they turn the axes away from those."""


@dataclass(frozen=True, eq=False)
class GarmentViews:
    """Pooled features of n garments, shape (n, d), of distorted copies and of close-ups."""

    pairs: tuple[Pair, ...]
    plain: Vectors
    distorted: Vectors
    close: Vectors


def read_views(
    folders: Sequence[PairsFolder],
    split: Split,
    backbone: Backbone,
    limit: int | None = None,
    progress: Progress = no_progress,
) -> GarmentViews:
    """Pool all views of the main garments of a split's masked pairs, at most `limit` a folder."""
    wanted = [(folder, pair) for folder in folders for pair in _fitted(folder, split, limit)]
    found: list[tuple[Pair, Vectors]] = []
    current: Photo | None = None
    other: Photo | None = None
    for place, pair, photo, garment in main_garments(wanted, progress):
        if photo is not current:  # a photo may have several garments
            other, current = current, photo
        rng = np.random.default_rng(place)
        views = (
            (photo, garment),
            _distorted(photo, garment, photo if other is None else other, rng),
            _close_up(photo, garment, rng),
        )
        found.append((pair, np.stack([_pooled(backbone, *view) for view in views])))
    if not found:
        raise IndexingError(f"no {split} garments; make pairs with `apparel dataset`")
    plain, distorted, close = np.stack([views for _, views in found], axis=1)
    return GarmentViews(tuple(pair for pair, _ in found), plain, distorted, close)


def _fitted(folder: PairsFolder, split: Split, limit: int | None) -> Sequence[Pair]:
    """Pairs of a split, at most `limit`; of the street at most STREET_PHOTOS."""
    pairs = folder.of_split(split).pairs
    street = [pair for pair in pairs if pair.source == STREET]
    others = [pair for pair in pairs if pair.source != STREET]
    return spread([*spread(street, STREET_PHOTOS), *others], limit)


def _distorted(photo: Photo, garment: Garment, other: Photo, rng: Rng) -> tuple[Photo, Garment]:
    """A distorted copy and its garment; the photo itself where nothing of the garment remains."""
    copy = distorted_copy(photo, garment, other, rng)
    if not copy.mask.any():
        return photo, garment
    return copy.photo, region_garment(copy.mask, garment.garment_class)


def _close_up(photo: Photo, garment: Garment, rng: Rng) -> tuple[Photo, Garment]:
    """A window of the garment and what it shows; the photo itself where that is too little."""
    x0, y0, x1, y1 = garment.box
    share = rng.uniform(*CLOSE_UP)
    size = (max(1, round(share * (y1 - y0))), max(1, round(share * (x1 - x0))))
    window = rectangle_in(garment.box, *size, rng)
    shown = mask_on_photo(garment, *photo.shape[:2])[window]
    if shown.mean() < LEAST_SHOWN:
        return photo, garment
    return np.ascontiguousarray(photo[window]), region_garment(shown, garment.garment_class)


def _pooled(backbone: Backbone, photo: Photo, garment: Garment) -> Vectors:
    return backbone.features([photo])[0].pooled(garment)
