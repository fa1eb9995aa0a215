"""The index of one class while vectors come and go: changed, merged, published and read back.

A change costs what it changes, not what is there: the delta (`indexing.snapshot`) grows in place,
where no snapshot looks yet. When it has grown large a new base is built beside the searches and
takes over.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from indexing.base import EXACT_LIMIT, Base, build_base, empty_base
from indexing.memory import give_back
from indexing.published import Manifest, drafting, publish_base, read_base
from indexing.records import ModelFingerprint
from indexing.snapshot import IndexSnapshot, counted, snapshot_of
from indexing.stages import GarmentIds, Vectors

DELTA_SHARE: Final = 20
"""The delta is merged when it holds more than one in this many of the base's vectors ..."""
DELTA_LEAST: Final = 2_000
"""... but never below this ..."""
DELTA_MOST: Final = 20_000
"""... and always beyond this: a scan of so many takes about a millisecond."""
LOG_MOST: Final = 100_000
"""So many changes of the database are read on opening at most."""
_FIRST_CAPACITY: Final = 256

Buffer = TypeVar("Buffer", GarmentIds, Vectors)


def _grown(buffer: Buffer, used: int, needed: int) -> Buffer:
    """A larger copy; snapshots keep the old one."""
    grown = np.zeros((max(needed, 2 * len(buffer)), *buffer.shape[1:]), buffer.dtype)
    grown[:used] = buffer[:used]
    return grown


_BUILDING: Final = threading.Lock()
"""Held while a base is built: the classes grow alike, and three at once take three times as much
memory and are done no sooner."""


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
        return counted(replace(snapshot, dead=dead, delta_dead=delta_dead))

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
        return counted(
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
        with _BUILDING, drafting(manifest) as draft:
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
