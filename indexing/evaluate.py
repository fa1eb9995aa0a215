"""Two networks and labelled photos in; a retrieval report with baselines out.

Rows of the report differ in what is compared: the garment's masked crop at several colour
weights as a search does, among its own class first (at 1 the colour histogram alone decides), the
same in this class only, in all classes alike and without details, an untrained network of the same
architecture, the whole photo without its mask, and another encoder. Every figure has a 95 %
bootstrap interval over queries; differences are paired by query.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from indexing.encoder import StyleEncoder
from indexing.errors import IndexingError
from indexing.labelled import (
    NO_PROGRESS,
    LabelledGarment,
    LabelledVectors,
    Pairs,
    Progress,
    VectorSet,
    embed_labelled,
    own_class_pairs,
    read_labels,
    scores_of,
)
from indexing.metrics import (
    Figures,
    Labels,
    Ranking,
    average_precision_at,
    macro_mean,
    mean_with_interval,
    paired_difference,
    precision_at,
    rank,
    recall_at,
)
from indexing.probes import LookAgain
from indexing.records import PhotoSegmenter
from indexing.retrieval_report import (
    ColourFigures,
    Comparison,
    LabelFigures,
    RankedQuery,
    RetrievalFigures,
    RetrievalReport,
    RetrievalResult,
)
from indexing.second_look import NO_SECOND_LOOK

COLOUR_WEIGHTS: Final = (0.0, 0.3, 0.5, 1.0)
DEFAULT_WEIGHT: Final = 0.5
DEPTHS: Final = (1, 5, 10)
SHIPPED: Final = "encoder"
UNTRAINED: Final = "untrained network"
AGAINST: Final = "other encoder"
UNMASKED: Final = "whole photo, no mask"
OWN_CLASS: Final = "encoder, own class only"
ANY_CLASS: Final = "encoder, all classes alike"
NO_DETAILS: Final = "encoder, vectors alone"
COLOUR_ALONE: Final = "colour histogram alone"
SHEET_NEIGHBOURS: Final = 8


@dataclass(frozen=True)
class Contest:
    """What is evaluated: the networks, and what they are compared with."""

    segmenter: PhotoSegmenter
    encoder: StyleEncoder
    untrained: StyleEncoder | None = None
    against: StyleEncoder | None = None
    look_again: LookAgain = NO_SECOND_LOOK

    @property
    def encoders(self) -> dict[str, StyleEncoder]:
        """The encoders by the name that their rows have."""
        named = {SHIPPED: self.encoder, UNTRAINED: self.untrained, AGAINST: self.against}
        return {name: encoder for name, encoder in named.items() if encoder is not None}


def evaluate_retrieval(
    contest: Contest,
    photos: Path,
    labels: Path,
    colour_weights: Sequence[float] = COLOUR_WEIGHTS,
    progress: Progress = NO_PROGRESS,
) -> RetrievalResult:
    """Precision, recall and mAP at 1, 5 and 10 of labelled photos, beside the baselines."""
    rows = read_labels(photos, labels)
    vectors = embed_labelled(contest.segmenter, contest.encoders, rows, progress)
    trial = trial_of(vectors.garments)
    if not len(trial.queries) or len(trial.gallery) < 2:
        raise IndexingError(f"{labels} leaves no queries or no gallery; check its role column")
    rankings = _rankings(trial, vectors, colour_weights)
    ours = rankings[SHIPPED, colour_weights[0]]
    report = RetrievalReport(
        queries=len(trial.queries),
        gallery=len(trial.gallery),
        labels=list(trial.names),
        unreadable=len(rows) - len(vectors.garments),
        whole_photos=sum(garment.whole_photo for garment in vectors.garments),
        figures=[
            _figures_of(method, weight, ranking, trial)
            for (method, weight), ranking in rankings.items()
        ],
        comparisons=_comparisons(rankings, colour_weights),
        colours=[
            figures
            for weight in colour_weights
            if (figures := _colour_figures(rankings[SHIPPED, weight], weight, trial, vectors))
        ],
        segmenter=contest.segmenter.fingerprint,
        encoder=contest.encoder.fingerprint,
        against=contest.against.fingerprint if contest.against else None,
    )
    return RetrievalResult(report, _ranked(ours, trial, vectors.garments))


@dataclass(frozen=True, eq=False)
class Trial:
    """Which garments ask and which answer.

    Attributes:
        names: the labels; `codes` are positions in it, one a garment.
        queries, gallery: positions of garments.
        barred: pairs that must not count, shape (queries, gallery): same group or same photo.
        own: pairs where the gallery's garment is of a class that the query's may be of, likewise.
    """

    names: tuple[str, ...]
    codes: Labels
    queries: Labels
    gallery: Labels
    barred: npt.NDArray[np.bool_]
    own: npt.NDArray[np.bool_]


def trial_of(garments: Sequence[LabelledGarment]) -> Trial:
    """The trial that the roles and groups of labelled garments make."""
    names = sorted({garment.photo.label for garment in garments})
    codes = np.array([names.index(garment.photo.label) for garment in garments])
    roles = np.array([garment.photo.role for garment in garments])
    groups = np.array([garment.photo.group for garment in garments])
    paths = np.array([str(garment.photo.path) for garment in garments])
    classes = np.array([int(garment.garment_class) for garment in garments])
    queries, gallery = np.flatnonzero(roles != "gallery"), np.flatnonzero(roles != "query")

    def pairs(values: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
        return np.asarray(values[queries][:, None] == values[gallery][None])

    barred = pairs(groups) | pairs(paths)
    own = own_class_pairs(
        [garments[each].own_classes for each in queries.tolist()], classes[gallery]
    )
    return Trial(tuple(names), codes, queries, gallery, barred, own)


def ranking_of(
    trial: Trial,
    vectors: VectorSet,
    colour_weight: float,
    barred: Pairs,
    own: Pairs | None = None,
) -> Ranking:
    """The nearest of the gallery for each query; `own` as in `scores_of`."""
    codes, queries, gallery = trial.codes, trial.queries, trial.gallery
    asked, answers = vectors.only(queries), vectors.only(gallery)
    scores = scores_of(asked, answers, colour_weight, ~barred, own)
    return rank(scores, codes[queries], codes[gallery], barred, max(DEPTHS))


def _as_searched(trial: Trial, vectors: VectorSet, colour_weight: float) -> Ranking:
    """As `everywhere.search_everywhere` finds them."""
    if vectors.looks_closer(colour_weight):
        return ranking_of(trial, vectors, colour_weight, trial.barred, trial.own)
    return ranking_of(trial, vectors, colour_weight, trial.barred | ~trial.own)


def _rankings(
    trial: Trial, vectors: LabelledVectors, colour_weights: Sequence[float]
) -> dict[tuple[str, float], Ranking]:
    """Every row of the table; the baselines at the first weight, which is style alone."""
    ours, first = vectors.masked[SHIPPED], colour_weights[0]
    rankings = {(SHIPPED, weight): _as_searched(trial, ours, weight) for weight in colour_weights}
    rankings[COLOUR_ALONE, 1.0] = ranking_of(trial, ours, 1.0, trial.barred)
    others = {name: each for name, each in vectors.masked.items() if name != SHIPPED}
    others |= {UNMASKED: vectors.unmasked, NO_DETAILS: ours.without_tiles(), ANY_CLASS: ours}
    for weight in (first, DEFAULT_WEIGHT):
        own = trial.barred | ~trial.own
        rankings[OWN_CLASS, weight] = ranking_of(trial, ours, weight, own)
        for method, each in others.items():
            rankings[method, weight] = ranking_of(trial, each, weight, trial.barred)
    return rankings


def _figures_of(method: str, weight: float, ranking: Ranking, trial: Trial) -> RetrievalFigures:
    measures, macro = {}, {}
    values = _values_of(ranking)
    for name, each in values.items():
        figure = mean_with_interval(each)
        measures[name] = [figure.value, figure.low, figure.high]
        macro[name] = macro_mean(each, ranking.query_labels)
    per_label = {}
    for code in np.unique(ranking.query_labels):
        of_label = ranking.query_labels == code
        mean = {name: float(each[of_label].mean()) for name, each in values.items()}
        per_label[trial.names[code]] = LabelFigures(
            int(of_label.sum()),
            mean["precision_at_1"],
            mean["precision_at_5"],
            mean["recall_at_10"],
            mean["map_at_5"],
        )
    return RetrievalFigures(method, weight, measures, macro, per_label)


def _values_of(ranking: Ranking) -> dict[str, Figures]:
    """Each measure's value for each query."""
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
    """Style alone against each other method at the same weight, and against colour alone."""
    first = colour_weights[0]
    ours = precision_at(rankings[SHIPPED, first], 5)
    compared = []
    for (method, weight), ranking in rankings.items():
        if method == COLOUR_ALONE or (weight == first and method != SHIPPED):
            difference, p_value = paired_difference(ours, precision_at(ranking, 5))
            interval = [difference.value, difference.low, difference.high]
            compared.append(Comparison(method, interval, p_value))
    return compared


def _colour_figures(
    ranking: Ranking, weight: float, trial: Trial, vectors: LabelledVectors
) -> ColourFigures | None:
    """None where no colour occurs often enough to ask for it."""
    depth = ranking.neighbours.shape[1]
    main = np.array([each.colours[0].name for each in vectors.garments])
    same_main = main[trial.queries][:, None] == main[trial.gallery][None]
    asked = (same_main & ~trial.barred).sum(axis=1) >= depth
    if depth < max(DEPTHS) or not asked.any():
        return None
    named = [{colour.name for colour in each.colours} for each in vectors.garments]
    nearest = trial.gallery[ranking.neighbours]
    has = np.array(
        [
            [main[query] in named[answer] for answer in answers]
            for query, answers in zip(trial.queries, nearest, strict=True)
        ]
    )
    is_main = main[nearest] == main[trial.queries][:, None]
    first, second = (mean_with_interval(each[asked].mean(axis=1)) for each in (is_main, has))
    return ColourFigures(
        weight,
        int(asked.sum()),
        [first.value, first.low, first.high],
        [second.value, second.low, second.high],
    )


def _ranked(
    ranking: Ranking, trial: Trial, garments: Sequence[LabelledGarment]
) -> tuple[RankedQuery, ...]:
    precision = average_precision_at(ranking, max(DEPTHS))
    return tuple(
        RankedQuery(
            garments[trial.queries[place]],
            float(precision[place]),
            tuple(
                garments[trial.gallery[answer]]
                for answer in ranking.neighbours[place, :SHEET_NEIGHBOURS]
                if answer >= 0
            ),
        )
        for place in np.argsort(precision, kind="stable")
    )
