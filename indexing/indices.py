"""The index of each garment class over one data folder, kept equal to the database.

Opening reads the files and then the changes that the database has numbered since, not all ids.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.files import bytes_of
from indexing.base import build_base
from indexing.errors import IndexDamaged, ModelMismatch
from indexing.index import ClassIndex
from indexing.published import drafting, read_base, read_manifest
from indexing.records import ModelFingerprint
from indexing.snapshot import IndexSnapshot
from indexing.stages import GarmentChange, GarmentIds, Vectors
from indexing.vectors import (
    changes_since,
    class_vectors,
    forget_changes,
    forgets,
    latest_change,
    oldest_change,
    stored_counts,
    stored_ids,
    stored_vectors,
)
from segmentation.classes import GARMENT_CLASSES, GarmentClass

_LOG: Final = logging.getLogger(__name__)
INDEX_FOLDER: Final = "index"
SECONDS_BETWEEN_LOOKS: Final = 0.5
"""How often searches look for what another process has written."""

REBUILT_BEYOND: Final = 50_000
"""So many changes, and half of what is there: all is read anew rather than change by change."""
CHANGES_KEPT: Final = 100_000
"""So many changes that all files hold stay in the log, for other processes that are behind."""
FORGOTTEN_AT_ONCE: Final = 10_000
"""Fewer are not worth a transaction."""

Progress = Callable[[int, int], None]
"""Told how many garments of how many are done."""
Added = dict[GarmentClass, list[tuple[GarmentIds, Vectors]]]


class ClassIndices:
    """Three indices and their files; made from files where these are sound, else from vectors.

    `damage` says which files could not be used, one line each.
    """

    def __init__(
        self, data: Path, database: Database, model_id: int, fingerprint: ModelFingerprint
    ) -> None:
        self._folder = data / INDEX_FOLDER
        self._database = database
        self._model_id = model_id
        self._fingerprint = fingerprint
        # Held from before the database is read until the change is made: a refresh must not
        # take away what another thread has committed and added in between.
        self._lock = threading.Lock()
        self._looked = time.monotonic()
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
            index = ClassIndex.load(self._manifest(garment_class), self._fingerprint)
        except FileNotFoundError:
            return self._built(session, garment_class)
        except (IndexDamaged, ModelMismatch) as error:
            problem = str(error).partition(";")[0]
            _LOG.warning("%s; made anew from the database", problem)
            self.damage.append(f"{problem}; made anew from the database on opening")
            return self._built(session, garment_class)
        if index.seen > latest_change(session):
            _LOG.warning("the database is older than the %s index", garment_class.label)
            return self._built(session, garment_class)
        if forgets(session, index.seen):
            _LOG.info("the %s index is older than the log of changes", garment_class.label)
            return self._built(session, garment_class)
        return index

    def _built(self, session: Session, garment_class: GarmentClass) -> ClassIndex:
        """A class's index made anew from the stored vectors."""
        seen = latest_change(session)
        count = stored_counts(session, self._model_id)[garment_class]
        with drafting(self._manifest(garment_class)) as draft:
            parts = class_vectors(session, self._model_id, garment_class)
            index = ClassIndex(
                self._fingerprint, build_base(parts, count, self._fingerprint, draft), seen
            )
            index.save(self._manifest(garment_class))
        return index

    def _snapshots(self) -> list[IndexSnapshot]:
        return [index.snapshot for index in self._indices.values()]

    def snapshot(self, garment_class: GarmentClass) -> IndexSnapshot:
        """A class's vectors as they are now."""
        return self._indices[garment_class].snapshot

    def apply(self, changes: Sequence[GarmentChange]) -> None:
        """Take over what was committed."""
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
                self._merge_where_due(garment_class)

    def _merge_where_due(self, garment_class: GarmentClass) -> None:
        index = self._indices[garment_class]
        if index.is_due() and not self._retired:
            index.merge_beside(self._manifest(garment_class), self.forget)

    def look(self, session: Session) -> None:
        """Catch up if the database has changed since; looks twice a second at most."""
        if time.monotonic() - self._looked < SECONDS_BETWEEN_LOOKS:
            return
        self._looked = time.monotonic()
        if latest_change(session) > min(index.seen for index in self._indices.values()):
            self.refresh()

    def refresh(self) -> int:
        """Catch up with the database; number of garments added and removed."""
        with self._lock, self._database.session() as session:
            last = latest_change(session)
            seen = min(index.seen for index in self._indices.values())
            if forgets(session, seen):
                return self._rebuild(session)
            numbers, ids = changes_since(session, self._model_id, seen)
            touched = np.unique(ids)
            if len(touched) > max(REBUILT_BEYOND, sum(map(len, self._snapshots())) // 2):
                return self._rebuild(session)
            added: Added = {each: [] for each in GARMENT_CLASSES}
            for garment_class, found, vectors in stored_vectors(session, self._model_id, touched):
                added[garment_class].append((found, vectors))
            changed = 0
            for garment_class, index in self._indices.items():
                newer = np.unique(ids[numbers > index.seen])
                changed += _caught_up(index, newer, added[garment_class], last)
                self._merge_where_due(garment_class)
        return changed

    def rebuild(self, progress: Progress | None = None) -> int:
        """Make all anew from the stored vectors and publish them; number of garments.

        What is there serves until all is made, and changes go on meanwhile.
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
        # What was committed since the session began.
        self.refresh()
        self.damage.clear()
        return sum(map(len, self._snapshots()))

    def _rebuild(self, session: Session) -> int:
        self._indices = {each: self._built(session, each) for each in GARMENT_CLASSES}
        return sum(map(len, self._snapshots()))

    def retire(self) -> None:
        """Publish nothing from now on: another model's indices take over the files."""
        with self._lock:
            self._retired = True
        for index in self._indices.values():
            index.wait()

    def save(self) -> None:
        """Publish the files of all that changed."""
        if self._retired:
            return
        for garment_class, index in list(self._indices.items()):
            index.save(self._manifest(garment_class))

    def forget(self) -> int:
        """Shorten the database's log by what all files hold; number of changes deleted.

        A process that is further behind, or files from a backup, read all vectors instead.
        """
        with self._database.session() as session:
            kept = latest_change(session) - CHANGES_KEPT
            before = min(kept, *(self._published(each) for each in GARMENT_CLASSES))
            if before - oldest_change(session) < FORGOTTEN_AT_ONCE:
                return 0
        return forget_changes(self._database, before)

    def _published(self, garment_class: GarmentClass) -> int:
        """The last change in a class's files, whichever process wrote them; 0 without."""
        try:
            return read_manifest(self._manifest(garment_class)).change
        except (FileNotFoundError, IndexDamaged):
            return 0

    def close(self) -> None:
        """Publish, once no merge is under way."""
        for index in self._indices.values():
            index.wait()
        self.save()

    def differences(self, session: Session) -> dict[GarmentClass, int]:
        """Number of garments by which each index differs from the database."""
        return {
            garment_class: len(np.setxor1d(ids, self.snapshot(garment_class).live_ids()))
            for garment_class, ids in stored_ids(session, self._model_id).items()
        }

    def check_file(self, garment_class: GarmentClass) -> None:
        """Read a class's files as on opening, and raise what `published.read_base` raises."""
        read_base(self._manifest(garment_class), self._fingerprint)

    def size(self) -> int:
        """Bytes of all files that are there while it looks: a rebuild replaces them."""
        return bytes_of(self._folder.glob("*.*"))

    def _manifest(self, garment_class: GarmentClass) -> Path:
        return self._folder / f"{garment_class.label}.json"


def _caught_up(
    index: ClassIndex, ids: GarmentIds, added: list[tuple[GarmentIds, Vectors]], last: int
) -> int:
    """Bring an index to a change of the database; number of garments added and removed."""
    fresh = [
        (found[wanted], vectors[wanted])
        for found, vectors in added
        if (wanted := np.isin(found, ids)).any()
    ]
    came = np.concatenate([ids[:0], *(found for found, _ in fresh)])
    lost = np.setdiff1d(index.snapshot.holds(ids), came)
    index.change(fresh, lost, last)
    return len(came) + len(lost)
