"""Vectors of one class in, nearest garments out, while vectors come and go.

    base    the bulk (`indexing.base`): never changed, only replaced whole
    dead    which of its rows have been removed or replaced since
    delta   what has come since, scanned whole: a few thousand vectors

A change costs what it changes, not what is there: the delta grows in place, where no snapshot
looks yet. When it has grown large a new base is built beside the searches and takes over.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np
import numpy.typing as npt

from indexing.base import EXACT_LIMIT, Base, best_first, build_base, empty_base
from indexing.memory import give_back
from indexing.published import Manifest, drafting, publish_base, read_base
from indexing.records import Hit, ModelFingerprint, Vector
from indexing.stages import GarmentIds, Vectors
from indexing.views import Slots, scale

DELTA_SHARE: Final = 20
"""The delta is merged when it holds more than one in this many of the base's vectors ..."""
DELTA_LEAST: Final = 2_000
"""... but never below this ..."""
DELTA_MOST: Final = 20_000
"""... and always beyond this: a scan of so many takes about a millisecond."""
LOG_MOST: Final = 100_000
"""So many changes of the database are read on opening at most."""
_FIRST_CAPACITY: Final = 256

Flags = npt.NDArray[np.bool_]
Buffer = TypeVar("Buffer", GarmentIds, Vectors)


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


def _counted(snapshot: IndexSnapshot) -> IndexSnapshot:
    return replace(
        snapshot,
        in_base=len(snapshot.dead) - int(snapshot.dead.sum()),
        in_delta=len(snapshot.delta_dead) - int(snapshot.delta_dead.sum()),
    )


def _grown(buffer: Buffer, used: int, needed: int) -> Buffer:
    """A larger copy; snapshots keep the old one."""
    grown = np.zeros((max(needed, 2 * len(buffer)), *buffer.shape[1:]), buffer.dtype)
    grown[:used] = buffer[:used]
    return grown


class ClassIndex:
    """The index of one garment class: its current snapshot, and how it is replaced and kept.

    `seen` is the last change of the database that is in here (`catalog.models.VectorChange`).
    """

    def __init__(
        self, fingerprint: ModelFingerprint, base: Base | None = None, seen: int = 0
    ) -> None:
        self.fingerprint = fingerprint
        self.seen = seen
        self._base_seen = seen
        self._snapshot = snapshot_of(base or empty_base(fingerprint))
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._published: Published | None = None
        self._merging: threading.Thread | None = None
        self._empty_delta()

    def _empty_delta(self) -> None:
        self._rows: dict[int, int] = {}
        self._delta_ids = np.zeros(_FIRST_CAPACITY, np.int64)
        self._delta = np.zeros((_FIRST_CAPACITY, self.fingerprint.dimension), np.float32)

    @classmethod
    def load(cls, manifest: Path, fingerprint: ModelFingerprint) -> "ClassIndex":
        """The index that a manifest names; raises what `published.read_base` does."""
        base, published = read_base(manifest, fingerprint)
        loaded = cls(fingerprint, base, published.change)
        loaded._published = Published(base, published)
        return loaded

    @property
    def snapshot(self) -> IndexSnapshot:
        """The vectors as they are now; stays as it is while changes go on."""
        return self._snapshot

    def change(
        self,
        added: Iterable[tuple[GarmentIds, Vectors]] = (),
        removed: Sequence[int] | GarmentIds = (),
        seen: int | None = None,
    ) -> None:
        """Add and remove vectors; searches see all of it or nothing.

        A vector of an id that is here already replaces it. `seen`: the database's last change.
        """
        added = [(ids, vectors) for ids, vectors in added if len(ids)]
        gone = np.concatenate([np.asarray(removed, np.int64), *(ids for ids, _ in added)])
        with self._lock:
            snapshot = self._snapshot
            if len(gone):
                snapshot = self._without(snapshot, gone)
            for ids, vectors in added:
                snapshot = self._with(snapshot, ids, vectors)
            self._snapshot = snapshot
            self.seen = self.seen if seen is None else seen

    def _without(self, snapshot: IndexSnapshot, ids: GarmentIds) -> IndexSnapshot:
        dead, delta_dead = snapshot.dead.copy(), snapshot.delta_dead.copy()
        dead[snapshot.base.slots_of(ids)] = True
        rows = [self._rows.pop(each) for each in ids.tolist() if each in self._rows]
        delta_dead[rows] = True
        return _counted(replace(snapshot, dead=dead, delta_dead=delta_dead))

    def _with(self, snapshot: IndexSnapshot, ids: GarmentIds, vectors: Vectors) -> IndexSnapshot:
        """Append to the delta: beyond the rows that older snapshots look at."""
        start, end = len(snapshot.delta_ids), len(snapshot.delta_ids) + len(ids)
        if end > len(self._delta_ids):
            self._delta_ids = _grown(self._delta_ids, start, end)
            self._delta = _grown(self._delta, start, end)
        self._delta_ids[start:end] = ids
        self._delta[start:end] = vectors
        self._rows.update(zip(ids.tolist(), range(start, end), strict=True))
        flags = np.zeros(end, bool)
        flags[:start] = snapshot.delta_dead
        # An id that comes twice in one part: the last one counts.
        for row, each in enumerate(ids.tolist(), start):
            flags[row] = self._rows[each] != row
        return _counted(
            replace(
                snapshot,
                delta_ids=self._delta_ids[:end],
                delta=self._delta[:end],
                delta_dead=flags,
            )
        )

    def is_due(self) -> bool:
        """Whether so much has changed that a new base should be built."""
        snapshot = self._snapshot
        changed = len(snapshot.delta_ids) + len(snapshot.dead) - snapshot.in_base
        share = len(snapshot.base) // DELTA_SHARE
        return (
            changed > min(max(DELTA_LEAST, share), DELTA_MOST)
            # Another class's changes stand in the same log, which is read on opening.
            or (changed > 0 and self.seen - self._base_seen > LOG_MOST)
        )

    def merge_beside(self, manifest: Path, then: Callable[[], object]) -> None:
        """Merge and publish on a thread of its own, unless one is at it; then do `then` there."""

        def merge() -> None:
            self.save(manifest)
            then()

        if self._merging is None or not self._merging.is_alive():
            self._merging = threading.Thread(target=merge, daemon=True)
            self._merging.start()

    def wait(self) -> None:
        """Until no merge is under way."""
        if self._merging is not None:
            self._merging.join()

    def save(self, manifest: Path) -> None:
        """Publish the files; small changes to a large index wait, the database has them."""
        with self._saving:
            if self.is_due() or (self._has_changes() and len(self._snapshot) <= EXACT_LIMIT):
                self._merge(manifest)
            with self._lock:
                if not self._has_changes():
                    self._base_seen = self.seen
                base, seen = self._snapshot.base, self._base_seen
            files = None
            if self._published is not None and self._published.base is base:
                files = self._published.manifest
                if files.change == seen and manifest.is_file():
                    return
            published = publish_base(base, manifest, self.fingerprint, seen, files)
            self._published = Published(base, published)
        give_back()

    def _has_changes(self) -> bool:
        snapshot = self._snapshot
        return bool(len(snapshot.delta_ids)) or snapshot.in_base < len(snapshot.base)

    def _merge(self, manifest: Path) -> None:
        """Build a base of all there is now, then carry over what has changed meanwhile."""
        with self._lock:
            before, seen = self._snapshot, self.seen
        with drafting(manifest) as draft:
            base = build_base(before.parts(), len(before), self.fingerprint, draft, before.base)
            self._take_over(before, base, seen)

    def _take_over(self, before: IndexSnapshot, base: Base, seen: int) -> None:
        merged = len(before.delta_ids)
        with self._lock:
            now = self._snapshot
            gone = [
                before.base.ids[now.dead & ~before.dead],
                before.delta_ids[now.delta_dead[:merged] & ~before.delta_dead],
            ]
            later = ~now.delta_dead[merged:]
            ids, vectors = now.delta_ids[merged:][later], now.delta[merged:][later]
            self._empty_delta()
            snapshot = self._without(snapshot_of(base), np.concatenate(gone))
            self._snapshot = self._with(snapshot, ids, vectors) if len(ids) else snapshot
            self._base_seen = seen


@dataclass(frozen=True, eq=False)
class Published:
    """A base and the manifest of its files."""

    base: Base
    manifest: Manifest
