"""Recall of the same garment: how often a distorted copy of a photo retrieves the photo itself.

The gallery contains all garments of some photos, in a temporary collection. A query is the largest
garment of a photo, distorted by `segmentation.training.distortion` on another query's photo or a
garment-free background, segmented again and searched with `Collection.search`. Baselines in the
same run: true masks, all classes, colours alone, whole photos
without masks.
"""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from catalog.garments import products_of_garments
from indexing.collection import Collection
from indexing.evaluation.distorted_queries import (
    DistortedGarments,
    EvaluatedGarments,
    distorted_queries,
    gallery_garments,
)
from indexing.evaluation.gallery import StoredGarment, opened_gallery
from indexing.evaluation.labelled import (
    NO_PROGRESS,
    LabelledPhoto,
    Progress,
    VectorSet,
)
from indexing.evaluation.metrics import mean_with_interval
from indexing.evaluation.report import Interval
from indexing.evaluation.retrieval import (
    ANY_CLASS,
    COLOUR_ALONE,
    SHIPPED,
    UNMASKED,
    Evaluation,
    Steering,
    any_class,
    as_is,
)
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from indexing.search.query import Query
from indexing.types import ModelFingerprint

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

    def to_json(self) -> dict[str, object]:
        """The document of `--json`."""
        return dataclasses.asdict(self)


def evaluate_same_garment(
    evaluation: Evaluation,
    gallery: Sequence[Path],
    queries: Sequence[LabelledPhoto],
    progress: Progress = NO_PROGRESS,
) -> SameGarmentReport:
    """Recall@1 and @10 of distorted photos among all garments of the gallery.

    Args:
        gallery: photos to search; missing query photos are added.
    """
    paths = list(dict.fromkeys([*gallery, *(query.path for query in queries)]))
    photo_index = {path: index for index, path in enumerate(paths)}
    total = len(paths) + len(queries)
    garments = gallery_garments(evaluation, paths, lambda done: progress(done, total))
    distorted = distorted_queries(
        evaluation, queries, photo_index, lambda done: progress(len(paths) + done, total)
    )
    return SameGarmentReport(
        queries=len(next(iter(distorted.values())).predicted.photos),
        gallery_garments=len(garments.photos),
        gallery_photos=len(np.unique(garments.photos)),
        figures=[
            figure
            for name in garments.sets
            for figure in _figures(evaluation, distorted, garments, name)
        ],
        segmenter=evaluation.segmenter.fingerprint,
        encoder=evaluation.encoder.fingerprint,
    )


def _figures(
    evaluation: Evaluation,
    distorted: Mapping[str, DistortedGarments],
    gallery: EvaluatedGarments,
    name: str,
) -> list[SameGarmentFigures]:
    """The rows of one encoder, for each background."""
    vectors = gallery.sets[name]
    fingerprint = ModelFingerprint(evaluation.segmenter.fingerprint, name, *vectors.dimensions)
    stored = (
        StoredGarment(
            row + 1, str(gallery.photos[row]), garment_class, vectors.vector(row),
        )
        for row, garment_class in enumerate(gallery.classes)
        if garment_class is not None
    )  # fmt: skip
    with opened_gallery(fingerprint, stored) as collection:
        return [
            _row(collection, background, method, weight, queries.sets[name], queries, steer)
            for background, both in distorted.items()
            for method, weight, queries, steer in _methods(name, both)
        ]


def _methods(
    name: str, queries: DistortedGarments
) -> Iterator[tuple[str, float, EvaluatedGarments, Steering]]:
    """Name, colour weight, queries and change of the default query of each method."""
    if name != SHIPPED:
        for weight in (0.0, DEFAULT_COLOUR_WEIGHT):
            yield name, weight, queries.predicted, any_class if name == UNMASKED else as_is
        return
    for weight in WEIGHTS:
        yield SHIPPED, weight, queries.predicted, as_is
        yield ANY_CLASS, weight, queries.predicted, any_class
        yield TRUE_MASK, weight, queries.true, as_is
    yield COLOUR_ALONE, 1.0, queries.predicted, any_class


def _row(
    collection: Collection,
    background: str,
    method: str,
    weight: float,
    vectors: VectorSet,
    queries: EvaluatedGarments,
    steer: Steering,
) -> SameGarmentFigures:
    """One line of the table: every query searched with `Collection.search`."""
    ranks = []
    for row, classes in enumerate(queries.searched):
        query = Query(
            vector=vectors.vector(row),
            classes=classes,
            count=max(DEPTHS),
            colour_weight=weight,
        )
        hits = collection.search(steer(query))
        with collection.database.session() as session:
            products = products_of_garments(session, [hit.garment_id for hit in hits])
        found = [products[hit.garment_id] for hit in hits]
        right = str(queries.photos[row])
        ranks.append(found.index(right) if right in found else max(DEPTHS))
    recalls = []
    for depth in DEPTHS:
        figure = mean_with_interval((np.array(ranks) < depth).astype(np.float64))
        recalls.append([figure.value, figure.low, figure.high])
    return SameGarmentFigures(background, method, weight, recalls[0], recalls[1])
