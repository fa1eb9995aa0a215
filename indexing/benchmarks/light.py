"""Networks that cost next to nothing, for runs so long that the real ones would take hours.

They stand where the real ones stand, in the same embedder: photos are read, cut, described,
committed and indexed by the same code. What they say depends on the photo's pixels alone.
"""

from collections.abc import Sequence
from functools import partial
from typing import Final

import numpy as np

from indexing.benchmarks.vectors import STYLE_DIMENSION
from indexing.crop import Crop
from indexing.embed import PhotoEmbedder
from indexing.encoder import Encoded
from indexing.tiles import NO_TILES
from segmentation.classes import GARMENT_CLASSES
from segmentation.mask import ClassMask, Garment, Segmentation, region_garment
from segmentation.photos import Photo

SIDE: Final = 64
_PATCHES: Final = 8
_SEED: Final = 3


class LightSegmenter:
    """One garment on the upper half of each photo, on every second one another below."""

    fingerprint = "light/1"

    def segment(self, photos: list[Photo]) -> list[Segmentation]:
        """As `segmentation.predictor.Segmenter.segment`."""
        return [_segmentation(photo) for photo in photos]


def _segmentation(photo: Photo) -> Segmentation:
    height, width = photo.shape[:2]
    number = int(photo[:: height // 8, :: width // 8].sum())
    halves = (0, height // 2), (height // 2, height)
    garments = tuple(
        _garment(photo, halves[place], number + place) for place in range(1 + number % 2)
    )
    return Segmentation(garments, partial(_empty_mask, height, width))


def _garment(photo: Photo, rows: tuple[int, int], number: int) -> Garment:
    region = np.zeros(photo.shape[:2], bool)
    region[rows[0] : rows[1], photo.shape[1] // 4 : -photo.shape[1] // 4] = True
    return region_garment(region, GARMENT_CLASSES[number % len(GARMENT_CLASSES)])


def _empty_mask(height: int, width: int) -> ClassMask:
    return np.zeros((height, width), np.uint8)


class LightEncoder:
    """A random projection of the crop in 8 x 8 patches, of unit length."""

    fingerprint = "light/1"
    dimension = STYLE_DIMENSION
    side = SIDE

    def __init__(self) -> None:
        shape = (_PATCHES * _PATCHES * 3, self.dimension)
        self._axes = np.random.default_rng(_SEED).normal(size=shape).astype(np.float32)

    def encode(self, crops: Sequence[Crop]) -> Encoded:
        """As `indexing.encoder.StyleEncoder.encode`."""
        step = SIDE // _PATCHES
        seen = np.stack([crop[::step, ::step] for crop in crops]).astype(np.float32)
        styles = seen.reshape(len(crops), -1) / 255 @ self._axes
        lengths = np.linalg.norm(styles, axis=1, keepdims=True)
        return Encoded(np.asarray(styles / lengths, np.float32), [NO_TILES] * len(crops))


def light_embedder(threads: int) -> PhotoEmbedder:
    """An embedder without networks; `threads` share the photos of one call."""
    return PhotoEmbedder(LightSegmenter(), LightEncoder(), threads)
