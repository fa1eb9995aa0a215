"""Query photos of visitors by random tokens: in memory, or encrypted in a shared database."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final, Protocol

from catalog.database import Database
from search_app.errors import QueryExpired
from search_app.search.query_bytes import query_from_bytes, query_to_bytes
from search_app.search.uploads import StoredQuery
from search_app.security.sealed import SealedRows

_EXPIRED: Final = "this photo is no longer kept; upload it again"


class QueryStore(Protocol):
    """Interface of a store of query photos that expire; safe to use from several threads."""

    def add(self, stored: StoredQuery) -> str:
        """Store a query and return its token."""
        ...

    def put(self, token: str, stored: StoredQuery) -> None:
        """Store a query under this token, replacing the previous one."""
        ...

    def get(self, token: str) -> StoredQuery:
        """The query of a token; restarts its time.

        Raises:
            QueryExpired: unknown, dropped or too old.
        """
        ...

    def drop(self, token: str) -> None:
        """Delete a query."""
        ...

    def __len__(self) -> int: ...


class MemoryQueries:
    """Query photos in memory; at most `count`, the oldest are dropped first.

    A query is dropped `seconds` after its last use. Safe to use from several threads.
    """

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._count = count
        self._seconds = seconds
        self._clock = clock
        self._queries: OrderedDict[str, tuple[float, StoredQuery]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, stored: StoredQuery) -> str:
        """Store a query and return its token."""
        token = secrets.token_urlsafe(16)
        self.put(token, stored)
        return token

    def put(self, token: str, stored: StoredQuery) -> None:
        """Store a query under this token, replacing the previous one."""
        with self._lock:
            self._queries[token] = (self._clock(), stored)
            self._queries.move_to_end(token)
            self._drop_old()

    def get(self, token: str) -> StoredQuery:
        """The query of a token; restarts its time.

        Raises:
            QueryExpired: unknown, dropped or too old.
        """
        with self._lock:
            self._drop_old()
            if token not in self._queries:
                raise QueryExpired(_EXPIRED)
            _, stored = self._queries.pop(token)
            self._queries[token] = (self._clock(), stored)
            return stored

    def drop(self, token: str) -> None:
        """Delete a query."""
        with self._lock:
            self._queries.pop(token, None)

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._queries)

    def _drop_old(self) -> None:
        """Drop expired and surplus queries from the front, which has the oldest."""
        oldest = self._clock() - self._seconds
        while self._queries:
            used, _ = next(iter(self._queries.values()))
            if len(self._queries) <= self._count and used >= oldest:
                return
            self._queries.popitem(last=False)


class DatabaseQueries:
    """Query photos that every server on the database has; see `search_app.security.sealed`."""

    def __init__(self, database: Callable[[], Database], count: int, seconds: float) -> None:
        self._rows = SealedRows(database, "query", count, seconds, renewed=True)

    def add(self, stored: StoredQuery) -> str:
        """Store a query and return its token."""
        token = secrets.token_urlsafe(16)
        self.put(token, stored)
        return token

    def put(self, token: str, stored: StoredQuery) -> None:
        """Store a query under this token, replacing the previous one."""
        self._rows.put(token, query_to_bytes(stored))

    def get(self, token: str) -> StoredQuery:
        """The query of a token; restarts its time. Raises QueryExpired."""
        content = self._rows.get(token)
        if content is None:
            raise QueryExpired(_EXPIRED)
        return query_from_bytes(content)

    def drop(self, token: str) -> None:
        """Delete a query."""
        self._rows.drop(token)

    def __len__(self) -> int:
        return len(self._rows)
