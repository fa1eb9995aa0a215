"""The bulk of a class's vectors: immutable, in files, searched exactly or by candidates.

Up to `EXACT_LIMIT` vectors are float32 and scanned whole, in about a millisecond. Beyond, they
are 16-bit integers in a memory-mapped file (a step is 1/32767, so a score is off by about 1e-5,
an eighth of what float16 would do), `indexing.views` names candidates, and these are ranked by
exact scores. How many lists a view must look into is measured when it is built, on vectors of
its own, against the exact scan; where no number of lists is enough, the scan answers.
"""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import faiss
import numpy as np
import numpy.typing as npt

from indexing.records import ModelFingerprint, Vector
from indexing.stages import GarmentIds, Vectors
from indexing.views import (
    RANKED_AGAIN,
    VIEW_WEIGHTS,
    Probes,
    Slots,
    View,
    build_view,
    sample_size,
    scale,
    view_for,
)

EXACT_LIMIT: Final = 20_000
"""More vectors than this are searched by candidates."""
STEPS: Final = 32767
"""A stored integer is a number times this."""
WANTED_RECALL: Final = 0.996
"""Of the ten best by exact scores, on `_TRIED` queries at each weight; 0.99 is promised."""
MARGIN: Final = 1.25
"""So many times the lists that were enough on those queries: others are less lucky."""
_TRIED: Final = 200
_CHUNK: Final = 4_000
_SEED: Final = 7
# A page's query is one row, and torch wants the cores.
SEARCH_THREADS: Final = 1

Stored = npt.NDArray[np.float32] | npt.NDArray[np.int16]


class Base:
    """Vectors that do not change.

    Attributes:
        ids: garment ids, shape (n,), in any order; no id twice.
        vectors: shape (n, d), float32 or int16 (`STEPS`), in memory or a mapped file.
        views: none where every search scans everything.
    """

    def __init__(
        self,
        ids: GarmentIds,
        vectors: Stored,
        style_dimension: int,
        views: tuple[View, ...] = (),
    ) -> None:
        self.ids = ids
        self.vectors = vectors
        self.views = views
        self.style_dimension = style_dimension
        self._order = np.argsort(ids, kind="stable")
        self._sorted = ids[self._order]

    def __len__(self) -> int:
        return len(self.ids)

    def slots_of(self, ids: GarmentIds) -> Slots:
        """Rows of those ids that are here."""
        if not len(self.ids) or not len(ids):
            return np.zeros(0, np.int64)
        places = np.minimum(np.searchsorted(self._sorted, ids), len(self.ids) - 1)
        return np.asarray(self._order[places[self._sorted[places] == ids]])

    def rows(self, slots: Slots) -> Vectors:
        """Vectors (n, d) as float32."""
        return _numbers(self.vectors[slots])

    def chunks(self) -> Iterator[Vectors]:
        """All vectors in order, some thousand at a time."""
        for start in range(0, len(self), _CHUNK):
            yield _numbers(self.vectors[start : start + _CHUNK])

    def scores(self, query: Vector, slots: Slots | None = None) -> Vector:
        """Exact inner products of a weighted query with these rows, or with all."""
        if slots is None:
            return np.concatenate([chunk @ query for chunk in self.chunks()] or [query[:0]])
        parts = [
            self.rows(slots[start : start + _CHUNK]) @ query
            for start in range(0, len(slots), _CHUNK)
        ]
        return np.concatenate(parts or [query[:0]])

    def candidates(self, query: Vector, weight: float, count: int) -> Slots | None:
        """Slots that hold the best `count` at this weight; None: all must be scanned."""
        if not self.views:
            return None
        # OpenMP keeps this per thread, and web servers search on many.
        faiss.omp_set_num_threads(SEARCH_THREADS)
        return view_for(self.views, weight).candidates(query, weight, count)


def _numbers(stored: Stored) -> Vectors:
    if stored.dtype == np.int16:
        return stored.astype(np.float32) * np.float32(1 / STEPS)
    return np.asarray(stored, np.float32)


def empty_base(fingerprint: ModelFingerprint) -> Base:
    """A base without vectors."""
    nothing = np.zeros((0, fingerprint.dimension), np.float32)
    return Base(np.zeros(0, np.int64), nothing, fingerprint.style_dimension)


def build_base(
    parts: Iterable[tuple[GarmentIds, Vectors]],
    count: int,
    fingerprint: ModelFingerprint,
    scratch: Path,
    earlier: Base | None = None,
) -> Base:
    """A base of up to `count` vectors that come part by part; memory stays small.

    Args:
        scratch: an absent file; large vectors are written there and mapped from there.
        earlier: a base of mostly the same vectors, whose lists' centres may serve again.
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
    base = Base(ids[:filled], vectors[:filled], fingerprint.style_dimension)
    base.views = tuple(_measured(view, base) for view in _views_of(base, earlier))
    return base


def _gathered(parts: list[tuple[GarmentIds, Vectors]], fingerprint: ModelFingerprint) -> Base:
    if not parts:
        return empty_base(fingerprint)
    return Base(
        np.concatenate([ids for ids, _ in parts]),
        np.concatenate([rows for _, rows in parts]).astype(np.float32, copy=False),
        fingerprint.style_dimension,
    )


def _views_of(base: Base, earlier: Base | None) -> Iterator[View]:
    generator = np.random.default_rng(_SEED)
    chosen = np.sort(generator.choice(len(base), sample_size(len(base)), replace=False))
    sample = base.rows(chosen)
    # Centres found among half as many vectors still fit; fewer lists would be too long.
    serves = earlier is not None and 2 * len(earlier) > len(base)
    old = {view.weight: view for view in earlier.views} if earlier and serves else {}
    for weight in VIEW_WEIGHTS:
        centroids = old[weight].centroids() if weight in old else None
        yield build_view(base.chunks(), sample, len(base), weight, base.style_dimension, centroids)


@dataclass(frozen=True, eq=False)
class Trial:
    """Weighted queries (q, d) and the slots (q, 10) of the ten best of each, itself left out."""

    queries: Vectors
    truth: Slots


def _measured(view: View, base: Base) -> View:
    """The view with the least numbers of lists that give the wanted recall at its weights."""
    generator = np.random.default_rng(_SEED)
    slots = generator.choice(len(base), min(_TRIED, len(base)), replace=False)
    queries = base.rows(slots)
    found = []
    for weight in VIEW_WEIGHTS[view.weight]:
        weighted = queries * scale(weight, base.style_dimension, queries.shape[1])
        truth = _ten_best(base, weighted, slots)
        found.append(_least_work(view, weight, Trial(weighted, truth)))
    view.probes = tuple(found)
    return view


def _ten_best(base: Base, queries: Vectors, own: Slots) -> Slots:
    """Slots (q, 10) of the ten best of each query, exact, itself left out."""
    kept_scores = np.full((len(queries), 0), -np.inf, np.float32)
    kept = np.zeros((len(queries), 0), np.int64)
    for number, chunk in enumerate(base.chunks()):
        slots = np.arange(len(chunk)) + number * _CHUNK
        scores = queries @ chunk.T
        scores[own[:, None] == slots[None]] = -np.inf
        kept_scores = np.hstack([kept_scores, scores])
        kept = np.hstack([kept, np.broadcast_to(slots, scores.shape)])
        best = np.argpartition(-kept_scores, 9, axis=1)[:, :10]
        kept_scores = np.take_along_axis(kept_scores, best, 1)
        kept = np.take_along_axis(kept, best, 1)
    return kept


def _least_work(view: View, weight: float, trial: Trial) -> Probes:
    """The lists and candidates that give the wanted recall in the least time."""
    least = Probes(weight, None, RANKED_AGAIN[-1])
    for ranked in RANKED_AGAIN:
        lists = _fewest_lists(view, trial, ranked)
        if lists is None:
            continue
        probes = Probes(weight, min(view.lists, round(lists * MARGIN)), ranked)
        if least.lists and view.cost(probes) >= view.cost(least):
            break
        least = probes
    return least


def _fewest_lists(view: View, trial: Trial, ranked: int) -> int | None:
    """With so many candidates; None where half of all lists are not enough."""
    steps = list(_rising(max(4, view.lists // 64), view.lists // 2))
    place = bisect_left(steps, WANTED_RECALL, key=lambda lists: _recall(view, trial, lists, ranked))
    return steps[place] if place < len(steps) else None


def _rising(first: int, last: int) -> Iterator[int]:
    """Numbers from first to last, each about an eighth larger than the one before."""
    while first <= last:
        yield first
        first = max(first + 1, first * 9 // 8)


def _recall(view: View, trial: Trial, lists: int, ranked: int) -> float:
    """Share of the ten best among the candidates: exact scores find them there."""
    # One call for all queries: beside an import each call waits for Python's lock.
    found = view.look_for_all(trial.queries, lists, ranked)
    both = zip(found, trial.truth, strict=True)
    return sum(int(np.isin(best, row).sum()) for row, best in both) / trial.truth.size


def best_first(scores: Vector, count: int) -> Slots:
    """Places of the highest `count` scores, the highest first."""
    if count < len(scores):
        places = np.argpartition(-scores, count - 1)[:count]
        return places[np.argsort(-scores[places], kind="stable")]
    return np.argsort(-scores, kind="stable")
