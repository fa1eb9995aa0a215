"""Candidates among very many vectors: IVF lists with RaBitQ codes, one index per view.

A score is (1 - w) * style + w * colour with w of the query's choosing. Lists and codes made for
one w serve others badly, so there are three views of the same vectors, each scaled by a weight
of its own, and a query goes to the view nearest to its w. At 50,000 vectors and w = 1 recall@10
was .82 with one view and 1.0 with three. What a view finds is ranked again by exact scores.

IVF + RaBitQ: Gao and Long, SIGMOD 2024, in FAISS's fast scan (32 codes at a time in registers,
André et al., VLDB 2015), which reads a million codes in half the time and finds the same. qb = 8:
with fewer bits of the query recall breaks down.
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
from indexing.records import Vector
from indexing.stages import Vectors

Slots = npt.NDArray[np.int64]
"""Rows of a base, in its own order."""

VIEW_WEIGHTS: Final = {0.15: (0.0, 0.3), 0.5: (0.3, 0.5, 0.7), 0.85: (0.7, 1.0)}
"""Weight of a view -> the query weights at which its number of lists is measured."""
QUERY_BITS: Final = 8
RANKED_AGAIN: Final = (256, 512, 1024, 2048, 4096)
"""Candidates that are ranked by exact scores, for up to `FOR_RESULTS` results: of these that are
enough, what costs least. Among a million, colour alone has so many near ties that codes blur
them."""
RANKED_COST: Final = 70
"""To keep a candidate and rank it takes as long as to read so many codes (.7 us and 10 ns)."""
FOR_RESULTS: Final = 40
_LISTS_PER_ROOT: Final = 2.0
_TRAINED_PER_LIST: Final = 32
_ROUNDS: Final = 8
_SEED: Final = 5


@dataclass(frozen=True)
class Probes:
    """What makes recall@10 hold at a query weight: lists to look into, candidates to rank again.

    No number of lists is enough where `lists` is None.
    """

    weight: float
    lists: int | None
    ranked: int


class View:
    """One weighting of a base's vectors. `probes` are in order of weight."""

    def __init__(self, index: Any, weight: float, style_dimension: int) -> None:
        self.index = index
        self.weight = weight
        self.probes: tuple[Probes, ...] = ()
        self._scale = scale(weight, style_dimension, index.d)
        self._axes = _random_axes(index.d)

    @property
    def lists(self) -> int:
        """Number of lists that the vectors are sorted into."""
        return int(self.index.nlist)

    def cost(self, probes: Probes) -> float:
        """What a search takes, in codes read."""
        list_length = self.index.ntotal / self.lists
        return float((probes.lists or 0) * list_length + probes.ranked * RANKED_COST)

    def candidates(self, query: Vector, weight: float, count: int) -> Slots | None:
        """Slots that probably hold the best `count`; None where only a full scan would do.

        Args:
            query: shape (d,), already weighted by `weight`.
        """
        below = [each for each in self.probes if each.weight <= weight] or [self.probes[0]]
        above = [each for each in self.probes if each.weight >= weight] or [self.probes[-1]]
        # The larger of what the two measured weights around this one need.
        near = below[-1], above[0]
        if any(each.lists is None for each in near):
            return None
        lists = max(each.lists or 0 for each in near)
        depth = max(1.0, count / FOR_RESULTS)
        ranked = max(each.ranked for each in near)
        return self.look(query, round(lists * depth**0.5), round(ranked * depth))

    def look(self, query: Vector, lists: int, count: int) -> Slots:
        """The best `count` slots by their codes, in the best `lists` lists."""
        slots = self.look_for_all(query[None], lists, count)[0]
        return np.asarray(slots[slots >= 0])

    def look_for_all(self, queries: Vectors, lists: int, count: int) -> Slots:
        """As `look` for many queries in one call, (n, count); -1 where there are no more."""
        parameters = faiss.IVFRaBitQSearchParameters()
        parameters.nprobe, parameters.qb = min(lists, self.lists), QUERY_BITS
        turned = (queries / self._scale) @ self._axes
        return np.asarray(self.index.search(turned, count, params=parameters)[1])

    def centroids(self) -> Vectors:
        """Centres of the lists, (lists, d)."""
        return np.asarray(self.index.quantizer.reconstruct_n(0, self.lists))

    def write(self, path: Path) -> None:
        """The FAISS index as a file."""
        faiss.write_index(self.index, str(path))


def scale(weight: float, style_dimension: int, dimension: int) -> Vector:
    """Factors (d,) of a vector's numbers at a colour weight."""
    factors = np.full(dimension, weight, np.float32)
    factors[:style_dimension] = 1.0 - weight
    return factors


def _random_axes(dimension: int) -> Vectors:
    """RaBitQ spends one bit a number: a random rotation makes all numbers equally telling."""
    noise = np.random.default_rng(_SEED).normal(size=(dimension, dimension))
    return np.asarray(np.linalg.qr(noise)[0], np.float32)


def build_view(
    chunks: Iterable[Vectors],
    sample: Vectors,
    count: int,
    weight: float,
    style_dimension: int,
    centroids: Vectors | None = None,
) -> View:
    """A view of `count` vectors, given chunk by chunk.

    Args:
        sample: some of the vectors, to find the lists' centres with.
        centroids: centres of an earlier view to use again.
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
    return View(index, weight, style_dimension)


def _probe_by_product(index: Any, nearest: Any) -> None:
    # Vectors go to the list whose centre is nearest; a query, which has another length, asks
    # for the lists whose centres score best.
    best = faiss.IndexFlatIP(index.d)
    best.add(nearest.reconstruct_n(0, nearest.ntotal))
    index.quantizer = best
    index.own_fields = False


def list_count(count: int) -> int:
    """How many lists for so many vectors."""
    return max(1, int(_LISTS_PER_ROOT * count**0.5))


def sample_size(count: int) -> int:
    """How many vectors to find the lists' centres with."""
    return min(count, list_count(count) * _TRAINED_PER_LIST)


def _find_centres(sample: Vectors, lists: int, nearest: Any) -> None:
    clustering = faiss.Clustering(sample.shape[1], lists)
    clustering.niter, clustering.seed = _ROUNDS, _SEED
    clustering.min_points_per_centroid = 1
    clustering.max_points_per_centroid = _TRAINED_PER_LIST
    clustering.train(np.ascontiguousarray(sample, np.float32), nearest)


def read_view(path: Path, weight: float, style_dimension: int, count: int) -> View:
    """A view from its file; IndexDamaged if it is none, or of another number of vectors."""
    try:
        index: Any = faiss.read_index(str(path))
    except RuntimeError as error:
        raise IndexDamaged(f"{path.name} is no FAISS index; run `apparel rebuild`") from error
    if index.ntotal != count:
        raise IndexDamaged(f"{path.name} is not what its manifest says; run `apparel rebuild`")
    return View(index, weight, style_dimension)


def view_for(views: tuple[View, ...], weight: float) -> View:
    """The view whose own weight is nearest."""
    bounds = [(low + high) / 2 for low, high in pairwise(each.weight for each in views)]
    return views[sum(weight > bound for bound in bounds)]
