"""Query photos of visitors by random tokens, which expire."""

import secrets

from search_app.errors import QueryExpired
from search_app.search.query_bytes import query_from_bytes, query_to_bytes
from search_app.search.uploads import StoredQuery
from search_app.security.expiring import ExpiringRows


class QueryStore:
    """Query photos in memory, or encrypted in a shared database; thread-safe."""

    def __init__(self, rows: ExpiringRows) -> None:
        self._rows = rows

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
            raise QueryExpired("this photo is no longer kept; upload it again")
        return query_from_bytes(content)

    def drop(self, token: str) -> None:
        self._rows.drop(token)

    def __len__(self) -> int:
        return len(self._rows)
