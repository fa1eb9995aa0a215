"""A vector in, the nearest garments of one class at one moment out.

    base    the bulk (`indexing.base`): never changed, only replaced whole
    dead    which of its rows have been removed or replaced since
    delta   what has come since, scanned whole: a few thousand vectors

`indexing.index` makes one snapshot after another; each stays as it is.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from indexing.base import Base, best_first
from indexing.records import Hit, Vector
from indexing.stages import GarmentIds, Vectors
from indexing.views import Slots, scale

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class IndexSnapshot:
    """The vectors of a class at one moment; searched by any number of threads.

    `dead` (n,) marks rows of the base, `delta_dead` (m,) of the delta, that no longer count.
    """

    base: Base
    dead: Flags
    delta_ids: GarmentIds
    delta: Vectors
    delta_dead: Flags
    in_base: int
    in_delta: int

    def __len__(self) -> int:
        return self.in_base + self.in_delta

    def live_ids(self) -> GarmentIds:
        """All ids, in no order."""
        return np.concatenate([self.base.ids[~self.dead], self.delta_ids[~self.delta_dead]])

    def holds(self, ids: GarmentIds) -> GarmentIds:
        """Those of some ids that are here."""
        slots = self.base.slots_of(ids)
        alive = self.base.ids[slots[~self.dead[slots]]]
        return np.concatenate([alive, np.intersect1d(self.delta_ids[~self.delta_dead], ids)])

    def parts(self) -> Iterator[tuple[GarmentIds, Vectors]]:
        """All ids with their vectors, some thousand at a time."""
        start = 0
        for chunk in self.base.chunks():
            alive = ~self.dead[start : start + len(chunk)]
            yield self.base.ids[start : start + len(chunk)][alive], chunk[alive]
            start += len(chunk)
        yield self.delta_ids[~self.delta_dead], self.delta[~self.delta_dead]

    def search(
        self, vector: Vector, colour_weight: float, count: int, allowed: Sequence[int] | None = None
    ) -> list[Hit]:
        """The nearest garments, the best first: min(count, those that may answer).

        Among allowed ids, and up to `base.EXACT_LIMIT` vectors, the scan is exact; else recall
        of the ten best is 0.99 or more (`base.WANTED_RECALL`).

        Args:
            vector: shape (d,), style half then colour half, each of unit length.
            colour_weight: 0 to 1; score = (1 - w) * style + w * colour.
            count: how many at most; all that are allowed when there are fewer.
            allowed: ids that may answer; None: all.
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
        """Rows of the base that hold its best `count`, and perhaps more, with their scores."""
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

    def vectors(self, ids: Sequence[int]) -> dict[int, Vector]:
        """Vectors by id, of those ids that are here."""
        wanted = np.array(ids, np.int64)
        slots = self.base.slots_of(wanted)
        slots = slots[~self.dead[slots]]
        rows = np.flatnonzero(~self.delta_dead & np.isin(self.delta_ids, wanted))
        found = dict(zip(self.base.ids[slots].tolist(), self.base.rows(slots), strict=True))
        return found | dict(zip(self.delta_ids[rows].tolist(), self.delta[rows], strict=True))


def snapshot_of(base: Base) -> IndexSnapshot:
    """A base with nothing changed since."""
    return IndexSnapshot(
        base,
        np.zeros(len(base), bool),
        np.zeros(0, np.int64),
        np.zeros((0, base.vectors.shape[1]), np.float32),
        np.zeros(0, bool),
        len(base),
        0,
    )


def counted(snapshot: IndexSnapshot) -> IndexSnapshot:
    """The same with what is alive in it counted anew."""
    return replace(
        snapshot,
        in_base=len(snapshot.dead) - int(snapshot.dead.sum()),
        in_delta=len(snapshot.delta_dead) - int(snapshot.delta_dead.sum()),
    )
