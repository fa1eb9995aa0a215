"""The base of a class index: immutable vectors with exact scores, above a limit with IVF indices.

Up to `building.EXACT_LIMIT` vectors are float32 and scanned exhaustively, in about a millisecond.
More are int16 in a memory-mapped file (quantised in steps of 1/32767: scores are off by about 1e-5,
an eighth of float16's error); IVF indices with RaBitQ codes select candidates, which are ranked by
exact scores.

A score is (1 - w) * style + w * colour with a weight w chosen by the query. Lists and codes built
for one weight suit others badly, so the same vectors have three indices, each scaled by its own
weight, and a query uses the nearest one. At 50,000 vectors and w = 1 recall@10 was .82 with one
index and 1.0 with three.

IVF + RaBitQ: Gao and Long, SIGMOD 2024, in FAISS's fast scan (André et al., VLDB 2015), which
halves the time at equal recall. qb = 8: with fewer bits of the query recall breaks down.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np
import numpy.typing as npt

from indexing.types import GarmentIds, Vector, Vectors

Slots = npt.NDArray[np.int64]
"""Row numbers of a base."""
Stored = npt.NDArray[np.float32] | npt.NDArray[np.int16]

STEPS: Final = int(np.iinfo(np.int16).max)
"""Scale of the int16 quantisation."""
QUERY_BITS: Final = 8
FOR_RESULTS: Final = 40
"""Number of results for which the effort is calibrated."""
CHUNK: Final = 4_000
"""Vectors that are scored at once."""
_SEED: Final = 5


@dataclass(frozen=True)
class SearchEffort:
    """Search effort that reaches the wanted recall at a query weight: lists and candidates.

    `lists` is None where no number of lists suffices.
    """

    weight: float
    lists: int | None
    ranked: int


class IvfIndex:
    """An IVF index of vectors scaled by one colour weight, with its search effort (`probes`)."""

    def __init__(self, index: Any, weight: float, style_dimension: int) -> None:
        self.index = index
        self.weight = weight
        self.probes: tuple[SearchEffort, ...] = ()
        self._scale = scale(weight, style_dimension, index.d)
        self._axes = random_axes(index.d)

    @property
    def lists(self) -> int:
        return int(self.index.nlist)

    def candidates(self, query: Vector, weight: float, count: int) -> Slots | None:
        """Rows that probably include the best `count` for a weighted query; None: scan all."""
        below = [each for each in self.probes if each.weight <= weight] or [self.probes[0]]
        above = [each for each in self.probes if each.weight >= weight] or [self.probes[-1]]
        # The larger effort of the two calibrated weights around this one.
        near = below[-1], above[0]
        if any(each.lists is None for each in near):
            return None
        lists = max(each.lists or 0 for each in near)
        depth = max(1.0, count / FOR_RESULTS)
        ranked = max(each.ranked for each in near)
        nearest_lists, wanted = round(lists * depth**0.5), round(ranked * depth)
        slots = self.search_codes(query[None], nearest_lists, wanted)[0]
        return np.asarray(slots[slots >= 0])

    def search_codes(self, queries: Vectors, lists: int, count: int) -> Slots:
        """The best rows by their codes in the nearest lists, shape (n, count); padded with -1."""
        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe, parameters.qb = min(lists, self.lists), QUERY_BITS
        turned = (queries / self._scale) @ self._axes
        return np.asarray(self.index.search(turned, count, params=parameters)[1])

    def centroids(self) -> Vectors:
        """Centroids of the lists, shape (lists, d)."""
        return np.asarray(self.index.quantizer.reconstruct_n(0, self.lists))

    def write(self, path: Path) -> None:
        faiss.write_index(self.index, str(path))


def scale(weight: float, style_dimension: int, dimension: int) -> Vector:
    """Factors (d,) that weight a vector's halves by a colour weight."""
    factors = np.full(dimension, weight, np.float32)
    factors[:style_dimension] = 1.0 - weight
    return factors


def random_axes(dimension: int) -> Vectors:
    """A random rotation, which spreads the variance: RaBitQ uses one bit per dimension."""
    noise = np.random.default_rng(_SEED).normal(size=(dimension, dimension))
    return np.asarray(np.linalg.qr(noise)[0], np.float32)


def index_for(indices: tuple[IvfIndex, ...], weight: float) -> IvfIndex:
    """The index with the nearest weight."""
    bounds = [(low + high) / 2 for low, high in pairwise(each.weight for each in indices)]
    return indices[sum(weight > bound for bound in bounds)]


class ExactVectors:
    """Immutable vectors with optional IVF indices.

    Attributes:
        ids: distinct garment ids, shape (n,), in any order.
        vectors: shape (n, d), float32 or int16 (`STEPS`), in memory or a mapped file.
        ivf_indices: empty where every search scans exhaustively.
    """

    def __init__(
        self,
        ids: GarmentIds,
        vectors: Stored,
        style_dimension: int,
        ivf_indices: tuple[IvfIndex, ...] = (),
    ) -> None:
        self.ids = ids
        self.vectors = vectors
        self.ivf_indices = ivf_indices
        self.style_dimension = style_dimension
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    def __len__(self) -> int:
        return len(self.ids)

    def slots_of(self, ids: GarmentIds) -> Slots:
        """Rows of the given ids; ids without a row are left out."""
        if not len(self.ids) or not len(ids):
            return np.zeros(0, np.int64)
        positions = np.minimum(np.searchsorted(self._sorted, ids), len(self.ids) - 1)
        return np.asarray(self._order[positions[self._sorted[positions] == ids]])

    def rows(self, slots: Slots) -> Vectors:
        """The vectors of these rows, shape (n, d), as float32."""
        return _numbers(self.vectors[slots])

    def chunks(self) -> Iterator[Vectors]:
        """All vectors in order, in chunks of some thousand."""
        for start in range(0, len(self), CHUNK):
            yield _numbers(self.vectors[start : start + CHUNK])

    def scores(self, query: Vector, slots: Slots | None = None) -> Vector:
        """Exact inner products of a weighted query with these rows, by default with all."""
        chunks = self.chunks() if slots is None else self._chunks_of(slots)
        return np.concatenate([query[:0], *(chunk @ query for chunk in chunks)])

    def _chunks_of(self, slots: Slots) -> Iterator[Vectors]:
        for start in range(0, len(slots), CHUNK):
            yield self.rows(slots[start : start + CHUNK])

    def candidates(self, query: Vector, weight: float, count: int) -> Slots | None:
        """Rows that contain the best `count` at this weight; None where a full scan is needed."""
        if not self.ivf_indices:
            return None
        # A query is a single row, and the networks use the other cores; the setting is per thread.
        faiss.omp_set_num_threads(1)
        return index_for(self.ivf_indices, weight).candidates(query, weight, count)


def _numbers(stored: Stored) -> Vectors:
    if stored.dtype == np.int16:
        return stored.astype(np.float32) * np.float32(1 / STEPS)
    return np.asarray(stored, np.float32)


def best_first(scores: Vector, count: int) -> Slots:
    """Indices of the highest `count` scores, in descending order."""
    if count < len(scores):
        top = np.argpartition(-scores, count - 1)[:count]
        return top[np.argsort(-scores[top], kind="stable")]
    return np.argsort(-scores, kind="stable")
