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
)
from indexing.evaluation.retrieval import Evaluation
from segmentation.mask import region_garment
from segmentation.photos import read_or_none
from segmentation.training.distortion import distorted_copy

SEED: Final = 0


@dataclass(frozen=True, eq=False)
class DistortedGarments:
    """Garments of distorted photos, cut out along predicted and along true masks."""

    predicted: LabelledVectors
    true: LabelledVectors


def distorted_queries(
    evaluation: Evaluation, queries: Sequence[LabelledPhoto], tick: Callable[[int], None]
) -> dict[str, DistortedGarments]:
    """Distort the largest garment of each photo on each background, seeded by its number."""
    predicted, true = (
        {name: GarmentCollector(evaluation.encoders, unmasked) for name in BACKGROUNDS}
        for unmasked in (True, False)
    )
    for number, query in enumerate(queries):
        photo = read_or_none(query.path)
        if photo is None:
            continue
        garment = main_garment(photo, evaluation.segmenter.segment([photo])[0])
        for name, background in BACKGROUNDS.items():
            other = background(evaluation.segmenter, queries, number)
            if other is not None:
                rng = np.random.default_rng((SEED, number))
                copy = distorted_copy(photo, garment, other, rng)
                (found,) = evaluation.segmenter.segment([copy.photo])
                main = main_garment(copy.photo, found)
                has_truth = copy.mask.any()
                truth = region_garment(copy.mask, garment.garment_class) if has_truth else main
                predicted[name].add([query], [SegmentedGarment(copy.photo, main, found.features)])
                true[name].add([query], [SegmentedGarment(copy.photo, truth, found.features)])
        tick(number + 1)
    return {
        name: DistortedGarments(predicted[name].collected(), true[name].collected())
        for name in BACKGROUNDS
    }
