"""Recall of the same garment: how often a distorted copy of a photo retrieves the photo itself.

The gallery contains all garments of some photos, in a temporary collection. A query is the largest
garment of a photo, distorted by `segmentation.training.distortion` on another query's photo or a
garment-free background, segmented again and searched with `Collection.search`. Baselines in the
same run: true masks, all classes, colours alone, whole photos
without masks.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from indexing.evaluation.distorted_queries import DistortedGarments, distorted_queries
from indexing.evaluation.gallery import opened_gallery
from indexing.evaluation.labelled import UNMASKED, LabelledPhoto, LabelledVectors, embed_labelled
from indexing.evaluation.metrics import Interval, mean_with_interval
from indexing.evaluation.retrieval import ANY_CLASS, COLOUR_ALONE, SHIPPED, Evaluation
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from indexing.search.query import Query
from segmentation.progress import Progress, no_progress

WEIGHTS: Final = (0.0, DEFAULT_COLOUR_WEIGHT, 0.5)
DEPTHS: Final = (1, 10)
TRUE_MASK: Final = "encoder, true masks"


@dataclass(frozen=True)
class SameGarmentFigures:
    """Recall of one method on one kind of background: [value, low, high]."""

    background: str
    method: str
    colour_weight: float
    recall_at_1: Interval
    recall_at_10: Interval


@dataclass(frozen=True)
class SameGarmentReport:
    """Report of `apparel evaluate same-garment`."""

    queries: int
    gallery_garments: int
    gallery_photos: int
    figures: list[SameGarmentFigures]
    segmenter: str
    encoder: str


def evaluate_same_garment(
    evaluation: Evaluation,
    gallery: Sequence[Path],
    queries: Sequence[LabelledPhoto],
    progress: Progress = no_progress,
) -> SameGarmentReport:
    """Recall@1 and @10 of distorted photos among all garments of the gallery and the queries."""
    paths = list(dict.fromkeys([*gallery, *(query.path for query in queries)]))
    rows = [LabelledPhoto(path, "", str(path), "gallery") for path in paths]
    total = len(paths) + len(queries)
    garments = embed_labelled(
        evaluation.segmenter, evaluation.encoders, rows, lambda done, _: progress(done, total), True
    )
    distorted = distorted_queries(
        evaluation, queries, lambda done: progress(len(paths) + done, total)
    )
    return SameGarmentReport(
        queries=len(next(iter(distorted.values())).predicted.garments),
        gallery_garments=len(garments.garments),
        gallery_photos=len({each.photo.path for each in garments.garments}),
        figures=[
            figure for name in garments.sets for figure in _figures(distorted, garments, name)
        ],
        segmenter=evaluation.segmenter.fingerprint,
        encoder=evaluation.encoder.fingerprint,
    )


def _figures(
    distorted: Mapping[str, DistortedGarments], gallery: LabelledVectors, name: str
) -> list[SameGarmentFigures]:
    """The rows of one set of vectors, for each background."""
    with opened_gallery(gallery.garments, gallery.sets[name]) as collection:
        paths = [each.photo.path for each in gallery.garments]

        def recalls(queries: LabelledVectors, weight: float, alike: bool) -> list[Interval]:
            """Recall of the own photo at each of `DEPTHS`."""
            ranks = []
            for row, garment in enumerate(queries.garments):
                vector = queries.sets[name].vector(row)
                query = Query(vector, None if alike else garment.searched, max(DEPTHS), weight)
                found = [paths[hit.garment_id - 1] for hit in collection.search(query)]
                right = garment.photo.path
                ranks.append(found.index(right) if right in found else max(DEPTHS))
            return [mean_with_interval(np.array(ranks) < depth) for depth in DEPTHS]

        return [
            SameGarmentFigures(background, method, weight, *recalls(queries, weight, alike))
            for background, both in distorted.items()
            for method, weight, queries, alike in _methods(name, both)
        ]


def _methods(
    name: str, queries: DistortedGarments
) -> Iterator[tuple[str, float, LabelledVectors, bool]]:
    """Name, colour weight, queries of each method, and whether it searches all classes alike."""
    if name == UNMASKED:
        for weight in (0.0, DEFAULT_COLOUR_WEIGHT):
            yield name, weight, queries.predicted, True
        return
    for weight in WEIGHTS:
        yield SHIPPED, weight, queries.predicted, False
        yield ANY_CLASS, weight, queries.predicted, True
        yield TRUE_MASK, weight, queries.true, False
    yield COLOUR_ALONE, 1.0, queries.predicted, True
