"""Photos in, embedded photos out: the one path that bulk indexing and queries share.

photo -> segmentation -> for each garment: crop -> style half, pixels -> colour half
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Final, TypeVar

import numpy as np

from indexing.attributes import AttributeHeads, height_share
from indexing.colour import COLOUR_DIMENSION, ColourDescription, colour_vector, describe_colours
from indexing.crop import Crop, crop_garment
from indexing.encoder import StyleEncoder
from indexing.probes import OtherMask, other_masks, with_others
from indexing.records import (
    EmbeddedGarment,
    EmbeddedPhoto,
    ModelFingerprint,
    PhotoSegmenter,
    Vector,
)
from indexing.second_look import NO_SECOND_LOOK, SecondLook
from indexing.stages import StageClock
from indexing.tiles import Tiles
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


PHOTOS_PER_THREAD: Final = 4
CROPS_PER_THREAD: Final = 16
"""Crops in one call of the encoder: more are not faster by the piece."""

Item = TypeVar("Item")
Answer = TypeVar("Answer")


@dataclass(frozen=True, eq=False)
class _Cut:
    """A garment with its crop and its colours, on the way to the encoder."""

    garment: Garment
    crop: Crop
    described: ColourDescription


@dataclass(frozen=True, eq=False)
class _CutPhoto:
    """A photo with all its garments cut out."""

    segmentation: Segmentation
    cuts: list[_Cut]


class PhotoEmbedder:
    """A segmenter and an encoder joined; implements `records.Embedder`."""

    def __init__(
        self,
        segmenter: PhotoSegmenter,
        encoder: StyleEncoder,
        threads: int = 1,
        heads: AttributeHeads | None = None,
        second_look: SecondLook = NO_SECOND_LOOK,
    ) -> None:
        """`threads` share the photos of one call, where the networks allow it.

        Without `heads` garments have no predicted attributes.
        """
        self._look_again = second_look
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
        """Segment photos, embed their garments; one answer a photo, in order."""
        return self.embed_timed(photos, StageClock())

    def embed_timed(self, photos: list[Photo], clock: StageClock) -> list[EmbeddedPhoto]:
        """As `embed`, with the seconds of segment, crop and encode counted on a clock.

        Threads take a few photos each as far as crops; the crops of all photos together then
        make full batches for the encoder.
        """
        cut = self._shared(partial(self._cut_out, clock=clock), photos, PHOTOS_PER_THREAD)
        return self._embedded_photos(photos, cut, clock)

    def embed_to_ask(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """As `embed`, with what else a search should ask with (`indexing.probes`).

        While what the masks show is encoded, another thread looks again.
        """
        clock = StageClock()
        cut = self._shared(partial(self._cut_out, clock=clock), photos, PHOTOS_PER_THREAD)
        looking = [
            self._threads.submit(self._cut_otherwise, photo, each.segmentation)
            for photo, each in zip(photos, cut, strict=True)
        ]
        embedded = self._embedded_photos(photos, cut, clock)
        others = [each.result() for each in looking]
        seen = iter(self._embedded_cuts([own for each in others for _, own in each], clock))
        return [
            with_others(photo, [(mask, next(seen)) for mask, _ in each])
            for photo, each in zip(embedded, others, strict=True)
        ]

    def _cut_otherwise(self, photo: Photo, seen: Segmentation) -> list[tuple[OtherMask, _Cut]]:
        masks = other_masks(photo, seen, self._look_again)
        return [(mask, self._cut(photo, mask.garment)) for mask in masks]

    def _embedded_photos(
        self, photos: list[Photo], cut: list[_CutPhoto], clock: StageClock
    ) -> list[EmbeddedPhoto]:
        seen = iter(self._embedded_cuts([own for each in cut for own in each.cuts], clock))
        return [
            EmbeddedPhoto(
                photo.shape[0],
                photo.shape[1],
                each.segmentation,
                self._described([next(seen) for _ in each.cuts]),
            )
            for photo, each in zip(photos, cut, strict=True)
        ]

    def _embedded_cuts(self, cuts: list[_Cut], clock: StageClock) -> list[EmbeddedGarment]:
        crops = [cut.crop for cut in cuts]
        seen = self._shared(partial(self._encode, clock=clock), crops, CROPS_PER_THREAD)
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

    def _encode(self, crops: list[Crop], clock: StageClock) -> list[tuple[Vector, Tiles]]:
        with clock.timing("encode"):
            encoded = self._encoder.encode(crops)
        return list(zip(encoded.styles, encoded.tiles, strict=True))

    def _shared(
        self, work: Callable[[list[Item]], list[Answer]], items: list[Item], size: int
    ) -> list[Answer]:
        """`work` on up to `size` items at a time, on all threads; the answers in order."""
        # A photo's few crops too: somebody may be waiting for them.
        size = min(size, max(1, -(-len(items) // self._calls)))
        parts = [items[start : start + size] for start in range(0, len(items), size)]
        if len(parts) < 2:
            return work(items) if items else []
        return [answer for part in self._threads.map(work, parts) for answer in part]

    def embed_whole(self, photo: Photo, garment_class: GarmentClass) -> EmbeddedGarment:
        """The whole photo as one garment of this class, `whole_photo` set."""
        garment = whole_photo_garment(photo.shape[0], photo.shape[1], garment_class)
        return replace(self._embed_garment(photo, garment), whole_photo=True)

    def embed_region(
        self,
        photo: Photo,
        region: Box | BoolMask | Garment,
        garment_class: GarmentClass | None = None,
    ) -> EmbeddedGarment:
        """A part of the photo that somebody chose, as one garment.

        Args:
            region: a box in pixels of the photo, searched for garments first (where there is
                none, all of it counts); or the very pixels, shape (H, W); or a garment, as it is.
            garment_class: None = the class that most of the region shows.
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
        # Everything that is worn counts, whatever its class: the visitor drew round it.
        worn = found.mask > 0
        region[y0:y1, x0:x1] = worn if worn.mean() >= LEAST_WORN else True
        return region_garment(region, garment_class or _main_class(found.mask))

    def colour_half(self, colour: str) -> Vector:
        """The colour half of a plain garment of this colour (a name or #rrggbb)."""
        return colour_vector(colour)

    def _embed_garment(self, photo: Photo, garment: Garment) -> EmbeddedGarment:
        embedded = self._embedded_cuts([self._cut(photo, garment)], StageClock())
        return self._described(embedded)[0]

    def _described(self, embedded: list[EmbeddedGarment]) -> tuple[EmbeddedGarment, ...]:
        """The garments with their predicted attributes, if there is something to predict by."""
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
    """The class with most pixels; a top where there is none of any."""
    counts = np.bincount(mask.ravel(), minlength=CLASS_COUNT)
    return max(GARMENT_CLASSES, key=lambda each: int(counts[each]))


def _embedded(cut: _Cut, seen: tuple[Vector, Tiles]) -> EmbeddedGarment:
    style, tiles = seen
    vector = np.concatenate([style, cut.described.vector]).astype(np.float32)
    return EmbeddedGarment(cut.garment, cut.described.colours, vector, tiles=tiles)
