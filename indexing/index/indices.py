"""The class indices of a data folder, synchronised with the database.

Opening reads the files and then only the changes logged since.
"""

import logging
import threading
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.files import bytes_of
from indexing.bulk.records import GarmentChange
from indexing.errors import IndexDamaged, ModelMismatch
from indexing.index.building import EXACT_LIMIT, build_base
from indexing.index.class_index import ClassIndex
from indexing.index.engine import Neighbours
from indexing.index.files import drafting, read_base, read_manifest
from indexing.index.filtered import SnapshotSearch
from indexing.index.snapshot import IndexSnapshot
from indexing.index.vector_rows import (
    changes_since,
    class_vectors,
    is_pruned,
    latest_change,
    prune_old_changes,
    stored_counts,
    stored_ids,
    stored_vectors,
)
from indexing.search.query import Query
from indexing.types import GarmentIds, ModelFingerprint, Vectors
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.progress import Progress

_LOG: Final = logging.getLogger(__name__)
INDEX_FOLDER: Final = "index"
REFRESH_SECONDS: Final = 0.5
"""Interval at which searches check for other processes' commits."""

Added = dict[GarmentClass, list[tuple[GarmentIds, Vectors]]]


class ClassIndices:
    """The FAISS engine: three class indices and their files, rebuilt from the database if damaged.

    `damage` has a line for each file that could not be used.
    """

    def __init__(
        self, data: Path, database: Database, model_id: int, fingerprint: ModelFingerprint
    ) -> None:
        self._folder = data / INDEX_FOLDER
        self._database = database
        self._model_id = model_id
        self.fingerprint = fingerprint
        # Held from before reading the database until the change is applied: a refresh must not
        # undo what another thread has committed and applied in between.
        self._lock = threading.Lock()
        self._checked_at = time.monotonic()
        self._retired = False
        self.damage: list[str] = []
        self._indices: dict[GarmentClass, ClassIndex] = {}
        with self._lock, database.session() as session:
            for garment_class in GARMENT_CLASSES:
                self._indices[garment_class] = self._opened(session, garment_class)
        self.refresh()
        self.save()

    def _opened(self, session: Session, garment_class: GarmentClass) -> ClassIndex:
        try:
            index = ClassIndex.load(self._manifest(garment_class), self.fingerprint)
        except FileNotFoundError:
            return self._built(session, garment_class)
        except (IndexDamaged, ModelMismatch) as error:
            problem = str(error).partition(";")[0]
            _LOG.warning("%s; rebuilt from the database", problem)
            self.damage.append(f"{problem}; rebuilt from the database on opening")
            return self._built(session, garment_class)
        if index.seen > latest_change(session):
            _LOG.warning("the database is older than the %s index", garment_class.label)
            return self._built(session, garment_class)
        if is_pruned(session, index.seen):
            _LOG.info("the %s index is older than the log of changes", garment_class.label)
            return self._built(session, garment_class)
        return index

    def _built(self, session: Session, garment_class: GarmentClass) -> ClassIndex:
        seen = latest_change(session)
        count = stored_counts(session, self._model_id)[garment_class]
        with drafting(self._manifest(garment_class)) as draft:
            parts = class_vectors(session, self._model_id, garment_class)
            index = ClassIndex(
                self.fingerprint, build_base(parts, count, self.fingerprint, draft), seen
            )
            index.save(self._manifest(garment_class))
        return index

    def _snapshots(self) -> list[IndexSnapshot]:
        return [index.snapshot for index in self._indices.values()]

    def snapshot(self, garment_class: GarmentClass) -> IndexSnapshot:
        return self._indices[garment_class].snapshot

    def nearest(self, session: Session, query: Query, depth: int) -> Neighbours:
        snapshots = [self._indices[each].snapshot for each in query.searched_classes]
        return SnapshotSearch(session, snapshots, query, depth).neighbours()

    def apply(self, changes: Sequence[GarmentChange]) -> None:
        removed = [int(each) for change in changes for each in change.removed]
        with self._lock:
            for garment_class, index in self._indices.items():
                added = [
                    change.added[garment_class]
                    for change in changes
                    if garment_class in change.added
                ]
                seen = index.seen
                for change in changes:
                    seen = change.last if change.after == seen else seen
                index.change(added, removed, seen)
                self._merge_if_needed(garment_class)

    def _merge_if_needed(self, garment_class: GarmentClass) -> None:
        index = self._indices[garment_class]
        if index.needs_merge() and not self._retired:
            index.merge_in_background(self._manifest(garment_class), self.prune_log)

    def refresh_if_stale(self, session: Session) -> None:
        """Apply pending database changes; checks at most twice a second."""
        if time.monotonic() - self._checked_at < REFRESH_SECONDS:
            return
        self._checked_at = time.monotonic()
        if latest_change(session) > min(index.seen for index in self._indices.values()):
            self.refresh()

    def refresh(self) -> int:
        with self._lock, self._database.session() as session:
            last = latest_change(session)
            seen = min(index.seen for index in self._indices.values())
            if is_pruned(session, seen):
                return self._rebuild(session)
            numbers, ids = changes_since(session, self._model_id, seen)
            touched = np.unique(ids)
            if len(touched) > max(EXACT_LIMIT, sum(map(len, self._snapshots())) // 2):
                return self._rebuild(session)
            added: Added = {each: [] for each in GARMENT_CLASSES}
            for garment_class, found, vectors in stored_vectors(session, self._model_id, touched):
                added[garment_class].append((found, vectors))
            changed = 0
            for garment_class, index in self._indices.items():
                newer = np.unique(ids[numbers > index.seen])
                changed += _caught_up(index, newer, added[garment_class], last)
                self._merge_if_needed(garment_class)
        return changed

    def rebuild(self, progress: Progress | None = None) -> int:
        """Rebuild and publish all indices; return the number of garments.

        Meanwhile the old indices serve searches and changes.
        """
        built: dict[GarmentClass, ClassIndex] = {}
        with self._database.session() as session:
            total = sum(stored_counts(session, self._model_id).values())
            for garment_class in GARMENT_CLASSES:
                built[garment_class] = self._built(session, garment_class)
                if progress is not None:
                    progress(sum(len(index.snapshot) for index in built.values()), total)
        with self._lock:
            self._indices = built
        # Apply what was committed since the session began.
        self.refresh()
        self.damage.clear()
        return sum(map(len, self._snapshots()))

    def _rebuild(self, session: Session) -> int:
        self._indices = {each: self._built(session, each) for each in GARMENT_CLASSES}
        return sum(map(len, self._snapshots()))

    def retire(self) -> None:
        with self._lock:
            self._retired = True
        for index in self._indices.values():
            index.wait()

    def expect(self, count: int) -> None:
        """Nothing: what is added is merged in time."""

    def publish(self) -> None:
        self.refresh()
        self.save()
        self.prune_log()

    def save(self) -> None:
        if self._retired:
            return
        for garment_class, index in list(self._indices.items()):
            index.save(self._manifest(garment_class))

    def prune_log(self) -> int:
        """Delete old log entries that all index files contain; return their number."""
        return prune_old_changes(
            self._database, [self._published(each) for each in GARMENT_CLASSES]
        )

    def _published(self, garment_class: GarmentClass) -> int:
        """Last change in a class's published files; 0 without files."""
        try:
            return read_manifest(self._manifest(garment_class)).change
        except (FileNotFoundError, IndexDamaged):
            return 0

    def close(self) -> None:
        for index in self._indices.values():
            index.wait()
        self.save()

    def counts(self) -> dict[GarmentClass, int]:
        return {each: len(self.snapshot(each)) for each in GARMENT_CLASSES}

    def problems(self, session: Session) -> list[str]:
        return [*self.damage, *self._differences(session), *self._damaged_files()]

    def _differences(self, session: Session) -> Iterator[str]:
        for garment_class, ids in stored_ids(session, self._model_id).items():
            differing = len(np.setxor1d(ids, self.snapshot(garment_class).live_ids()))
            if differing:
                yield (
                    f"{garment_class.label} index: differs from the database by {differing} "
                    "garments; run `apparel rebuild`"
                )

    def _damaged_files(self) -> Iterator[str]:
        for garment_class in GARMENT_CLASSES:
            try:
                read_base(self._manifest(garment_class), self.fingerprint)
            except FileNotFoundError:
                yield f"{garment_class.label} index: no file; run `apparel rebuild`"
            except (IndexDamaged, ModelMismatch) as error:
                yield f"{garment_class.label} index: {error}"

    def size(self) -> int:
        return bytes_of(self._folder.glob("*.*"))

    def _manifest(self, garment_class: GarmentClass) -> Path:
        return self._folder / f"{garment_class.label}.json"


def _caught_up(
    index: ClassIndex, ids: GarmentIds, added: list[tuple[GarmentIds, Vectors]], last: int
) -> int:
    """Apply database changes to an index; return the number of garments added and removed."""
    fresh = [
        (found[wanted], vectors[wanted])
        for found, vectors in added
        if (wanted := np.isin(found, ids)).any()
    ]
    came = np.concatenate([ids[:0], *(found for found, _ in fresh)])
    lost = np.setdiff1d(index.snapshot.existing(ids), came)
    index.change(fresh, lost, last)
    return len(came) + len(lost)
