"""Distorted query garments for `evaluate same-garment`.

The largest garment of a photo is distorted (`segmentation.training.distortion`) on each kind of
background (`indexing.evaluation.backgrounds`) and segmented again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from indexing.embedding.encoder import SegmentedGarment
from indexing.evaluation.backgrounds import BACKGROUNDS
from indexing.evaluation.labelled import (
    GarmentCollector,
    LabelledPhoto,
    LabelledVectors,
    main_garment,
    read_or_none,
)
from indexing.evaluation.retrieval import Evaluation
from segmentation.classes import GarmentClass
from segmentation.mask import region_garment
from segmentation.training.distortion import DistortedPhoto, distorted_copy

SEED: Final = 0


@dataclass(frozen=True, eq=False)
class DistortedGarments:
    """Garments of distorted photos, cut out along predicted and along true masks."""

    predicted: LabelledVectors
    true: LabelledVectors


class _Builder:
    """Collects distorted photos with one kind of background."""

    def __init__(self, evaluation: Evaluation) -> None:
        self._segmenter = evaluation.segmenter
        self._predicted = GarmentCollector(evaluation.encoders)
        self._true = GarmentCollector(evaluation.encoders, unmasked=False)

    def add(
        self, row: LabelledPhoto, distorted: DistortedPhoto, garment_class: GarmentClass
    ) -> None:
        """Add one distorted photo of a garment of this class."""
        photo = distorted.photo
        (found,) = self._segmenter.segment([photo])
        garment = main_garment(photo, found)
        truth = region_garment(distorted.mask, garment_class) if distorted.mask.any() else garment
        self._predicted.add([row], [SegmentedGarment(photo, garment, found.features)])
        self._true.add([row], [SegmentedGarment(photo, truth, found.features)])

    def built(self) -> DistortedGarments:
        return DistortedGarments(self._predicted.collected(), self._true.collected())


def distorted_queries(
    evaluation: Evaluation, queries: Sequence[LabelledPhoto], tick: Callable[[int], None]
) -> dict[str, DistortedGarments]:
    """Distort the largest garment of each photo on each background, seeded by its number."""
    builders = {name: _Builder(evaluation) for name in BACKGROUNDS}
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
                builders[name].add(query, distorted, garment.garment_class)
        tick(number + 1)
    return {name: builder.built() for name, builder in builders.items()}
