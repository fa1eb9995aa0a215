"""The tables of the pgvector engine: make, fill, index, compare.

`garment_vector` (migration 0021) repeats `vector` in the form that pgvector searches, with what a
search tests of each candidate. Its rows are never updated by prices or stock.
"""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotDone
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from catalog.database import Database
from indexing.index.pgvector.requirements import SCHEMA
from indexing.index.pgvector.views import VIEWS, View
from indexing.types import ModelFingerprint
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.progress import Progress

BUILD_LIST: Final = "m = 16, ef_construction = 64"
_IDS_PER_FILL: Final = 2_000
_PREPARING_LOCK: Final = 5_817_304
"""Key of the advisory lock of the process that makes tables or indices."""
_POLL_SECONDS: Final = 0.5
_BYTES_PER_NEIGHBOUR_LIST: Final = 600
_FOLLOWED: Final = (("vector", "garment_vector_follows"), ("garment", "garment_vector_moves"))
"""Tables with the triggers that keep `garment_vector` in step."""
_SAME: Final = (
    "truth.garment_id = kept.garment_id AND truth.model_id = kept.model_id"
    " AND truth.garment_class = kept.garment_class AND truth.product_nr = kept.product_nr"
    f" AND truth.worn_with = kept.worn_with AND truth.vec OPERATOR({SCHEMA}.=) kept.vec"
)
_REMOVE_WRONG: Final = f"""
    DELETE FROM garment_vector AS kept
    WHERE kept.garment_id > :after AND kept.garment_id <= :upto AND kept.model_id = :model_id
    AND NOT EXISTS (SELECT 1 FROM stored_garment_vector AS truth WHERE {_SAME})
"""
_ADD_MISSING: Final = """
    INSERT INTO garment_vector (garment_class, model_id, garment_id, product_nr, worn_with, vec)
    SELECT truth.* FROM stored_garment_vector AS truth
    WHERE truth.garment_id > :after AND truth.garment_id <= :upto AND truth.model_id = :model_id
    AND NOT EXISTS (
        SELECT 1 FROM garment_vector AS kept
        WHERE kept.garment_id = truth.garment_id AND kept.model_id = truth.model_id
    )
"""
_DIFFERENT: Final = f"""
    SELECT coalesce(truth.garment_class, kept.garment_class) AS garment_class, count(*)
    FROM (SELECT * FROM stored_garment_vector WHERE model_id = :model_id) AS truth
    FULL JOIN (SELECT * FROM garment_vector WHERE model_id = :model_id) AS kept
        ON kept.garment_id = truth.garment_id
    WHERE ({_SAME}) IS NOT TRUE
    GROUP BY 1
"""
_INDICES: Final = """
    SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    JOIN pg_am ON pg_am.oid = relam
    WHERE amname = 'hnsw' AND relname LIKE 'garment_vector_%'
    AND relnamespace = current_schema()::regnamespace
"""
_TUPLES_DONE: Final = "SELECT coalesce(max(tuples_done), 0) FROM pg_stat_progress_create_index"
_IS_FOLLOWED: Final = (
    "SELECT count(*) FROM pg_trigger WHERE NOT tgisinternal AND tgenabled <> 'D' AND (tgname,"
    " tgrelid) IN (('garment_vector_follows', to_regclass('vector')), ('garment_vector_moves',"
    " to_regclass('garment')))"
)


@dataclass(frozen=True)
class VectorIndex:
    """An HNSW index of one class, model and view."""

    garment_class: GarmentClass
    view: View
    model_id: int

    @property
    def name(self) -> str:
        return f"garment_vector_{self.garment_class.label}_{self.view.name}_{self.model_id}"

    def creation(self, model: ModelFingerprint) -> str:
        """Statement that creates it without locking out writers."""
        return (
            f"CREATE INDEX CONCURRENTLY {self.name} ON garment_vector_{self.garment_class.label}"
            f" USING hnsw ({self.view.expression(model)} {SCHEMA}.halfvec_ip_ops)"
            f" WITH ({BUILD_LIST}) WHERE model_id = {self.model_id}"
        )


@dataclass(frozen=True)
class VectorTables:
    """The rows and indices of one model in `garment_vector`."""

    database: Database
    model_id: int
    model: ModelFingerprint

    def is_prepared(self) -> bool:
        """Whether table, triggers and valid indices of the model are there."""
        with self.database.engine.connect() as connection:
            return _is_followed(connection) and not self._missing(connection)

    def prepare(self) -> None:
        """Make what is missing: table, rows, indices; one process at a time."""
        with self._alone() as connection:
            self._follow(connection)
            work = _Work(None, self.count())
            if self._missing(connection):
                self._fill(work)
            self._create_indices(connection, work)

    def rebuild(self, progress: Progress | None = None) -> int:
        """Bring rows and indices in line with the stored vectors; return the number of rows.

        Indices are rebuilt beside the old ones, which serve searches meanwhile; those of other
        models are dropped with their rows.
        """
        with self._alone() as connection:
            self._follow(connection)
            work = _Work(progress, self.count())
            self._fill(work)
            self._drop_others(connection)
            valid = self._valid(connection)
            for index in self._indices():
                if index.name in valid:
                    self._run(connection, f"REINDEX INDEX CONCURRENTLY {index.name}", work)
            self._create_indices(connection, work)
        return self.count()

    def drop_indices(self) -> None:
        """Drop the indices; `prepare` makes them again."""
        with self._alone() as connection:
            for index in self._indices():
                connection.execute(text(f"DROP INDEX IF EXISTS {index.name}"))

    def count(self) -> int:
        """Number of stored vectors of the model."""
        return self._number("SELECT count(*) FROM vector WHERE model_id = :id", id=self.model_id)

    def counts(self) -> dict[GarmentClass, int]:
        query = text(
            "SELECT garment_class, count(*) FROM garment_vector WHERE model_id = :model_id"
            " GROUP BY garment_class"
        )
        with self.database.session() as session:
            rows = session.execute(query, {"model_id": self.model_id})
            counts = {row[0]: int(row[1]) for row in rows}
        return {each: counts.get(int(each), 0) for each in GARMENT_CLASSES}

    def problems(self, connection: Connection) -> Iterator[str]:
        """Differences from the stored vectors, triggers that are off, missing indices."""
        if not _is_followed(connection):
            yield "garment_vector does not follow the stored vectors; run `apparel rebuild`"
            return
        rows = connection.execute(text(_DIFFERENT), {"model_id": self.model_id})
        for number, count in rows:
            label = GarmentClass(number).label
            yield (
                f"{label} index: differs from the database by {count} garments; run "
                "`apparel rebuild`"
            )
        for index in self._missing(connection):
            label = index.garment_class.label
            yield f"{label} index: {index.name} is missing; run `apparel rebuild`"

    def size(self) -> int:
        return self._number(
            "SELECT coalesce(sum(pg_total_relation_size(inhrelid)), 0) FROM pg_inherits"
            " WHERE inhparent = to_regclass('garment_vector')"
        )

    def _number(self, query: str, **values: int) -> int:
        with self.database.session() as session:
            return int(session.execute(text(query), values).scalar_one())

    @contextmanager
    def _alone(self) -> Iterator[Connection]:
        """A connection outside transactions, while no other process prepares."""
        engine = self.database.engine.execution_options(isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            # Not a waiting lock: its snapshot would keep the other process's index from being
            # finished.
            while not connection.scalar(text(f"SELECT pg_try_advisory_lock({_PREPARING_LOCK})")):
                time.sleep(_POLL_SECONDS)
            try:
                yield connection
            finally:
                connection.execute(text(f"SELECT pg_advisory_unlock({_PREPARING_LOCK})"))

    def _follow(self, connection: Connection) -> None:
        """Make the table if it is missing, and switch its triggers on."""
        if _is_followed(connection):
            return
        with self.database.transaction() as session:
            session.execute(text("SELECT make_garment_vector()"))
            for table, trigger in _FOLLOWED:
                session.execute(text(f"ALTER TABLE {table} ENABLE TRIGGER {trigger}"))

    def _fill(self, work: "_Work") -> None:
        """Remove wrong rows and add missing ones, some thousand at a time."""
        last = self._number("SELECT coalesce(max(id), 0) FROM garment")
        for after in range(0, last, _IDS_PER_FILL):
            some = {"after": after, "upto": after + _IDS_PER_FILL, "model_id": self.model_id}
            with self.database.transaction() as session:
                session.execute(text(_REMOVE_WRONG), some)
                session.execute(text(_ADD_MISSING), some)
            work.report(round(work.rows * min(1.0, (after + _IDS_PER_FILL) / last)))
        work.finish_step(work.rows)
        with self.database.transaction() as session:
            session.execute(text("ANALYZE garment_vector"))

    def _indices(self) -> Iterator[VectorIndex]:
        for garment_class in GARMENT_CLASSES:
            for view in VIEWS:
                yield VectorIndex(garment_class, view, self.model_id)

    def _valid(self, connection: Connection) -> set[str]:
        return {row[0] for row in connection.execute(text(_INDICES)) if row[1]}

    def _missing(self, connection: Connection) -> list[VectorIndex]:
        valid = self._valid(connection)
        return [each for each in self._indices() if each.name not in valid]

    def _create_indices(self, connection: Connection, work: "_Work") -> None:
        for index in self._missing(connection):
            # What a killed build has left.
            connection.execute(text(f"DROP INDEX IF EXISTS {index.name}"))
            self._run(connection, index.creation(self.model), work)

    def _drop_others(self, connection: Connection) -> None:
        own = {each.name for each in self._indices()}
        for name, _ in connection.execute(text(_INDICES)).all():
            if name not in own:
                connection.execute(text(f"DROP INDEX IF EXISTS {name}"))
        query = text("DELETE FROM garment_vector WHERE model_id <> :model_id")
        connection.execute(query, {"model_id": self.model_id})

    def _run(self, connection: Connection, statement: str, work: "_Work") -> None:
        """Run a statement that builds an index, with its progress."""
        needed = self.count() * (2 * self.model.dimension + _BYTES_PER_NEIGHBOUR_LIST)
        megabytes = 64 + needed // 1_000_000
        connection.execute(text(f"SET maintenance_work_mem = '{megabytes}MB'"))
        with ThreadPoolExecutor(1) as thread:
            built = thread.submit(connection.execute, text(statement))
            while True:
                try:
                    built.result(timeout=_POLL_SECONDS)
                    break
                except NotDone:
                    work.report(self._number(_TUPLES_DONE))
        connection.execute(text("RESET maintenance_work_mem"))
        work.finish_step(work.rows // len(GARMENT_CLASSES))


class _Work:
    """Progress of filling and building: the rows once, and once for each view."""

    def __init__(self, progress: Progress | None, rows: int) -> None:
        self.rows = rows
        self._progress = progress
        self._before = 0

    def report(self, done: int) -> None:
        """Report the rows done of the present step."""
        if self._progress is not None:
            total = self.rows * (1 + len(VIEWS))
            self._progress(min(self._before + done, total), total)

    def finish_step(self, rows: int) -> None:
        self._before += rows
        self.report(0)


def _is_followed(connection: Connection) -> bool:
    found: Any = connection.scalar(text(_IS_FOLLOWED))
    return bool(found == len(_FOLLOWED))
