"""Embedded gallery garments and distorted query garments for `evaluate same-garment`.

The largest garment of a photo is distorted (`segmentation.training.distortion`) on each kind of
background (`indexing.evaluation.backgrounds`) and segmented again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from indexing.embedding.colour import describe_colours
from indexing.embedding.encoder import SegmentedGarment
from indexing.errors import IndexingError
from indexing.evaluation.backgrounds import BACKGROUNDS
from indexing.evaluation.labelled import (
    BATCH_SIZE,
    LabelledPhoto,
    VectorSet,
    main_garment,
    read_or_none,
    whole_garment,
)
from indexing.evaluation.metrics import Labels
from indexing.evaluation.retrieval import SHIPPED, UNMASKED, Evaluation
from indexing.search.query import possible_classes
from indexing.types import Vectors
from segmentation.classes import GarmentClass
from segmentation.mask import Garment, region_garment
from segmentation.photos import Photo
from segmentation.segmented_photo import PhotoFeatures
from segmentation.training.distortion import DistortedPhoto, distorted_copy

SEED: Final = 0


@dataclass(frozen=True, eq=False)
class EvaluatedGarments:
    """Embedded garments of several photos.

    Attributes:
        photos: index of each garment's photo.
        classes: class of each garment; None for a whole photo.
        searched: classes that a search for each covers; None: all.
        sets: encoder's name -> vectors.
    """

    photos: Labels
    classes: Sequence[GarmentClass | None]
    searched: Sequence[tuple[GarmentClass, ...] | None]
    sets: dict[str, VectorSet]


@dataclass(frozen=True, eq=False)
class DistortedGarments:
    """Garments of distorted photos, cut out along predicted and along true masks."""

    predicted: EvaluatedGarments
    true: EvaluatedGarments


class _Builder:
    """Collects embedded garments batch by batch."""

    def __init__(self, evaluation: Evaluation, baselines: bool = True) -> None:
        self._evaluation = evaluation
        self._baselines = baselines
        self._photos: list[int] = []
        self._classes: list[GarmentClass | None] = []
        self._searched: list[tuple[GarmentClass, ...] | None] = []
        self._styles: dict[str, list[Vectors]] = {}
        self._colours: dict[str, list[Vectors]] = {}

    def add(
        self,
        index: int,
        photo: Photo,
        garments: Sequence[Garment],
        features: PhotoFeatures | None,
    ) -> None:
        """Embed one photo's garments, and the whole photo for each as the unmasked baseline.

        Without baselines only the shipped encoder is used.
        """
        self._photos += [index] * len(garments)
        self._classes += [garment.garment_class if garment.score else None for garment in garments]
        self._searched += [possible_classes(garment) for garment in garments]
        colours = np.stack([describe_colours(photo, each).vector for each in garments])
        first = self._evaluation.encoder
        encoders = self._evaluation.encoders if self._baselines else {SHIPPED: first}
        for name, encoder in encoders.items():
            segmented = [SegmentedGarment(photo, each, features) for each in garments]
            self._put(name, encoder.encode(segmented), colours)
        if not self._baselines:
            return
        whole = whole_garment(photo)
        count = len(garments)
        styles = first.encode([SegmentedGarment(photo, whole, features)])
        colour = describe_colours(photo, whole).vector[None]
        self._put(UNMASKED, styles.repeat(count, axis=0), colour.repeat(count, axis=0))

    def _put(self, name: str, styles: Vectors, colours: Vectors) -> None:
        self._styles.setdefault(name, []).append(styles)
        self._colours.setdefault(name, []).append(colours)

    def built(self) -> EvaluatedGarments:
        """All added garments; IndexingError when there are none."""
        if not self._photos:
            raise IndexingError("none of the photos can be read; check --photos")
        sets = {
            name: VectorSet(np.concatenate(parts), np.concatenate(self._colours[name]))
            for name, parts in self._styles.items()
        }
        return EvaluatedGarments(np.array(self._photos), self._classes, self._searched, sets)


def gallery_garments(
    evaluation: Evaluation, paths: Sequence[Path], tick: Callable[[int], None]
) -> EvaluatedGarments:
    """Embed every garment of these photos."""
    builder = _Builder(evaluation)
    for start in range(0, len(paths), BATCH_SIZE):
        numbered = [
            (start + offset, photo)
            for offset, path in enumerate(paths[start : start + BATCH_SIZE])
            if (photo := read_or_none(path)) is not None
        ]
        found = evaluation.segmenter.segment([photo for _, photo in numbered]) if numbered else []
        for (index, photo), each in zip(numbered, found, strict=True):
            if each.garments:
                builder.add(index, photo, each.garments, each.features)
        tick(min(start + BATCH_SIZE, len(paths)))
    return builder.built()


class _DistortedBuilder:
    """Collects distorted photos with one kind of background."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._segmenter = evaluation.segmenter
        self._predicted = _Builder(evaluation)
        self._true = _Builder(evaluation, baselines=False)

    def add(self, index: int, distorted: DistortedPhoto, garment_class: GarmentClass) -> None:
        """Add one distorted photo of a garment of this class."""
        segmented = self._segmenter.segment([distorted.photo])[0]
        garment = main_garment(distorted.photo, segmented)
        self._predicted.add(index, distorted.photo, (garment,), segmented.features)
        truth = region_garment(distorted.mask, garment_class) if distorted.mask.any() else garment
        self._true.add(index, distorted.photo, (truth,), segmented.features)

    def built(self) -> DistortedGarments:
        return DistortedGarments(self._predicted.built(), self._true.built())


def distorted_queries(
    evaluation: Evaluation,
    queries: Sequence[LabelledPhoto],
    photo_index: dict[Path, int],
    tick: Callable[[int], None],
) -> dict[str, DistortedGarments]:
    """Distort the largest garment of each photo on each background, seeded by its number.

    Args:
        photo_index: index of each query's photo in the gallery.
    """
    builders = {name: _DistortedBuilder(evaluation) for name in BACKGROUNDS}
    for number, query in enumerate(queries):
        photo = read_or_none(query.path)
        if photo is None:
            continue
        garment = main_garment(photo, evaluation.segmenter.segment([photo])[0])
        for name, background in BACKGROUNDS.items():
            other = background(evaluation.segmenter, queries, number)
            if other is not None:
                rng = np.random.default_rng((SEED, number))
                distorted = distorted_copy(photo, garment, other, rng)
                builders[name].add(photo_index[query.path], distorted, garment.garment_class)
        tick(number + 1)
    return {name: builder.built() for name, builder in builders.items()}
