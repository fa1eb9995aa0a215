"""The path from photos to embeddings, shared by bulk indexing and queries.

photo -> segmentation -> for each garment: crop -> style half, pixels -> colour half
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

import numpy as np

from indexing.clock import StageClock
from indexing.embedding.attributes import AttributeHeads, height_share
from indexing.embedding.colour import (
    COLOUR_DIMENSION,
    ColourDescription,
    colour_vector,
    describe_colours,
)
from indexing.embedding.crop import Crop, crop_garment
from indexing.embedding.encoder import StyleEncoder
from indexing.types import (
    EmbeddedGarment,
    EmbeddedPhoto,
    ModelFingerprint,
    Patches,
    PhotoSegmenter,
    Vector,
)
from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass
from segmentation.mask import BoolMask, Box, ClassMask, Garment, region_garment, whole_photo_garment
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation

MIN_CLOTHING_SHARE: Final = 0.15
"""Share of a user's box that must be detected as clothing; below it the whole box is used."""


PHOTOS_PER_THREAD: Final = 4
CROPS_PER_THREAD: Final = 16
"""Crops in one call of the encoder; larger batches are not faster per crop."""

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True, eq=False)
class _Cut:
    """A garment with its crop and colours, before encoding."""

    garment: Garment
    crop: Crop
    described: ColourDescription


@dataclass(frozen=True, eq=False)
class _CutPhoto:
    """A segmented photo with its garments cut out."""

    segmentation: Segmentation
    cuts: list[_Cut]


class PhotoEmbedder:
    """A segmenter and an encoder; implements `indexing.types.Embedder`."""

    def __init__(
        self,
        segmenter: PhotoSegmenter,
        encoder: StyleEncoder,
        threads: int = 1,
        heads: AttributeHeads | None = None,
    ) -> None:
        """Start `threads` threads, which share the photos of a call.

        Without `heads` garments have no predicted attributes.
        """
        self._segmenter = segmenter
        self._encoder = encoder
        self._heads = heads
        self._calls = threads
        self._threads = ThreadPoolExecutor(threads, thread_name_prefix="embed")

    @property
    def fingerprint(self) -> ModelFingerprint:
        return ModelFingerprint(
            self._segmenter.fingerprint,
            self._encoder.fingerprint,
            self._encoder.dimension,
            COLOUR_DIMENSION,
        )

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """Segment photos and embed their garments; one result per photo, in order."""
        return self.embed_timed(photos, StageClock())

    def embed_timed(self, photos: list[Photo], clock: StageClock) -> list[EmbeddedPhoto]:
        """Like `embed`, adding the time of segment, crop and encode to a clock.

        Threads process a few photos each up to the crops; the crops of all photos are then
        encoded in full batches.
        """
        cut = self._in_parallel(partial(self._cut_out, clock=clock), photos, PHOTOS_PER_THREAD)
        return self._embedded_photos(photos, cut, clock)

    def _embedded_photos(
        self, photos: list[Photo], cut: list[_CutPhoto], clock: StageClock
    ) -> list[EmbeddedPhoto]:
        seen = iter(self._embedded_cuts([own for each in cut for own in each.cuts], clock))
        return [
            EmbeddedPhoto(
                photo.shape[0],
                photo.shape[1],
                each.segmentation,
                self._with_attributes([next(seen) for _ in each.cuts]),
            )
            for photo, each in zip(photos, cut, strict=True)
        ]

    def _embedded_cuts(self, cuts: list[_Cut], clock: StageClock) -> list[EmbeddedGarment]:
        crops = [cut.crop for cut in cuts]
        seen = self._in_parallel(partial(self._encode, clock=clock), crops, CROPS_PER_THREAD)
        return [_embedded(*each) for each in zip(cuts, seen, strict=True)]

    def _cut_out(self, photos: list[Photo], clock: StageClock) -> list[_CutPhoto]:
        with clock.timing("segment"):
            segmentations = self._segmenter.segment(photos)
        with clock.timing("crop"):
            return [
                _CutPhoto(segmentation, [self._cut(photo, each) for each in segmentation.garments])
                for photo, segmentation in zip(photos, segmentations, strict=True)
            ]

    def _cut(self, photo: Photo, garment: Garment) -> _Cut:
        crop = crop_garment(photo, garment, self._encoder.side)
        return _Cut(garment, crop, describe_colours(photo, garment))

    def _encode(self, crops: list[Crop], clock: StageClock) -> list[tuple[Vector, Patches]]:
        with clock.timing("encode"):
            encoded = self._encoder.encode(crops)
        return list(zip(encoded.styles, encoded.patches, strict=True))

    def _in_parallel(
        self, work: Callable[[list[Item]], list[Result]], items: list[Item], size: int
    ) -> list[Result]:
        """Call `work` on parts of up to `size` items on all threads; results in order."""
        # Even a few crops are split, since a user may be waiting for them.
        size = min(size, max(1, -(-len(items) // self._calls)))
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        if len(parts) < 2:
            return work(items) if items else []
        return [answer for part in self._threads.map(work, parts) for answer in part]

    def embed_whole(self, photo: Photo) -> EmbeddedGarment:
        """Embed the whole photo as one garment, `whole_photo` set."""
        garment = whole_photo_garment(photo.shape[0], photo.shape[1])
        return replace(self._embed_garment(photo, garment), whole_photo=True)

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
        return self._embed_garment(photo, garment)

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
        """The colour half of a plain garment of this colour (a name or #rrggbb)."""
        return colour_vector(colour)

    def _embed_garment(self, photo: Photo, garment: Garment) -> EmbeddedGarment:
        embedded = self._embedded_cuts([self._cut(photo, garment)], StageClock())
        return self._with_attributes(embedded)[0]

    def _with_attributes(self, embedded: list[EmbeddedGarment]) -> tuple[EmbeddedGarment, ...]:
        """The garments with predicted attributes, if there are heads."""
        if self._heads is None or not embedded:
            return tuple(embedded)
        predicted = self._heads.predict(
            np.stack([each.vector for each in embedded]),
            [each.garment.garment_class for each in embedded],
            [height_share(each.garment.box) for each in embedded],
        )
        return tuple(
            replace(each, attributes=attributes)
            for each, attributes in zip(embedded, predicted, strict=True)
        )


def _main_class(mask: ClassMask) -> GarmentClass:
    """The class with most pixels; upper where there are none."""
    counts = np.bincount(mask.ravel(), minlength=CLASS_COUNT)
    return max(GARMENT_CLASSES, key=lambda each: int(counts[each]))


def _embedded(cut: _Cut, encoded: tuple[Vector, Patches]) -> EmbeddedGarment:
    style, patches = encoded
    vector = np.concatenate([style, cut.described.vector]).astype(np.float32)
    return EmbeddedGarment(cut.garment, cut.described.colours, vector, patches=patches)
