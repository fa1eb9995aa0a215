"""Retrieval by label: precision, recall and mAP of labelled photos, with baselines.

Every query runs `Collection.search` in a temporary collection of the gallery. The rows of the
report are the default search at several colour weights (1 is colour only), and as baselines: all
classes, the whole photo without its mask, and another encoder. Every figure has a 95 % bootstrap
interval over queries; differences are paired by query.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from catalog.filtering.filters import Filters
from indexing.embedding.encoder import StyleEncoder
from indexing.errors import IndexingError
from indexing.evaluation.gallery import opened_gallery
from indexing.evaluation.labelled import (
    LabelledGarment,
    LabelledVectors,
    VectorSet,
    embed_labelled,
    read_labels,
)
from indexing.evaluation.metrics import (
    Figures,
    Labels,
    Ranking,
    average_precision_at,
    macro_mean,
    mean_with_interval,
    paired_difference,
    precision_at,
    ranking_of,
    recall_at,
)
from indexing.evaluation.report import (
    ColourFigures,
    Comparison,
    RankedQuery,
    RetrievalFigures,
    RetrievalReport,
    RetrievalResult,
)
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from indexing.search.query import Query
from indexing.types import PhotoSegmenter
from segmentation.progress import Progress, no_progress

COLOUR_WEIGHTS: Final = (0.0, DEFAULT_COLOUR_WEIGHT, 0.5, 1.0)
DEPTHS: Final = (1, 5, 10)
SHIPPED: Final = "encoder"
AGAINST: Final = "other encoder"
ANY_CLASS: Final = "encoder, all classes alike"
COLOUR_ALONE: Final = "colour histogram alone"
SHEET_NEIGHBOURS: Final = 8


@dataclass(frozen=True)
class Evaluation:
    """The networks to evaluate, and the encoders to compare with."""

    segmenter: PhotoSegmenter
    encoder: StyleEncoder
    against: StyleEncoder | None = None

    @property
    def encoders(self) -> dict[str, StyleEncoder]:
        """The encoders by the names of their rows."""
        named = {SHIPPED: self.encoder, AGAINST: self.against}
        return {name: encoder for name, encoder in named.items() if encoder is not None}


def evaluate_retrieval(
    evaluation: Evaluation,
    photos: Path,
    labels: Path,
    colour_weights: Sequence[float] = COLOUR_WEIGHTS,
    progress: Progress = no_progress,
) -> RetrievalResult:
    """Evaluate precision, recall and mAP at 1, 5 and 10 on labelled photos, with baselines."""
    rows = read_labels(photos, labels)
    vectors = embed_labelled(evaluation.segmenter, evaluation.encoders, rows, progress)
    split = split_of(vectors.garments)
    if not len(split.queries) or len(split.gallery) < 2:
        raise IndexingError(f"{labels} leaves no queries or no gallery; check its role column")
    rankings = _rankings(split, vectors, colour_weights)
    ours = rankings[SHIPPED, colour_weights[0]]
    report = RetrievalReport(
        queries=len(split.queries),
        gallery=len(split.gallery),
        labels=list(split.names),
        unreadable=len(rows) - len(vectors.garments),
        whole_photos=sum(garment.whole_photo for garment in vectors.garments),
        figures=[
            _figures_of(method, weight, ranking, split)
            for (method, weight), ranking in rankings.items()
        ],
        comparisons=_comparisons(rankings, colour_weights),
        colours=[
            figures
            for weight in colour_weights
            if (figures := _colour_figures(rankings[SHIPPED, weight], weight, split, vectors))
        ],
        segmenter=evaluation.segmenter.fingerprint,
        encoder=evaluation.encoder.fingerprint,
        against=evaluation.against.fingerprint if evaluation.against else None,
    )
    return RetrievalResult(report, _ranked(ours, split, vectors.garments))


@dataclass(frozen=True, eq=False)
class Split:
    """Division of the garments into queries and gallery.

    Attributes:
        names: the labels; `codes` are indices into it, one per garment.
        queries, gallery: indices of garments; photos without a garment are not in the gallery.
        excluded: pairs of one group or one photo, shape (queries, gallery).
    """

    names: tuple[str, ...]
    codes: Labels
    queries: Labels
    gallery: Labels
    excluded: npt.NDArray[np.bool_]


def split_of(garments: Sequence[LabelledGarment]) -> Split:
    """Split labelled garments by role and group."""
    names = sorted({garment.photo.label for garment in garments})
    codes = np.array([names.index(garment.photo.label) for garment in garments])
    roles = np.array([garment.photo.role for garment in garments])
    groups = np.array([garment.photo.group for garment in garments])
    paths = np.array([str(garment.photo.path) for garment in garments])
    indexed = np.array([not garment.whole_photo for garment in garments])
    queries = np.flatnonzero(roles != "gallery")
    gallery = np.flatnonzero((roles != "query") & indexed)

    def pairs(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        return np.asarray(values[queries][:, None] == values[gallery][None])

    return Split(tuple(names), codes, queries, gallery, pairs(groups) | pairs(paths))


def query_for(garment: LabelledGarment, vectors: VectorSet, row: int, weight: float) -> Query:
    """A user's query for this garment, excluding its own photo and group."""
    return Query(
        vector=vectors.vector(row),
        classes=garment.searched,
        count=max(DEPTHS),
        colour_weight=weight,
        filters=Filters(excluded=(("brand", garment.photo.group),)),
        exclude_product=str(garment.photo.path),
    )


def search_rankings(
    split: Split,
    garments: Sequence[LabelledGarment],
    vectors: VectorSet,
    all_classes: Mapping[tuple[str, float], bool],
) -> dict[tuple[str, float], Ranking]:
    """Search a collection of the gallery with every query, once for each method and weight.

    Args:
        all_classes: by method and weight, whether it searches all classes alike.
    """
    position = {row: index for index, row in enumerate(split.gallery.tolist())}
    codes, queries = split.codes, split.queries
    rankings = {}
    with opened_gallery(garments, vectors, split.gallery.tolist()) as collection:
        for (method, weight), alike in all_classes.items():
            found = []
            for row in queries.tolist():
                query = query_for(garments[row], vectors, row, weight)
                hits = collection.search(replace(query, classes=None) if alike else query)
                found.append([position[hit.garment_id - 1] for hit in hits])
            rankings[method, weight] = ranking_of(
                found, codes[queries], codes[split.gallery], split.excluded, max(DEPTHS)
            )
    return rankings


def _rankings(
    split: Split, vectors: LabelledVectors, colour_weights: Sequence[float]
) -> dict[tuple[str, float], Ranking]:
    """Rankings of every row; baselines only at the first weight and at the default."""
    compared = dict.fromkeys((colour_weights[0], DEFAULT_COLOUR_WEIGHT))
    rankings: dict[tuple[str, float], Ranking] = {}
    for method, each in vectors.sets.items():
        if method == SHIPPED:
            all_classes = {(SHIPPED, weight): False for weight in colour_weights}
            all_classes[COLOUR_ALONE, 1.0] = True
            all_classes |= {(ANY_CLASS, weight): True for weight in compared}
        else:
            all_classes = {(method, weight): True for weight in compared}
        rankings |= search_rankings(split, vectors.garments, each, all_classes)
    return rankings


def _figures_of(method: str, weight: float, ranking: Ranking, split: Split) -> RetrievalFigures:
    measures, macro = {}, {}
    values = _values_of(ranking)
    for name, each in values.items():
        measures[name] = mean_with_interval(each)
        macro[name] = macro_mean(each, ranking.query_labels)
    per_label = {}
    for code in np.unique(ranking.query_labels):
        of_label = ranking.query_labels == code
        means = {name: float(each[of_label].mean()) for name, each in values.items()}
        per_label[split.names[code]] = {"queries": int(of_label.sum())} | means
    return RetrievalFigures(method, weight, measures, macro, per_label)


def _values_of(ranking: Ranking) -> dict[str, Figures]:
    return {
        f"{name}_at_{depth}": measure(ranking, depth)
        for depth in DEPTHS
        for name, measure in (
            ("precision", precision_at),
            ("recall", recall_at),
            ("map", average_precision_at),
        )
    }


def _comparisons(
    rankings: dict[tuple[str, float], Ranking], colour_weights: Sequence[float]
) -> list[Comparison]:
    """Compare the encoder at the first weight with the other methods and with colour alone."""
    first = colour_weights[0]
    ours = precision_at(rankings[SHIPPED, first], 5)
    compared = []
    for (method, weight), ranking in rankings.items():
        if method == COLOUR_ALONE or (weight == first and method != SHIPPED):
            difference, p_value = paired_difference(ours, precision_at(ranking, 5))
            compared.append(Comparison(method, difference, p_value))
    return compared


def _colour_figures(
    ranking: Ranking, weight: float, split: Split, vectors: LabelledVectors
) -> ColourFigures | None:
    """Shares of hits in the query's colour; None where no colour is frequent enough."""
    depth = ranking.neighbours.shape[1]
    main = np.array([each.colours[0].name for each in vectors.garments])
    same_main = main[split.queries][:, None] == main[split.gallery][None]
    frequent = (same_main & ~split.excluded).sum(axis=1) >= depth
    if depth < max(DEPTHS) or not frequent.any():
        return None
    named = [{colour.name for colour in each.colours} for each in vectors.garments]
    nearest = split.gallery[ranking.neighbours]
    has = np.array(
        [
            [main[query] in named[hit] for hit in hits]
            for query, hits in zip(split.queries, nearest, strict=True)
        ]
    )
    is_main = main[nearest] == main[split.queries][:, None]
    # A search may return fewer than `depth` garments.
    is_main, has = (each & (ranking.neighbours >= 0) for each in (is_main, has))
    return ColourFigures(
        colour_weight=weight,
        queries=int(frequent.sum()),
        main=mean_with_interval(is_main[frequent].mean(axis=1)),
        has=mean_with_interval(has[frequent].mean(axis=1)),
    )


def _ranked(
    ranking: Ranking, split: Split, garments: Sequence[LabelledGarment]
) -> tuple[RankedQuery, ...]:
    precision = average_precision_at(ranking, max(DEPTHS))
    return tuple(
        RankedQuery(
            garments[split.queries[row]],
            float(precision[row]),
            tuple(
                garments[split.gallery[hit]]
                for hit in ranking.neighbours[row, :SHEET_NEIGHBOURS]
                if hit >= 0
            ),
        )
        for row in np.argsort(precision, kind="stable")
    )
