"""The index of each garment class over one data folder, kept equal to the database."""

import logging
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np

from catalog.database import Database
from indexing.errors import IndexDamaged, ModelMismatch
from indexing.index import ClassIndex, IndexSnapshot
from indexing.records import ModelFingerprint
from indexing.stages import GarmentChange
from indexing.vectors import stored_ids, stored_vectors
from segmentation.classes import GARMENT_CLASSES, GarmentClass

_LOG: Final = logging.getLogger(__name__)
INDEX_FOLDER: Final = "index"


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
        self.damage: list[str] = []
        self._indices = {each: self._load(each) for each in GARMENT_CLASSES}
        self.refresh()
        self.save()

    def _load(self, garment_class: GarmentClass) -> ClassIndex:
        try:
            return ClassIndex.load(self._manifest(garment_class), self._fingerprint)
        except FileNotFoundError:
            return ClassIndex(self._fingerprint)
        except (IndexDamaged, ModelMismatch) as error:
            problem = str(error).partition(";")[0]
            _LOG.warning("%s; made anew from the database", problem)
            self.damage.append(f"{problem}; made anew from the database on opening")
            return ClassIndex(self._fingerprint)

    def snapshot(self, garment_class: GarmentClass) -> IndexSnapshot:
        """A class's vectors as they are now."""
        return self._indices[garment_class].snapshot

    def apply(self, changes: Sequence[GarmentChange]) -> None:
        """Take over what was committed."""
        removed = [int(each) for change in changes for each in change.removed]
        with self._lock:
            for garment_class in GARMENT_CLASSES:
                added = [
                    change.added[garment_class]
                    for change in changes
                    if garment_class in change.added
                ]
                if added or removed:
                    self._indices[garment_class].change(added, removed)

    def refresh(self) -> int:
        """Catch up with the database; number of garments added and removed."""
        with self._lock:
            return self._catch_up(self._indices)

    def rebuild(self) -> int:
        """Make all anew from the stored vectors and publish them; number of garments."""
        with self._lock:
            indices = {each: ClassIndex(self._fingerprint) for each in GARMENT_CLASSES}
            count = self._catch_up(indices)
            self._indices = indices
        self.save()
        self.damage.clear()
        return count

    def _catch_up(self, indices: dict[GarmentClass, ClassIndex]) -> int:
        changed = 0
        with self._database.session() as session:
            for garment_class, ids in stored_ids(session, self._model_id).items():
                wanted = set(ids.tolist())
                have = indices[garment_class].snapshot.ids
                missing = np.array(sorted(wanted - have), np.int64)
                extra = sorted(have - wanted)
                if len(missing) or extra:
                    added = stored_vectors(session, self._model_id, missing)
                    indices[garment_class].change(added, extra)
                changed += len(missing) + len(extra)
        return changed

    def save(self) -> None:
        """Publish the files of all that changed."""
        with self._lock:
            for garment_class, index in self._indices.items():
                index.save(self._manifest(garment_class))

    def check_file(self, garment_class: GarmentClass) -> None:
        """Read a class's file as `ClassIndex.load` does, and raise what it raises."""
        ClassIndex.load(self._manifest(garment_class), self._fingerprint)

    def size(self) -> int:
        """Bytes of all files."""
        return sum(path.stat().st_size for path in self._folder.glob("*.*"))

    def _manifest(self, garment_class: GarmentClass) -> Path:
        return self._folder / f"{garment_class.label}.json"
