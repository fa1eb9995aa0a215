"""Cheap replacements for segmenter and encoder, for very long runs.

They plug into the same embedder, so photos are read, cropped, described, committed and indexed by
the real code. Their output depends only on the photo's pixels.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from indexing.benchmarks.vectors import STYLE_DIMENSION
from indexing.embedding.crop import crop_garment
from indexing.embedding.embedder import PhotoEmbedder
from indexing.embedding.encoder import SegmentedGarment, unit_length
from indexing.types import Vectors
from segmentation.classes import GARMENT_CLASSES
from segmentation.mask import region_garment
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation

SIDE: Final = 64
_PATCHES: Final = 8
_SEED: Final = 3


class LightSegmenter:
    """A segmenter that reports one garment in the upper half, on every second photo also below."""

    fingerprint = "light/1"

    def segment(self, photos: list[Photo]) -> list[Segmentation]:
        return [_segmentation(photo) for photo in photos]


def _segmentation(photo: Photo) -> Segmentation:
    height, width = photo.shape[:2]
    number = int(photo[:: height // 8, :: width // 8].sum())
    garments = []
    for index in range(1 + number % 2):
        region = np.zeros((height, width), bool)
        region[index * height // 2 :][: height // 2, width // 4 : -width // 4] = True
        garment_class = GARMENT_CLASSES[(number + index) % len(GARMENT_CLASSES)]
        garments.append(region_garment(region, garment_class))
    return Segmentation.of_mask(np.zeros((height, width), np.uint8), tuple(garments))


class LightEncoder:
    """A random projection of 8 x 8 pixels of the crop, of unit length."""

    fingerprint = "light/1"
    runtime = "numpy"
    dimension = STYLE_DIMENSION

    def __init__(self) -> None:
        shape = (_PATCHES * _PATCHES * 3, self.dimension)
        self._axes = np.random.default_rng(_SEED).normal(size=shape).astype(np.float32)

    def encode(self, garments: Sequence[SegmentedGarment]) -> Vectors:
        step = SIDE // _PATCHES
        crops = [crop_garment(each.photo, each.garment, SIDE) for each in garments]
        seen = np.zeros((len(crops), len(self._axes)), np.float32)
        for row, crop in zip(seen, crops, strict=True):
            row[:] = crop[::step, ::step].ravel() / 255
        return unit_length(seen @ self._axes)


def light_embedder(threads: int) -> PhotoEmbedder:
    """An embedder without networks; `threads` threads share the photos of a call."""
    return PhotoEmbedder(LightSegmenter(), LightEncoder(), threads)
