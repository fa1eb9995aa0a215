"""The path from photos to embeddings, shared by bulk indexing and queries.

photo -> segmentation -> for each garment: features under its mask -> style half,
                                           pixels -> colour half
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np

from indexing.embedding.attributes import AttributeHeads, height_share
from indexing.embedding.colour import COLOUR_DIMENSION, colour_vector, describe_colours
from indexing.embedding.encoder import SegmentedGarment, StyleEncoder, TextEncoder
from indexing.errors import EncoderError
from indexing.types import (
    UNKNOWN_ATTRIBUTES,
    EmbeddedGarment,
    EmbeddedPhoto,
    GarmentAttributes,
    ModelFingerprint,
    PhotoSegmenter,
    Vector,
)
from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass
from segmentation.mask import BoolMask, Box, ClassMask, Garment, region_garment, whole_photo_garment
from segmentation.photos import Photo

MIN_CLOTHING_SHARE: Final = 0.15
"""Share of a user's box that must be detected as clothing; below it the whole box is used."""


class PhotoEmbedder:
    """A segmenter and an encoder; implements `indexing.types.Embedder`."""

    def __init__(
        self,
        segmenter: PhotoSegmenter,
        encoder: StyleEncoder,
        threads: int = 1,
        heads: AttributeHeads | None = None,
        weights_folder: Path | None = None,
    ) -> None:
        """Start `threads` threads, which share the photos of a call.

        Without `heads` garments have no predicted attributes. For `weights_folder` see `Embedder`.
        """
        self._segmenter = segmenter
        self._encoder = encoder
        self._heads = heads
        self.weights_folder = weights_folder
        self._calls = threads
        self.fingerprint = ModelFingerprint(
            segmenter.fingerprint, encoder.fingerprint, encoder.dimension, COLOUR_DIMENSION
        )
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="embed")

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        # Even a few photos are split, since a user may be waiting for them.
        size = max(1, -(-len(photos) // self._calls))
        parts = [photos[start : start + size] for start in range(0, len(photos), size)]
        if len(parts) < 2:
            return self._embed_part(photos)
        embedded = self._threads.map(self._embed_part, parts)
        return [each for part in embedded for each in part]

    def _embed_part(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        segmentations = self._segmenter.segment(photos)
        garments = [
            SegmentedGarment(photo, garment, segmentation.features)
            for photo, segmentation in zip(photos, segmentations, strict=True)
            for garment in segmentation.garments
        ]
        embedded = iter(self._embed_garments(garments))
        return [
            EmbeddedPhoto(
                photo.shape[0],
                photo.shape[1],
                segmentation,
                tuple(next(embedded) for _ in segmentation.garments),
            )
            for photo, segmentation in zip(photos, segmentations, strict=True)
        ]

    def _embed_garments(self, garments: list[SegmentedGarment]) -> list[EmbeddedGarment]:
        styles = self._encoder.encode(garments)
        described = [describe_colours(each.photo, each.garment) for each in garments]
        vectors = [
            np.concatenate([style, colours.vector]).astype(np.float32)
            for style, colours in zip(styles, described, strict=True)
        ]
        return [
            EmbeddedGarment(each.garment, colours.colours, vector, attributes)
            for each, colours, vector, attributes in zip(
                garments, described, vectors, self._attributes(garments, vectors), strict=True
            )
        ]

    def _attributes(
        self, garments: list[SegmentedGarment], vectors: list[Vector]
    ) -> list[GarmentAttributes]:
        if self._heads is None or not garments:
            return [UNKNOWN_ATTRIBUTES] * len(garments)
        return self._heads.predict(
            np.stack(vectors),
            [each.garment.garment_class for each in garments],
            [height_share(each.garment.box) for each in garments],
        )

    def embed_whole(self, photo: Photo) -> EmbeddedGarment:
        return self._embed_one(photo, whole_photo_garment(photo))

    def embed_region(
        self,
        photo: Photo,
        region: Box | BoolMask | Garment,
        garment_class: GarmentClass | None = None,
    ) -> EmbeddedGarment:
        """Embed a box, a mask or a given garment of the photo as one garment.

        Args:
            region: a box in pixels of the photo, which is segmented first (where no garment is
                detected, the whole box is used); or a mask, shape (H, W); or a garment.
            garment_class: None: the class of most pixels in the region.
        Raises:
            ValueError: the region is empty.
        """
        if isinstance(region, Garment):
            garment = region
        elif isinstance(region, tuple):
            garment = self._garment_in_box(photo, region, garment_class)
        else:
            garment = region_garment(region, garment_class or GarmentClass.WHOLE)
        return self._embed_one(photo, garment)

    def _garment_in_box(
        self, photo: Photo, box: Box, garment_class: GarmentClass | None
    ) -> Garment:
        x0, y0, x1, y1 = box
        if x1 <= x0 or y1 <= y0:
            raise ValueError("the region holds no pixel of the photo")
        (found,) = self._segmenter.segment([np.ascontiguousarray(photo[y0:y1, x0:x1])])
        region = np.zeros(photo.shape[:2], bool)
        # Clothing of every class counts: the user drew the box around it.
        worn = found.mask > 0
        region[y0:y1, x0:x1] = worn if worn.mean() >= MIN_CLOTHING_SHARE else True
        return region_garment(region, garment_class or _main_class(found.mask))

    def colour_half(self, colour: str) -> Vector:
        return colour_vector(colour)

    @property
    def takes_text(self) -> bool:
        return isinstance(self._encoder, TextEncoder)

    def text_half(self, text: str) -> Vector:
        """The style half of what a text describes. Raises EncoderError without `takes_text`."""
        if not isinstance(self._encoder, TextEncoder):
            raise EncoderError("this encoder takes no texts; set APPAREL_ENCODER to a CLIP")
        return self._encoder.encode_text(text)

    def _embed_one(self, photo: Photo, garment: Garment) -> EmbeddedGarment:
        return self._embed_garments([SegmentedGarment(photo, garment)])[0]


def _main_class(mask: ClassMask) -> GarmentClass:
    """The class with most pixels; upper where there are none."""
    counts = np.bincount(mask.ravel(), minlength=CLASS_COUNT)
    return max(GARMENT_CLASSES, key=lambda each: int(counts[each]))
