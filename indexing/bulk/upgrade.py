"""`apparel upgrade`: migrate a data folder to the current models, from its stored photos.

    DATA/apparel.db, migrated -> copied to DATA/upgrade -> every photo segmented and embedded there
    -> changes made meanwhile copied -> renamed over the old database

The old database serves searches until the rename and is not written to. A run may be stopped at
any moment; another run resumes it. Where only the encoder differs, `reembed` works in place.
"""

import sqlite3
import time
from collections.abc import Generator, Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Select, delete, exists, select

from catalog.data_folder.layout import INDEX, UPGRADE, clear_folder
from catalog.data_folder.lock import serving
from catalog.database import Database, open_database
from catalog.errors import FolderInUse
from catalog.files import flush, publishing
from catalog.importing.records import PendingPhoto
from catalog.importing.removal import unused_copies
from catalog.models import DATABASE_NAME, Base, GarmentRow, ModelRow, PhotoRow, VectorRow
from catalog.photos import PhotoStore
from indexing.bulk.pipeline import index_read_photos
from indexing.bulk.reader import readable_copy
from indexing.bulk.records import ReadPhoto, SkippedPhoto
from indexing.bulk.reembed import reembed, skip_damaged
from indexing.clock import StageClock
from indexing.errors import IndexingError
from indexing.index.vector_rows import active_model, fingerprint_of, model_row
from indexing.types import Embedder
from segmentation.progress import Progress

_PHOTOS_PER_ROUND: Final = 64
_NOT_COPIED: Final = {
    *("product", "photo", "finding"),  # in part, by `_copy_changes`
    *("attribute", "garment", "vector", "vector_change", "catalogue_version", "model"),
}
"""Tables that the upgrade makes again; all others are copied wholly, parents first."""
_KEPT_FINDINGS: Final = """
    INSERT INTO finding (id, check_name, key, product_id, photo_id, reason, score, is_fine)
    SELECT id, check_name, key, product_id, photo_id, reason, score, is_fine FROM live.finding
    WHERE is_fine OR garment_id IS NULL"""
"""Findings that outlive the old garments: photos without any, and what was marked as fine."""


@dataclass(frozen=True)
class UpgradeSummary:
    """Summary of an upgrade.

    Attributes:
        before, after: keys of the models; equal where only the tables were migrated.
        without_garment: photos on which the new segmenter detects no garment.
        damaged: photos whose stored copy could not be read, as PRODUCT: PHOTO.
    """

    before: str
    after: str
    photos: int
    garments: int
    without_garment: int
    damaged: tuple[str, ...]
    seconds: float


def upgrade(
    data: Path, embedder: Embedder, progress: Progress, database_url: str | None = None
) -> UpgradeSummary:
    """Migrate a data folder and process every photo with the embedder's models.

    Raises:
        FolderInUse: all is ready, but a server has the old database open.
        IndexingError: another segmenter for a catalogue in PostgreSQL.
    """
    started, after = time.monotonic(), embedder.fingerprint
    work = _Upgrade(data, embedder, progress)
    with closing(open_database(data, database_url)) as database:
        with database.session() as session:
            active = active_model(session)
            before = fingerprint_of(active) if active else after
        is_same_segmenter = before.segmenter == after.segmenter
        if is_same_segmenter and before.encoder != after.encoder:
            work.reembed(database)
    if not is_same_segmenter:
        if database_url is not None:
            raise IndexingError(
                "another segmenter needs a new database: name one with APPAREL_DATABASE_URL and "
                "run `apparel index` into it"
            )
        work.run()
    return UpgradeSummary(
        before=before.key,
        after=after.key,
        photos=work.photos,
        garments=work.garments,
        without_garment=work.without_garment,
        damaged=tuple(work.damaged),
        seconds=time.monotonic() - started,
    )


class _Upgrade:
    """An upgrade of a data folder, with its counts."""

    def __init__(self, data: Path, embedder: Embedder, progress: Progress) -> None:
        self.photos = self.garments = self.without_garment = 0
        self.damaged: list[str] = []
        self._data = data
        self._folder = data / UPGRADE
        self._store = PhotoStore(data)
        self._embedder = embedder
        self._progress = progress

    def reembed(self, database: Database) -> None:
        """Embed every garment with the new encoder, in place."""
        done = reembed(database, self._store, self._embedder, self._progress)
        self.photos, self.garments, self.damaged = done.photos, done.garments, [*done.damaged]

    def run(self) -> None:
        """Segment and embed every photo into a copy of the database, then switch."""
        self._folder.mkdir(exist_ok=True)
        with serving(self._folder, "upgrade"):
            self._prepare()
            while True:
                version = _catalogue_version(self._data / DATABASE_NAME)
                _copy_changes(self._data / DATABASE_NAME, self._folder / DATABASE_NAME)
                self._embed_pending()
                if self._switch(version):
                    break
        clear_folder(self._data, UPGRADE)

    def _prepare(self) -> None:
        """Copy the database, unless there is a copy for these models."""
        copy = self._folder / DATABASE_NAME
        if copy.exists() and self._new_model_id() is None:
            copy.unlink()
        if not copy.exists():
            with publishing(copy) as temporary:
                _copy_database(self._data / DATABASE_NAME, temporary)
            with closing(open_database(self._folder)) as copied, copied.transaction() as session:
                model_row(session, self._embedder.fingerprint)

    def _new_model_id(self) -> int | None:
        fingerprint = self._embedder.fingerprint
        with closing(open_database(self._folder)) as copied, copied.session() as session:
            return session.scalar(
                select(ModelRow.id).where(
                    ModelRow.segmenter == fingerprint.segmenter,
                    ModelRow.encoder == fingerprint.encoder,
                )
            )

    def _embed_pending(self) -> None:
        model_id = self._new_model_id()
        assert model_id is not None  # created by `_prepare`
        with closing(open_database(self._folder)) as copied:
            with copied.session() as session:
                ids = session.scalars(_pending(model_id)).all()
            for start in range(0, len(ids), _PHOTOS_PER_ROUND):
                self._embed(copied, model_id, ids[start : start + _PHOTOS_PER_ROUND])
                self._progress(min(start + _PHOTOS_PER_ROUND, len(ids)), len(ids))

    def _embed(self, database: Database, model_id: int, ids: Sequence[int]) -> None:
        with database.session() as session:
            rows = session.scalars(select(PhotoRow).where(PhotoRow.id.in_(ids))).all()
        unreadable: list[int] = []
        photos = self._read(rows, unreadable)
        for batch in index_read_photos(photos, self._embedder, database, model_id, StageClock()):
            self.photos += batch.photos
            self.garments += batch.garments
            self.without_garment += len(batch.skips)
        if unreadable:
            with database.transaction() as session:
                self.damaged += skip_damaged(session, unreadable)

    def _read(
        self, rows: Iterable[PhotoRow], unreadable: list[int]
    ) -> Generator[ReadPhoto | SkippedPhoto, None, None]:
        for row in rows:
            photo = readable_copy(self._store, row.stored)
            if photo is None or row.stored is None or row.sha256 is None:
                unreadable.append(row.id)
                continue
            pending = PendingPhoto(
                row.id, row.product_id, self._store.path(row.stored), row.position
            )
            yield ReadPhoto(pending, row.sha256, row.stored, photo)

    def _switch(self, version: tuple[int, ...]) -> bool:
        """Replace the database with the copy; False where the database has changed meanwhile."""
        model_id = self._new_model_id()
        with closing(open_database(self._folder)) as copied, copied.transaction() as session:
            session.execute(delete(ModelRow).where(ModelRow.id != model_id))
            session.get_one(ModelRow, model_id).active = True
        live = self._data / DATABASE_NAME
        _copy_changes(live, self._folder / DATABASE_NAME)
        with serving(self._data, "upgrade"), closing(_exclusive_connection(live)) as held:
            if _version_of(held) != version:
                return False
            held.rollback()
            held.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            clear_folder(self._data, INDEX)
            (self._folder / DATABASE_NAME).replace(live)
            flush(self._data)
        self._remove_unused_copies()
        return True

    def _remove_unused_copies(self) -> None:
        with closing(open_database(self._data)) as live, live.session() as session:
            names = [
                path.relative_to(self._store.root) for path in self._store.root.glob("*/*.jpg")
            ]
            left = unused_copies(session, [name.as_posix() for name in names])
        for name in left.stored:
            self._store.remove(name)


def _pending(model_id: int) -> Select[Any]:
    """Select ids of the indexed photos without a garment of this model."""
    of_model = (
        exists()
        .where(GarmentRow.photo_id == PhotoRow.id)
        .where(VectorRow.garment_id == GarmentRow.id, VectorRow.model_id == model_id)
    )
    return select(PhotoRow.id).where(PhotoRow.status == "indexed", ~of_model).order_by(PhotoRow.id)


# -- raw SQL on both databases


def _copy_database(source: Path, target: Path) -> None:
    with closing(sqlite3.connect(source)) as live, closing(sqlite3.connect(target)) as copy:
        live.backup(copy)


def _catalogue_version(database: Path) -> tuple[int, ...]:
    with closing(sqlite3.connect(database)) as connection:
        return _version_of(connection)


def _version_of(connection: sqlite3.Connection) -> tuple[int, ...]:
    """Numbers that change with every write to the catalogue."""
    version = connection.execute("SELECT max(number) FROM catalogue_version").fetchone()[0]
    change = connection.execute("SELECT max(id) FROM vector_change").fetchone()[0]
    keys = connection.execute("SELECT count(*), count(revoked_at) FROM api_key").fetchone()
    return (version or 0, change or 0, *keys)


def _exclusive_connection(database: Path) -> sqlite3.Connection:
    """A connection with an exclusive lock; FolderInUse where the database is open elsewhere."""
    connection = sqlite3.connect(database, timeout=0)
    try:
        connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        connection.execute("BEGIN EXCLUSIVE")
    except sqlite3.OperationalError as error:
        connection.close()
        raise FolderInUse(
            f"every photo is done, but {database} is in use; stop the server and run "
            "`apparel upgrade` again, which then takes only a moment"
        ) from error
    return connection


def _copy_changes(live: Path, copy: Path) -> None:
    """Copy from the live database what does not depend on the models, as it is now."""
    with closing(sqlite3.connect(copy)) as connection:
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("ATTACH DATABASE ? AS live", (str(live),))
        with connection:
            for table in ("photo", "product"):
                connection.execute(
                    f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM live.{table})"
                )
            _upsert(
                connection, "product", "SELECT * FROM live.product EXCEPT SELECT * FROM product"
            )
            changed = """
                SELECT theirs.* FROM live.photo AS theirs
                LEFT JOIN main.photo AS mine ON mine.id = theirs.id
                WHERE mine.id IS NULL OR mine.position != theirs.position OR (
                    mine.sha256 IS NOT theirs.sha256 AND mine.skip_code IS NOT 'damaged_copy')"""
            _upsert(connection, "photo", changed)
            # A parent before its children, whose rows go with it.
            for table in (each.name for each in Base.metadata.sorted_tables):
                if table not in _NOT_COPIED:
                    connection.execute(f"DELETE FROM {table}")
                    connection.execute(f"INSERT INTO {table} SELECT * FROM live.{table}")
            connection.execute("DELETE FROM finding")
            connection.execute(_KEPT_FINDINGS)


def _upsert(connection: sqlite3.Connection, table: str, rows: str) -> None:
    columns = [row[1] for row in connection.execute(f"PRAGMA main.table_info({table})")]
    values = connection.execute(rows).fetchall()
    ids = [(value[columns.index("id")],) for value in values]
    if table == "photo":
        connection.executemany("DELETE FROM garment WHERE photo_id = ?", ids)
    settings = ", ".join(f'"{name}" = excluded."{name}"' for name in columns if name != "id")
    marks = ", ".join("?" * len(columns))
    connection.executemany(
        f"INSERT INTO {table} VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {settings}", values
    )
