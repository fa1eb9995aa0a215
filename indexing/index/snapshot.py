"""Immutable snapshot of a class index, and the search in it.

    base    most vectors (`indexing.index.exact`), replaced only as a whole
    dead    mask of its rows that have been removed or replaced since
    delta   vectors added since, a few thousand, scanned exhaustively

`indexing.index.class_index` creates a new snapshot for every change.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from indexing.index.exact import ExactVectors, Slots, best_first, scale
from indexing.types import GarmentIds, Hit, Vector, Vectors

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class IndexSnapshot:
    """The vectors of a class at one moment; any number of threads may search it.

    `dead` (n,) and `delta_dead` (m,) mark removed rows of the base and of the delta.
    """

    base: ExactVectors
    dead: Flags
    delta_ids: GarmentIds
    delta: Vectors
    delta_dead: Flags

    @cached_property
    def in_base(self) -> int:
        """Number of rows of the base that are not removed."""
        return len(self.dead) - int(self.dead.sum())

    @cached_property
    def _in_delta(self) -> int:
        return len(self.delta_dead) - int(self.delta_dead.sum())

    def __len__(self) -> int:
        return self.in_base + self._in_delta

    def live_ids(self) -> GarmentIds:
        """All ids, in any order."""
        return np.concatenate([self.base.ids[~self.dead], self.delta_ids[~self.delta_dead]])

    def existing(self, ids: GarmentIds) -> GarmentIds:
        slots = self.base.slots_of(ids)
        alive = self.base.ids[slots[~self.dead[slots]]]
        return np.concatenate([alive, np.intersect1d(self.delta_ids[~self.delta_dead], ids)])

    def parts(self) -> Iterator[tuple[GarmentIds, Vectors]]:
        """All ids with their vectors, in chunks of some thousand."""
        start = 0
        for chunk in self.base.chunks():
            alive = ~self.dead[start : start + len(chunk)]
            yield self.base.ids[start : start + len(chunk)][alive], chunk[alive]
            start += len(chunk)
        yield self.delta_ids[~self.delta_dead], self.delta[~self.delta_dead]

    def search(
        self, vector: Vector, colour_weight: float, count: int, allowed: Sequence[int] | None = None
    ) -> list[Hit]:
        """The nearest of the allowed garments, or of all, in descending order of score.

        With `allowed`, and up to `building.EXACT_LIMIT` vectors, the search is exact; otherwise
        recall@10 is at least 0.99 (`building.TARGET_RECALL`).
        """
        if not len(self) or (allowed is not None and not len(allowed)):
            return []
        cut = self.base.style_dimension
        query = vector.astype(np.float32) * scale(colour_weight, cut, len(vector))
        if allowed is None:
            slots, scores = self._nearest_in_base(query, colour_weight, count)
            rows = np.flatnonzero(~self.delta_dead)
        else:
            ids = np.array(allowed, np.int64)
            slots = self.base.slots_of(ids)
            slots = slots[~self.dead[slots]]
            scores = self.base.scores(query, slots)
            rows = np.flatnonzero(~self.delta_dead & np.isin(self.delta_ids, ids))
        every = np.concatenate([scores, self.delta[rows] @ query])
        best = best_first(every, count)
        return self._hits(vector, slots, rows, best, every[best])

    def _nearest_in_base(self, query: Vector, weight: float, count: int) -> tuple[Slots, Vector]:
        """Rows of the base that include its best `count`, with their scores."""
        slots = self.base.candidates(query, weight, count)
        if slots is not None:
            slots = slots[~self.dead[slots]]
            if len(slots) >= min(count, self.in_base):
                return slots, self.base.scores(query, slots)
        alive = np.flatnonzero(~self.dead)
        return alive, self.base.scores(query)[alive]

    def _hits(
        self, vector: Vector, slots: Slots, rows: Slots, best: Slots, scores: Vector
    ) -> list[Hit]:
        split = len(slots)
        ids = np.concatenate([self.base.ids[slots], self.delta_ids[rows]])[best]
        vectors = np.empty((len(best), len(vector)), np.float32)
        in_base = best < split
        vectors[in_base] = self.base.rows(slots[best[in_base]])
        vectors[~in_base] = self.delta[rows[best[~in_base] - split]]
        cut = self.base.style_dimension
        styles = vectors[:, :cut] @ vector[:cut]
        colours = vectors[:, cut:] @ vector[cut:]
        return [
            Hit(int(garment_id), float(score), float(style), float(colour))
            for garment_id, score, style, colour in zip(ids, scores, styles, colours, strict=True)
        ]


def snapshot_of(base: ExactVectors) -> IndexSnapshot:
    """A snapshot of a base without changes."""
    return IndexSnapshot(
        base=base,
        dead=np.zeros(len(base), bool),
        delta_ids=np.zeros(0, np.int64),
        delta=np.zeros((0, base.vectors.shape[1]), np.float32),
        delta_dead=np.zeros(0, bool),
    )
