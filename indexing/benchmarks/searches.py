"""Recall and time of a search, against an exact scan in float32."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from indexing.benchmarks.catalogue import FINGERPRINT
from indexing.index.exact import best_first, scale
from indexing.types import GarmentIds, Vector, Vectors

Search = Callable[[Vector], list[int]]
"""A query vector -> ids of the garments found, the nearest first."""


@dataclass(frozen=True)
class SearchFigures:
    """Figures of one search with many vectors, at a colour weight or with a filter.

    Attributes:
        matches: number of garments that pass.
        recall_10, recall: share of the exact ten best found, and of all that were fetched.
        always_full: each search found as many as were wanted, or as pass.
    """

    what: str
    matches: int
    recall_10: float
    recall: float
    always_full: bool
    p50_ms: float
    p95_ms: float


@dataclass(frozen=True, eq=False)
class Truth:
    """Generated vectors (n, d) of the garments with ids from 1, and those ids that pass."""

    vectors: Vectors
    ids: GarmentIds

    def best(self, query: Vector, weight: float, count: int) -> list[int]:
        """Ids of the nearest `count` garments that pass, by float32 scores."""
        factors = scale(weight, FINGERPRINT.style_dimension, FINGERPRINT.dimension)
        scores = self.vectors[self.ids - 1] @ (query * factors)
        return [int(each) for each in self.ids[best_first(scores, count)]]


def measured(
    what: str, search: Search, queries: Vectors, truth: Truth, weight: float, count: int
) -> SearchFigures:
    """Search for `count` garments with each query and compare with an exact scan."""
    found, times = [], []
    for query in queries:
        start = time.perf_counter()
        found.append(search(query))
        times.append(1e3 * (time.perf_counter() - start))
    best = [truth.best(query, weight, count) for query in queries]
    p50, p95 = np.percentile(times, (50, 95))
    return SearchFigures(
        what=what,
        matches=len(truth.ids),
        recall_10=_recall(found, best, 10),
        recall=_recall(found, best, count),
        always_full=all(len(each) == min(count, len(truth.ids)) for each in found),
        p50_ms=round(float(p50), 3),
        p95_ms=round(float(p95), 3),
    )


def _recall(found: Sequence[list[int]], best: Sequence[list[int]], count: int) -> float:
    pairs = list(zip(found, best, strict=True))
    right = sum(len(set(one[:count]) & set(other[:count])) for one, other in pairs)
    return round(right / sum(len(other[:count]) for _, other in pairs), 4)
