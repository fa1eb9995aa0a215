"""The base of a class index: immutable vectors with exact scores, above a limit with IVF indices.

Up to `EXACT_LIMIT` vectors are float32 and scanned exhaustively, in about a millisecond. More are
int16 in a memory-mapped file (quantised in steps of 1/32767: scores are off by about 1e-5, an
eighth of float16's error); `indexing.index.ivf` selects candidates, which are ranked by exact
scores. The number of lists to probe is calibrated against the exact scan when an IVF index is
built; where no number suffices, searches scan exhaustively.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import faiss
import numpy as np
import numpy.typing as npt

from indexing.index.ivf import (
    CANDIDATE_COUNTS,
    INDEX_WEIGHTS,
    IvfIndex,
    SearchEffort,
    Slots,
    build_ivf,
    index_for,
    sample_size,
    scale,
)
from indexing.types import GarmentIds, ModelFingerprint, Vector, Vectors

EXACT_LIMIT: Final = 20_000
"""Number of vectors above which searches use IVF candidates."""
STEPS: Final = 32767
"""Scale of the int16 quantisation."""
TARGET_RECALL: Final = 0.996
"""Recall@10 on `_CALIBRATION_QUERIES` queries at each weight, above the documented 0.99."""
MARGIN: Final = 1.25
"""Safety factor on the number of lists that sufficed for those queries."""
_CALIBRATION_QUERIES: Final = 200
_CHUNK: Final = 4_000
_SEED: Final = 7
SEARCH_THREADS: Final = 1
"""A query is a single row, and the networks use the other cores."""

Stored = npt.NDArray[np.float32] | npt.NDArray[np.int16]


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
        for start in range(0, len(self), _CHUNK):
            yield _numbers(self.vectors[start : start + _CHUNK])

    def scores(self, query: Vector, slots: Slots | None = None) -> Vector:
        """Exact inner products of a weighted query with these rows, by default with all."""
        if slots is None:
            return np.concatenate([chunk @ query for chunk in self.chunks()] or [query[:0]])
        parts = [
            self.rows(slots[start : start + _CHUNK]) @ query
            for start in range(0, len(slots), _CHUNK)
        ]
        return np.concatenate(parts or [query[:0]])

    def candidates(self, query: Vector, weight: float, count: int) -> Slots | None:
        """Rows that contain the best `count` at this weight; None where a full scan is needed."""
        if not self.ivf_indices:
            return None
        # OpenMP's setting is per thread, and servers search on many threads.
        faiss.omp_set_num_threads(SEARCH_THREADS)
        return index_for(self.ivf_indices, weight).candidates(query, weight, count)


def _numbers(stored: Stored) -> Vectors:
    if stored.dtype == np.int16:
        return stored.astype(np.float32) * np.float32(1 / STEPS)
    return np.asarray(stored, np.float32)


def empty_base(fingerprint: ModelFingerprint) -> ExactVectors:
    """A base without vectors."""
    nothing = np.zeros((0, fingerprint.dimension), np.float32)
    return ExactVectors(np.zeros(0, np.int64), nothing, fingerprint.style_dimension)


def build_base(
    parts: Iterable[tuple[GarmentIds, Vectors]],
    count: int,
    fingerprint: ModelFingerprint,
    scratch: Path,
    earlier: ExactVectors | None = None,
) -> ExactVectors:
    """Build a base of up to `count` vectors from chunks, in little memory.

    Args:
        scratch: path of a new file; many vectors are written there and memory-mapped.
        earlier: a base of mostly the same vectors, whose centroids may be reused.
    """
    if count <= EXACT_LIMIT:
        return _gathered(list(parts), fingerprint)
    vectors = np.lib.format.open_memmap(scratch, "w+", np.int16, (count, fingerprint.dimension))
    ids = np.zeros(count, np.int64)
    filled = 0
    for new_ids, rows in parts:
        end = filled + len(new_ids)
        ids[filled:end] = new_ids
        vectors[filled:end] = np.rint(rows * STEPS)
        filled = end
    base = ExactVectors(ids[:filled], vectors[:filled], fingerprint.style_dimension)
    base.ivf_indices = tuple(_calibrated(index, base) for index in _ivf_indices_of(base, earlier))
    return base


def _gathered(
    parts: list[tuple[GarmentIds, Vectors]], fingerprint: ModelFingerprint
) -> ExactVectors:
    if not parts:
        return empty_base(fingerprint)
    return ExactVectors(
        np.concatenate([ids for ids, _ in parts]),
        np.concatenate([rows for _, rows in parts]).astype(np.float32, copy=False),
        fingerprint.style_dimension,
    )


def _ivf_indices_of(base: ExactVectors, earlier: ExactVectors | None) -> Iterator[IvfIndex]:
    generator = np.random.default_rng(_SEED)
    chosen = np.sort(generator.choice(len(base), sample_size(len(base)), replace=False))
    sample = base.rows(chosen)
    # The number of lists must fit the number of vectors.
    reusable = earlier is not None and 2 * len(earlier) > len(base)
    old = {index.weight: index for index in earlier.ivf_indices} if earlier and reusable else {}
    for weight in INDEX_WEIGHTS:
        centroids = old[weight].centroids() if weight in old else None
        yield build_ivf(base.chunks(), sample, len(base), weight, base.style_dimension, centroids)


@dataclass(frozen=True, eq=False)
class CalibrationQueries:
    """Weighted queries (q, d) and the rows (q, 10) of each one's top ten, itself excluded."""

    queries: Vectors
    truth: Slots


def _calibrated(index: IvfIndex, base: ExactVectors) -> IvfIndex:
    """Set the search effort that reaches TARGET_RECALL at each of the index's weights."""
    generator = np.random.default_rng(_SEED)
    slots = generator.choice(len(base), min(_CALIBRATION_QUERIES, len(base)), replace=False)
    queries = base.rows(slots)
    found = []
    for weight in INDEX_WEIGHTS[index.weight]:
        weighted = queries * scale(weight, base.style_dimension, queries.shape[1])
        truth = _ten_best(base, weighted, slots)
        found.append(_cheapest_effort(index, weight, CalibrationQueries(weighted, truth)))
    index.probes = tuple(found)
    return index


def _ten_best(base: ExactVectors, queries: Vectors, own: Slots) -> Slots:
    """Rows (q, 10) of each query's top ten by exact search, itself excluded."""
    best_scores = np.full((len(queries), 0), -np.inf, np.float32)
    best_slots = np.zeros((len(queries), 0), np.int64)
    for number, chunk in enumerate(base.chunks()):
        slots = np.arange(len(chunk)) + number * _CHUNK
        scores = queries @ chunk.T
        scores[own[:, None] == slots[None]] = -np.inf
        best_scores = np.hstack([best_scores, scores])
        best_slots = np.hstack([best_slots, np.broadcast_to(slots, scores.shape)])
        best = np.argpartition(-best_scores, 9, axis=1)[:, :10]
        best_scores = np.take_along_axis(best_scores, best, 1)
        best_slots = np.take_along_axis(best_slots, best, 1)
    return best_slots


def _cheapest_effort(index: IvfIndex, weight: float, sample: CalibrationQueries) -> SearchEffort:
    """Numbers of lists and candidates that reach the wanted recall at the lowest cost."""
    least = SearchEffort(weight, None, CANDIDATE_COUNTS[-1])
    for ranked in CANDIDATE_COUNTS:
        lists = _fewest_lists(index, sample, ranked)
        if lists is None:
            continue
        probes = SearchEffort(weight, min(index.lists, round(lists * MARGIN)), ranked)
        if least.lists and index.cost(probes) >= index.cost(least):
            break
        least = probes
    return least


def _fewest_lists(index: IvfIndex, sample: CalibrationQueries, ranked: int) -> int | None:
    """Smallest sufficient number of lists; None where half of all lists do not suffice."""
    steps = list(_steps(max(4, index.lists // 64), index.lists // 2))
    step = bisect_left(
        steps, TARGET_RECALL, key=lambda lists: _recall(index, sample, lists, ranked)
    )
    return steps[step] if step < len(steps) else None


def _steps(first: int, last: int) -> Iterator[int]:
    """Numbers from first to last in steps of about an eighth."""
    while first <= last:
        yield first
        first = max(first + 1, first * 9 // 8)


def _recall(index: IvfIndex, sample: CalibrationQueries, lists: int, ranked: int) -> float:
    """Share of the top ten that are among the candidates."""
    # A single call for all queries: during an import each call waits for the GIL.
    found = index.search_codes_batch(sample.queries, lists, ranked)
    both = zip(found, sample.truth, strict=True)
    return sum(int(np.isin(best, row).sum()) for row, best in both) / sample.truth.size


def best_first(scores: Vector, count: int) -> Slots:
    """Indices of the highest `count` scores, in descending order."""
    if count < len(scores):
        top = np.argpartition(-scores, count - 1)[:count]
        return top[np.argsort(-scores[top], kind="stable")]
    return np.argsort(-scores, kind="stable")
