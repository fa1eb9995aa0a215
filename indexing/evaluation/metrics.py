"""Retrieval metrics of ranked neighbours.

Gallery entries of a query's own group (the sender of a photo, the product) are excluded before
ranking.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

Labels = npt.NDArray[np.int64]
Figures = npt.NDArray[np.float64]
"""One value per query, shape (n,)."""
Interval = list[float]
"""A figure with the low and the high end of its 95 % bootstrap interval."""
_FLIPS: Final = 2000
"""Permutations of a sign-flip test."""


@dataclass(frozen=True, eq=False)
class Ranking:
    """Labels of each query's nearest gallery entries, nearest first.

    Attributes:
        query_labels: shape (n,).
        neighbour_labels: shape (n, depth); -1 where a query has fewer hits.
        relevant: number of gallery entries with each query's label, shape (n,).
        neighbours: gallery positions, shape (n, depth); -1 likewise.
    """

    query_labels: Labels
    neighbour_labels: Labels
    relevant: Labels
    neighbours: Labels


def rank(
    similarity: npt.NDArray[np.floating],
    query_labels: Labels,
    gallery_labels: Labels,
    same_group: npt.NDArray[np.bool_],
    depth: int,
) -> Ranking:
    """Rank a gallery for each query.

    Args:
        similarity: shape (queries, gallery), larger is nearer.
        same_group: shape (queries, gallery), True where an entry must not count.
        depth: number of neighbours.
    """
    scores = np.where(same_group, -np.inf, similarity)
    depth = min(depth, scores.shape[1])
    order = np.argsort(-scores, axis=1, kind="stable")[:, :depth]
    allowed = np.isfinite(np.take_along_axis(scores, order, axis=1))
    found = np.where(allowed, order, -1)
    return _ranking(found, query_labels, gallery_labels, same_group)


def ranking_of(
    neighbours: Sequence[Sequence[int]],
    query_labels: Labels,
    gallery_labels: Labels,
    excluded: npt.NDArray[np.bool_],
    depth: int,
) -> Ranking:
    """Make a ranking from the gallery positions of search hits; `excluded` as for `rank`."""
    found = np.full((len(neighbours), depth), -1, np.int64)
    for row, each in zip(found, neighbours, strict=True):
        row[: len(each[:depth])] = each[:depth]
    return _ranking(found, query_labels, gallery_labels, excluded)


def _ranking(
    found: Labels,
    query_labels: Labels,
    gallery_labels: Labels,
    excluded: npt.NDArray[np.bool_],
) -> Ranking:
    labels = np.where(found >= 0, gallery_labels[found], -1)
    relevant = ((gallery_labels[None] == query_labels[:, None]) & ~excluded).sum(axis=1)
    return Ranking(query_labels, labels, relevant, found)


def precision_at(ranking: Ranking, k: int) -> Figures:
    """Share of the first k hits with the query's label."""
    return np.asarray(_right(ranking, k).mean(axis=1))


def recall_at(ranking: Ranking, k: int) -> Figures:
    """Whether any of the first k hits has the query's label (recall@k of metric learning)."""
    return np.asarray(_right(ranking, k).any(axis=1), np.float64)


def average_precision_at(ranking: Ranking, k: int) -> Figures:
    """Average precision at k, over min(k, relevant) right hits (Musgrave et al., ECCV 2020)."""
    right = _right(ranking, k)
    positions = np.arange(1, right.shape[1] + 1)
    precision = right.cumsum(axis=1) / positions
    possible = np.maximum(1, np.minimum(k, ranking.relevant))
    return np.asarray((precision * right).sum(axis=1) / possible)


def _right(ranking: Ranking, k: int) -> npt.NDArray[np.bool_]:
    return np.asarray(ranking.neighbour_labels[:, :k] == ranking.query_labels[:, None])


def mean_with_interval(values: npt.ArrayLike, rounds: int = 1000) -> Interval:
    """Mean over queries with a percentile bootstrap interval."""
    values = np.asarray(values, np.float64)
    generator = np.random.default_rng(0)
    draws = generator.integers(0, len(values), (rounds, len(values)))
    low, high = np.percentile(values[draws].mean(axis=1), (2.5, 97.5))
    return [float(values.mean()), float(low), float(high)]


def macro_mean(values: Figures, labels: Labels) -> float:
    """Mean of the labels' means, so that rare labels weigh as much."""
    return float(np.mean([values[labels == label].mean() for label in np.unique(labels)]))


def paired_difference(first: Figures, second: Figures) -> tuple[Interval, float]:
    """Mean of first minus second, paired by query, with its bootstrap interval and a p value.

    The p value is that of a two-sided sign-flip permutation test (Smucker et al., CIKM 2007).
    """
    differences = first - second
    generator = np.random.default_rng(0)
    signs = generator.choice([-1.0, 1.0], (_FLIPS, len(differences)))
    flipped = np.abs((signs * differences).mean(axis=1))
    beyond = (flipped >= abs(differences.mean()) - 1e-12).sum()
    return mean_with_interval(differences, _FLIPS), float((beyond + 1) / (_FLIPS + 1))


def roc_area(positive: Figures, negative: Figures) -> Interval:
    """ROC AUC, ties counting half (Hanley, McNeil, 1982), bootstrapped over both groups."""
    generator = np.random.default_rng(0)
    areas = [
        _roc_area(
            generator.choice(positive, len(positive)), generator.choice(negative, len(negative))
        )
        for _ in range(500)
    ]
    low, high = np.percentile(areas, (2.5, 97.5))
    return [_roc_area(positive, negative), float(low), float(high)]


def _roc_area(positive: Figures, negative: Figures) -> float:
    order = np.sort(negative)
    below = np.searchsorted(order, positive, "left")
    ties = np.searchsorted(order, positive, "right") - below
    return float((below + ties / 2).mean() / len(negative))
