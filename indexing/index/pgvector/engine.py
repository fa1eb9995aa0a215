"""The pgvector engine: every search is one statement on the shared database.

Servers hold no vectors and open at once; a committed garment is found by the next statement
everywhere.
"""

import logging
from collections.abc import Sequence
from typing import Final

from sqlalchemy.orm import Session

from catalog.cache import QueryCache
from catalog.database import Database
from indexing.bulk.records import GarmentChange
from indexing.index.engine import Neighbours
from indexing.index.pgvector.requirements import (
    create_extension,
    prepare_connections,
    wrong_settings,
)
from indexing.index.pgvector.statement import Branch, NearestStatement, exact_limit
from indexing.index.pgvector.tables import VectorTables
from indexing.index.vector_rows import prune_old_changes
from indexing.search.query import Query
from indexing.types import Hit, ModelFingerprint
from segmentation.classes import GarmentClass
from segmentation.progress import Progress

_LOG: Final = logging.getLogger(__name__)
MANY_ADDED: Final = 5_000
"""Garments that a run must add at least, ..."""
GROWTH: Final = 4
"""... and as a multiple of those there, to build the indices at its end."""
MANY_SECONDS: Final = 60.0
"""Time before a filter that many pass is counted again; the hits do not depend on it."""
COUNTED_SECONDS: Final = 600.0
"""The same for all garments, which takes longer."""


class PgvectorEngine:
    """Nearest vectors of one model by pgvector.

    The first opening makes extension, table and indices, which takes as long as `rebuild`; later
    ones only check the connection's settings.
    """

    def __init__(self, database: Database, model_id: int, fingerprint: ModelFingerprint) -> None:
        """Check the server and make what is missing; EngineNotReady says what to do."""
        self.fingerprint = fingerprint
        self._database = database
        self._model_id = model_id
        self._passed_by_many = QueryCache[bool](size=1_000, seconds=MANY_SECONDS)
        self._limit = QueryCache[int](size=1, seconds=COUNTED_SECONDS)
        create_extension(database.engine)
        prepare_connections(database.engine)
        self._tables = VectorTables(database, model_id, fingerprint)
        if not self._tables.is_prepared():
            _LOG.info("making the vector table of %s", fingerprint.key)
            self._tables.prepare()

    def nearest(self, session: Session, query: Query, depth: int) -> Neighbours:
        limit = self._limit.get_or_compute("", lambda: exact_limit(self._tables.count()))
        branch: Branch = "index" if self._passed_by_many.get(query.filters) else "either"
        found, passing = self._run(session, query, depth, limit, branch)
        if passing > limit:
            self._passed_by_many.put(query.filters, True)
        # An index may end before enough are found: of few, or where those that pass lie far off.
        if len(found.hits) < query.count and not 0 < passing <= limit:
            found, _ = self._run(session, query, depth, limit, "exact")
        return found

    def _run(
        self, session: Session, query: Query, depth: int, limit: int, branch: Branch
    ) -> tuple[Neighbours, int]:
        """The hits, and the sixth column of `NearestStatement.select`."""
        statement = NearestStatement(self._model_id, self.fingerprint, query, depth, limit, branch)
        rows = session.execute(statement.select()).all()
        hits = [Hit(row[0], row[2], row[3], row[4]) for row in rows]
        products = {row[0]: row[1] for row in rows}
        return Neighbours(hits, products), rows[0][5] if rows else 0

    def apply(self, changes: Sequence[GarmentChange]) -> None:
        """Nothing: the transaction has changed the table."""

    def refresh_if_stale(self, session: Session) -> None:
        """Nothing: every statement sees what is committed."""

    def refresh(self) -> int:
        """Return 0: every statement sees what is committed."""
        return 0

    def expect(self, count: int) -> None:
        """Drop the indices if a run adds several times what they hold.

        To build them at its end takes a fourth of the processor time; searches are exact until
        then.
        """
        if count >= max(MANY_ADDED, GROWTH * self._tables.count()):
            self._tables.drop_indices()

    def publish(self) -> None:
        """Build the indices that `expect` dropped; shorten the log that FAISS indices read."""
        if not self._tables.is_prepared():
            self._tables.prepare()
        prune_old_changes(self._database)

    def rebuild(self, progress: Progress | None = None) -> int:
        return self._tables.rebuild(progress)

    def counts(self) -> dict[GarmentClass, int]:
        return self._tables.counts()

    def problems(self, session: Session) -> list[str]:
        connection = session.connection()
        return [*wrong_settings(connection), *self._tables.problems(connection)]

    def size(self) -> int:
        return self._tables.size()

    def retire(self) -> None:
        """Nothing: another model has rows and indices of its own."""

    def close(self) -> None:
        """Nothing: the database is closed by whoever opened it."""
