"""Photos in, embedded photos out: the one path that bulk indexing and queries share.

photo -> segmentation -> for each garment: crop -> style half, pixels -> colour half
"""

from typing import Final, Protocol

import numpy as np

from indexing.colour import COLOUR_DIMENSION, colour_vector, describe_colours
from indexing.crop import crop_garment
from indexing.encoder import StyleEncoder
from indexing.records import EmbeddedGarment, EmbeddedPhoto, ModelFingerprint, Vector
from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass
from segmentation.mask import (
    BoolMask,
    Box,
    ClassMask,
    Garment,
    Segmentation,
    region_garment,
    whole_photo_garment,
)
from segmentation.photos import Photo

LEAST_WORN: Final = 0.15
"""With less of a drawn box found to be clothing, the box itself is taken at its word."""


class PhotoSegmenter(Protocol):
    """What turns photos into masks and garments; `segmentation.predictor.Segmenter` is one."""

    @property
    def fingerprint(self) -> str: ...

    def segment(self, photos: list[Photo]) -> list[Segmentation]: ...


class PhotoEmbedder:
    """A segmenter and an encoder joined; implements `records.Embedder`."""

    def __init__(self, segmenter: PhotoSegmenter, encoder: StyleEncoder) -> None:
        self._segmenter = segmenter
        self._encoder = encoder

    @property
    def fingerprint(self) -> ModelFingerprint:
        return ModelFingerprint(
            self._segmenter.fingerprint,
            self._encoder.fingerprint,
            self._encoder.dimension,
            COLOUR_DIMENSION,
        )

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """Segment photos, embed their garments; one answer a photo, in order."""
        segmentations = self._segmenter.segment(photos)
        pairs = [
            (photo, garment)
            for photo, segmentation in zip(photos, segmentations, strict=True)
            for garment in segmentation.garments
        ]
        embedded = iter(self._embed_garments(pairs))
        return [
            EmbeddedPhoto(
                photo.shape[0],
                photo.shape[1],
                segmentation.mask,
                tuple(next(embedded) for _ in segmentation.garments),
            )
            for photo, segmentation in zip(photos, segmentations, strict=True)
        ]

    def embed_whole(self, photo: Photo, garment_class: GarmentClass) -> EmbeddedGarment:
        """The whole photo as one garment of this class, `whole_photo` set."""
        garment = whole_photo_garment(photo.shape[0], photo.shape[1], garment_class)
        (embedded,) = self._embed_garments([(photo, garment)])
        return EmbeddedGarment(embedded.garment, embedded.colours, embedded.vector, True)

    def embed_region(
        self, photo: Photo, region: Box | BoolMask, garment_class: GarmentClass | None = None
    ) -> EmbeddedGarment:
        """A part of the photo that somebody chose, as one garment.

        Args:
            region: a box in pixels of the photo, searched for garments first (where there is
                none, all of it counts); or the very pixels, shape (H, W).
            garment_class: None = the class that most of the region shows.
        Raises:
            ValueError: the region is empty.
        """
        if isinstance(region, tuple):
            garment = self._garment_in_box(photo, region, garment_class)
        else:
            garment = region_garment(region, garment_class or GarmentClass.WHOLE)
        (embedded,) = self._embed_garments([(photo, garment)])
        return embedded

    def _garment_in_box(
        self, photo: Photo, box: Box, garment_class: GarmentClass | None
    ) -> Garment:
        x0, y0, x1, y1 = box
        if x1 <= x0 or y1 <= y0:
            raise ValueError("the region holds no pixel of the photo")
        (found,) = self._segmenter.segment([np.ascontiguousarray(photo[y0:y1, x0:x1])])
        region = np.zeros(photo.shape[:2], bool)
        # Everything that is worn counts, whatever its class: the visitor drew round it.
        worn = found.mask > 0
        region[y0:y1, x0:x1] = worn if worn.mean() >= LEAST_WORN else True
        return region_garment(region, garment_class or _main_class(found.mask))

    def colour_half(self, colour: str) -> Vector:
        """The colour half of a plain garment of this colour (a name or #rrggbb)."""
        return colour_vector(colour)

    def _embed_garments(self, pairs: list[tuple[Photo, Garment]]) -> list[EmbeddedGarment]:
        crops = [crop_garment(photo, garment, self._encoder.side) for photo, garment in pairs]
        styles = self._encoder.encode(crops)
        return [
            _embedded(photo, garment, style)
            for (photo, garment), style in zip(pairs, styles, strict=True)
        ]


def _main_class(mask: ClassMask) -> GarmentClass:
    """The class with most pixels; a top where there is none of any."""
    counts = np.bincount(mask.ravel(), minlength=CLASS_COUNT)
    return max(GARMENT_CLASSES, key=lambda each: int(counts[each]))


def _embedded(photo: Photo, garment: Garment, style: Vector) -> EmbeddedGarment:
    described = describe_colours(photo, garment)
    vector = np.concatenate([style, described.vector]).astype(np.float32)
    return EmbeddedGarment(garment, described.colours, vector)
