"""IVF indices with RaBitQ codes, which select candidates among many vectors.

A score is (1 - w) * style + w * colour with a weight w chosen by the query. Lists and codes built
for one weight suit others badly, so the same vectors have three indices, each scaled by its own
weight, and a query uses the nearest one. At 50,000 vectors and w = 1 recall@10 was .82 with one
index and 1.0 with three. Candidates are ranked by exact scores afterwards.

IVF + RaBitQ: Gao and Long, SIGMOD 2024, in FAISS's fast scan (André et al., VLDB 2015), which
halves the time at equal recall. qb = 8: with fewer bits of the query recall breaks down.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import faiss
import numpy as np
import numpy.typing as npt

from indexing.errors import IndexDamaged
from indexing.types import Vector, Vectors

Slots = npt.NDArray[np.int64]
"""Row numbers of a base."""

INDEX_WEIGHTS: Final = {0.15: (0.0, 0.3), 0.5: (0.3, 0.5, 0.7), 0.85: (0.7, 1.0)}
"""Weight of an index -> the query weights at which its search effort is calibrated."""
QUERY_BITS: Final = 8
CANDIDATE_COUNTS: Final = (256, 512, 1024, 2048, 4096)
"""Numbers of candidates to try for up to `FOR_RESULTS` results; the cheapest sufficient one is
used. Among a million vectors a search by colour has many near ties, which codes cannot separate."""
CANDIDATE_COST: Final = 70
"""Cost of ranking a candidate, in codes read (.7 us against 10 ns)."""
FOR_RESULTS: Final = 40
"""Number of results for which the effort is calibrated."""
_LISTS_PER_ROOT: Final = 2.0
_TRAINED_PER_LIST: Final = 32
_ROUNDS: Final = 8
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
        self._axes = _random_axes(index.d)

    @property
    def lists(self) -> int:
        """Number of IVF lists."""
        return int(self.index.nlist)

    def cost(self, probes: SearchEffort) -> float:
        """Cost of a search, in codes read."""
        list_length = self.index.ntotal / self.lists
        return float((probes.lists or 0) * list_length + probes.ranked * CANDIDATE_COST)

    def candidates(self, query: Vector, weight: float, count: int) -> Slots | None:
        """Rows that probably include the best `count`; None where a full scan is needed.

        Args:
            query: shape (d,), already weighted by `weight`.
        """
        below = [each for each in self.probes if each.weight <= weight] or [self.probes[0]]
        above = [each for each in self.probes if each.weight >= weight] or [self.probes[-1]]
        # The larger effort of the two calibrated weights around this one.
        near = below[-1], above[0]
        if any(each.lists is None for each in near):
            return None
        lists = max(each.lists or 0 for each in near)
        depth = max(1.0, count / FOR_RESULTS)
        ranked = max(each.ranked for each in near)
        return self.search_codes(query, round(lists * depth**0.5), round(ranked * depth))

    def search_codes(self, query: Vector, lists: int, count: int) -> Slots:
        """The best `count` rows by their codes, in the nearest `lists` lists."""
        slots = self.search_codes_batch(query[None], lists, count)[0]
        return np.asarray(slots[slots >= 0])

    def search_codes_batch(self, queries: Vectors, lists: int, count: int) -> Slots:
        """Like `search_codes` for several queries, shape (n, count); padded with -1."""
        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe, parameters.qb = min(lists, self.lists), QUERY_BITS
        turned = (queries / self._scale) @ self._axes
        return np.asarray(self.index.search(turned, count, params=parameters)[1])

    def centroids(self) -> Vectors:
        """Centroids of the lists, shape (lists, d)."""
        return np.asarray(self.index.quantizer.reconstruct_n(0, self.lists))

    def write(self, path: Path) -> None:
        """Write the FAISS index to a file."""
        faiss.write_index(self.index, str(path))


def scale(weight: float, style_dimension: int, dimension: int) -> Vector:
    """Factors (d,) that weight a vector's halves by a colour weight."""
    factors = np.full(dimension, weight, np.float32)
    factors[:style_dimension] = 1.0 - weight
    return factors


def _random_axes(dimension: int) -> Vectors:
    """A random rotation, which spreads the variance: RaBitQ uses one bit per dimension."""
    noise = np.random.default_rng(_SEED).normal(size=(dimension, dimension))
    return np.asarray(np.linalg.qr(noise)[0], np.float32)


def build_ivf(
    chunks: Iterable[Vectors],
    sample: Vectors,
    count: int,
    weight: float,
    style_dimension: int,
    centroids: Vectors | None = None,
) -> IvfIndex:
    """Build an index of `count` vectors from chunks.

    Args:
        sample: some of the vectors, for k-means.
        centroids: centroids of an earlier index to reuse.
    """
    dimension = sample.shape[1]
    factors, axes = scale(weight, style_dimension, dimension), _random_axes(dimension)
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


def read_ivf(path: Path, weight: float, style_dimension: int, count: int) -> IvfIndex:
    """Read an index file; IndexDamaged if invalid or of another number of vectors."""
    try:
        index: Any = faiss.read_index(str(path))
    except RuntimeError as error:
        raise IndexDamaged(f"{path.name} is no FAISS index; run `apparel rebuild`") from error
    if index.ntotal != count:
        raise IndexDamaged(f"{path.name} is not what its manifest says; run `apparel rebuild`")
    return IvfIndex(index, weight, style_dimension)


def index_for(indices: tuple[IvfIndex, ...], weight: float) -> IvfIndex:
    """The index with the nearest weight."""
    bounds = [(low + high) / 2 for low, high in pairwise(each.weight for each in indices)]
    return indices[sum(weight > bound for bound in bounds)]
