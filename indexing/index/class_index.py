"""The vector index of one garment class: add, remove, merge, publish, load.

An update costs its own size, not that of the index: the delta (`snapshot`) grows in place beyond
the rows of existing snapshots. A large delta is merged into a new base in the background.
"""

import logging
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, TypeVar

import numpy as np

from catalog.errors import CatalogError
from indexing.index.building import EXACT_LIMIT, build_base, empty_base
from indexing.index.exact import ExactVectors
from indexing.index.files import Manifest, drafting, publish_base, read_base
from indexing.index.memory import trim_memory
from indexing.index.snapshot import IndexSnapshot, snapshot_of
from indexing.types import GarmentIds, ModelFingerprint, Vectors

_LOG: Final = logging.getLogger(__name__)
DELTA_SHARE: Final = 20
"""The delta is merged when larger than the base's size divided by this ..."""
MIN_DELTA: Final = 2_000
"""... but not below this size ..."""
MAX_DELTA: Final = 20_000
"""... and always above this one, whose scan takes about a millisecond."""
MAX_LOGGED: Final = 100_000
"""Maximum number of logged changes to read on opening."""
_FIRST_CAPACITY: Final = 256

Buffer = TypeVar("Buffer", GarmentIds, Vectors)


def _grown(buffer: Buffer, used: int, needed: int) -> Buffer:
    """Copy a buffer into a larger one; snapshots keep the old array."""
    grown = np.zeros((max(needed, 2 * len(buffer)), *buffer.shape[1:]), buffer.dtype)
    grown[:used] = buffer[:used]
    return grown


_BUILDING: Final = threading.Lock()
"""Held while a base is built: concurrent builds take more memory and are no faster."""


class ClassIndex:
    """The index of one garment class: its current snapshot, its updates and its files.

    `snapshot` is immutable; changes replace it. `seen` is the last change of the database that it
    contains (`catalog.models.VectorChange`).
    """

    def __init__(
        self, fingerprint: ModelFingerprint, base: ExactVectors | None = None, seen: int = 0
    ) -> None:
        self.fingerprint = fingerprint
        self.seen = seen
        self._base_seen = seen
        self.snapshot = snapshot_of(base or empty_base(fingerprint))
        self._lock = threading.Lock()
        self._saving = threading.Lock()
        self._files: Manifest | None = None
        """Manifest of the present base; None where its files are not written."""
        self._merging: threading.Thread | None = None
        self._empty_delta()

    def _empty_delta(self) -> None:
        self._rows: dict[int, int] = {}
        self._delta_ids = np.zeros(_FIRST_CAPACITY, np.int64)
        self._delta = np.zeros((_FIRST_CAPACITY, self.fingerprint.dimension), np.float32)

    @classmethod
    def load(cls, manifest: Path, fingerprint: ModelFingerprint) -> "ClassIndex":
        """Load the index of a manifest; raises like `files.read_base`."""
        base, files = read_base(manifest, fingerprint)
        loaded = cls(fingerprint, base, files.change)
        loaded._files = files
        return loaded

    def change(
        self,
        added: Iterable[tuple[GarmentIds, Vectors]] = (),
        removed: Sequence[int] | GarmentIds = (),
        seen: int | None = None,
    ) -> None:
        """Add, replace and remove vectors atomically; `seen` is the database's last change."""
        added = [(ids, vectors) for ids, vectors in added if len(ids)]
        gone = np.concatenate([np.asarray(removed, np.int64), *(ids for ids, _ in added)])
        with self._lock:
            snapshot = self.snapshot
            if len(gone):
                snapshot = self._without(snapshot, gone)
            for ids, vectors in added:
                snapshot = self._with(snapshot, ids, vectors)
            self.snapshot = snapshot
            self.seen = self.seen if seen is None else seen

    def _without(self, snapshot: IndexSnapshot, ids: GarmentIds) -> IndexSnapshot:
        dead, delta_dead = snapshot.dead.copy(), snapshot.delta_dead.copy()
        dead[snapshot.base.slots_of(ids)] = True
        rows = [self._rows.pop(each) for each in ids.tolist() if each in self._rows]
        delta_dead[rows] = True
        return replace(snapshot, dead=dead, delta_dead=delta_dead)

    def _with(self, snapshot: IndexSnapshot, ids: GarmentIds, vectors: Vectors) -> IndexSnapshot:
        """Append to the delta, beyond the rows of older snapshots."""
        start, end = len(snapshot.delta_ids), len(snapshot.delta_ids) + len(ids)
        if end > len(self._delta_ids):
            self._delta_ids = _grown(self._delta_ids, start, end)
            self._delta = _grown(self._delta, start, end)
        self._delta_ids[start:end] = ids
        self._delta[start:end] = vectors
        self._rows.update(zip(ids.tolist(), range(start, end), strict=True))
        flags = np.zeros(end, bool)
        flags[:start] = snapshot.delta_dead
        # Of an id that occurs twice the last row counts.
        for row, each in enumerate(ids.tolist(), start):
            flags[row] = self._rows[each] != row
        return replace(
            snapshot,
            delta_ids=self._delta_ids[:end],
            delta=self._delta[:end],
            delta_dead=flags,
        )

    def needs_merge(self) -> bool:
        """Whether the delta is large enough to build a new base."""
        snapshot = self.snapshot
        changed = len(snapshot.delta_ids) + len(snapshot.dead) - snapshot.in_base
        share = len(snapshot.base) // DELTA_SHARE
        return (
            changed > min(max(MIN_DELTA, share), MAX_DELTA)
            # The log, which is read on opening, is shared with the other classes.
            or (changed > 0 and self.seen - self._base_seen > MAX_LOGGED)
        )

    def merge_in_background(self, manifest: Path, then: Callable[[], object]) -> None:
        """Merge and publish on another thread, then call `then` there; one merge at a time."""

        def merge() -> None:
            self.save(manifest)
            try:
                then()
            except CatalogError as error:  # the next merge tries again
                _LOG.warning("after the merge of %s: %s", manifest.stem, error)

        if self._merging is None or not self._merging.is_alive():
            self._merging = threading.Thread(target=merge, daemon=True)
            self._merging.start()

    def wait(self) -> None:
        if self._merging is not None:
            self._merging.join()

    def save(self, manifest: Path) -> None:
        """Publish the files; a large index leaves small changes to the log in the database."""
        with self._saving:
            if self.needs_merge() or (self._has_changes() and len(self.snapshot) <= EXACT_LIMIT):
                self._merge(manifest)
            with self._lock:
                if not self._has_changes():
                    self._base_seen = self.seen
                base, seen = self.snapshot.base, self._base_seen
            if self._files is not None and self._files.change == seen and manifest.is_file():
                return
            try:
                self._files = publish_base(base, manifest, self.fingerprint, seen, self._files)
            except OSError as error:
                # The files are a cache: without them the next opening reads the database.
                _LOG.warning("%s is not written: %s", manifest.name, error.strerror)
                return
        trim_memory()

    def _has_changes(self) -> bool:
        snapshot = self.snapshot
        return bool(len(snapshot.delta_ids)) or snapshot.in_base < len(snapshot.base)

    def _merge(self, manifest: Path) -> None:
        """Build a new base from the snapshot, then apply the changes made meanwhile."""
        with self._lock:
            before, seen = self.snapshot, self.seen
        with _BUILDING, drafting(manifest) as draft:
            base = build_base(before.parts(), len(before), self.fingerprint, draft, before.base)
            self._adopt(before, base, seen)

    def _adopt(self, before: IndexSnapshot, base: ExactVectors, seen: int) -> None:
        merged = len(before.delta_ids)
        with self._lock:
            now = self.snapshot
            gone = [
                before.base.ids[now.dead & ~before.dead],
                before.delta_ids[now.delta_dead[:merged] & ~before.delta_dead],
            ]
            later = ~now.delta_dead[merged:]
            ids, vectors = now.delta_ids[merged:][later], now.delta[merged:][later]
            self._empty_delta()
            snapshot = self._without(snapshot_of(base), np.concatenate(gone))
            self.snapshot = self._with(snapshot, ids, vectors) if len(ids) else snapshot
            self._base_seen = seen
            self._files = None
