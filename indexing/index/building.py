"""Building of a base, with IVF indices above a limit.

The number of lists to probe is calibrated against the exact scan; where no number suffices,
searches scan exhaustively.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np

from indexing.index.exact import (
    CHUNK,
    QUERY_BITS,
    STEPS,
    ExactVectors,
    IvfIndex,
    SearchEffort,
    Slots,
    random_axes,
    scale,
)
from indexing.types import GarmentIds, ModelFingerprint, Vectors

EXACT_LIMIT: Final = 20_000
"""Number of vectors above which searches use IVF candidates."""
TARGET_RECALL: Final = 0.996
"""Recall@10 on `_CALIBRATION_QUERIES` queries at each weight, above the documented 0.99."""
MARGIN: Final = 1.25
"""Safety factor on the number of lists that sufficed for those queries."""
INDEX_WEIGHTS: Final = {0.15: (0.0, 0.3), 0.5: (0.3, 0.5, 0.7), 0.85: (0.7, 1.0)}
"""Weight of an index -> the query weights at which its search effort is calibrated."""
CANDIDATE_COUNTS: Final = (256, 512, 1024, 2048, 4096)
"""Numbers of candidates to try for up to `FOR_RESULTS` results; the cheapest sufficient one is
used. Among a million vectors a search by colour has many near ties, which codes cannot separate."""
CANDIDATE_COST: Final = 70
"""Cost of ranking a candidate, in codes read (.7 us against 10 ns)."""
_CALIBRATION_QUERIES: Final = 200
_LISTS_PER_ROOT: Final = 2.0
_TRAINED_PER_LIST: Final = 32
_ROUNDS: Final = 8
_SEED: Final = 7


def empty_base(fingerprint: ModelFingerprint) -> ExactVectors:
    """A base without vectors."""
    return _gathered((), fingerprint)


def _gathered(
    parts: Iterable[tuple[GarmentIds, Vectors]], fingerprint: ModelFingerprint
) -> ExactVectors:
    nothing = np.zeros(0, np.int64), np.zeros((0, fingerprint.dimension), np.float32)
    ids, vectors = zip(nothing, *parts, strict=True)
    return ExactVectors(np.concatenate(ids), np.concatenate(vectors), fingerprint.style_dimension)


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
        return _gathered(parts, fingerprint)
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
        slots = np.arange(len(chunk)) + number * CHUNK
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
        if least.lists and _cost(index, probes) >= _cost(index, least):
            break
        least = probes
    return least


def _cost(index: IvfIndex, effort: SearchEffort) -> float:
    """Cost of a search, in codes read."""
    list_length = index.index.ntotal / index.lists
    return float((effort.lists or 0) * list_length + effort.ranked * CANDIDATE_COST)


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
    found = index.search_codes(sample.queries, lists, ranked)
    both = zip(found, sample.truth, strict=True)
    return sum(int(np.isin(best, row).sum()) for row, best in both) / sample.truth.size


def build_ivf(
    chunks: Iterable[Vectors],
    sample: Vectors,
    count: int,
    weight: float,
    style_dimension: int,
    centroids: Vectors | None = None,
) -> IvfIndex:
    """Build an index of `count` vectors from chunks; k-means runs on a sample without centroids."""
    dimension = sample.shape[1]
    factors, axes = scale(weight, style_dimension, dimension), random_axes(dimension)
    nearest = faiss.IndexFlatL2(dimension)
    if centroids is None:
        _find_centres(np.asarray((sample * factors) @ axes, np.float32), list_count(count), nearest)
    else:
        nearest.add(centroids)
    index: Any = faiss.IndexIVFRaBitQFastScan(
        nearest, dimension, nearest.ntotal, faiss.METRIC_INNER_PRODUCT
    )
    index.qb = QUERY_BITS
    index.train((sample[:1000] * factors) @ axes)
    for vectors in chunks:
        index.add((vectors * factors) @ axes)
    _probe_by_product(index, nearest)
    return IvfIndex(index, weight, style_dimension)


def _probe_by_product(index: Any, nearest: Any) -> None:
    # Vectors are assigned to the nearest centroid; queries, whose length differs, probe the lists
    # whose centroids have the highest inner product.
    best = faiss.IndexFlatIP(index.d)
    best.add(nearest.reconstruct_n(0, nearest.ntotal))
    index.quantizer = best
    index.own_fields = False


def list_count(count: int) -> int:
    """Number of IVF lists for `count` vectors."""
    return max(1, int(_LISTS_PER_ROOT * count**0.5))


def sample_size(count: int) -> int:
    """Number of vectors in the k-means sample."""
    return min(count, list_count(count) * _TRAINED_PER_LIST)


def _find_centres(sample: Vectors, lists: int, nearest: Any) -> None:
    clustering = faiss.Clustering(sample.shape[1], lists)
    clustering.niter, clustering.seed = _ROUNDS, _SEED
    clustering.min_points_per_centroid = 1
    clustering.max_points_per_centroid = _TRAINED_PER_LIST
    clustering.train(np.ascontiguousarray(sample, np.float32), nearest)
