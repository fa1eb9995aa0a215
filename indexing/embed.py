"""Photos in, embedded photos out: the one path that bulk indexing and queries share.

photo -> segmentation -> for each garment: crop -> style half, pixels -> colour half
"""

from typing import Protocol

import numpy as np

from indexing.colour import COLOUR_DIMENSION, describe_colours
from indexing.crop import crop_garment
from indexing.encoder import StyleEncoder
from indexing.records import EmbeddedGarment, EmbeddedPhoto, ModelFingerprint, Vector
from segmentation.classes import GarmentClass
from segmentation.mask import Garment, Segmentation, whole_photo_garment
from segmentation.photos import Photo


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

    def _embed_garments(self, pairs: list[tuple[Photo, Garment]]) -> list[EmbeddedGarment]:
        crops = [crop_garment(photo, garment, self._encoder.side) for photo, garment in pairs]
        styles = self._encoder.encode(crops)
        return [
            _embedded(photo, garment, style)
            for (photo, garment), style in zip(pairs, styles, strict=True)
        ]


def _embedded(photo: Photo, garment: Garment, style: Vector) -> EmbeddedGarment:
    described = describe_colours(photo, garment)
    vector = np.concatenate([style, described.vector]).astype(np.float32)
    return EmbeddedGarment(garment, described.colours, vector)
