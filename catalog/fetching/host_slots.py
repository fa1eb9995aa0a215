"""Slots for requests to a host, which all processes on one PostgreSQL database share.

A slot is an advisory lock of a connection, so that it is free again when its process dies. It is
held for `per_host` times `host_pause` at least: together the slots start no more requests than one
process may. With SQLite there is one process, whose own limits do.
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from sqlalchemy import Connection, Engine, TextClause, text
from sqlalchemy.exc import SQLAlchemyError

from catalog.database import Database
from catalog.errors import HostFailed
from catalog.fetching.hosts import FetchLimits

_SPACE: Final = 5_817_306
"""First key of the locks; the second one is made of host and number."""
_POLL_SECONDS: Final = 0.1
_TRY: Final = text("SELECT pg_try_advisory_lock(:space, :key)")
_FREE: Final = text("SELECT pg_advisory_unlock(:space, :key)")


@contextmanager
def shared_slots(database: Database, limits: FetchLimits) -> Iterator["HostSlots | None"]:
    """The slots of a database, closed at the end; None where its process is alone."""
    if database.is_sqlite:
        yield None
        return
    slots = HostSlots(database.engine, limits)
    try:
        yield slots
    finally:
        slots.close()


class HostSlots:
    """Slots that one process takes; any of its threads may."""

    def __init__(self, engine: Engine, limits: FetchLimits) -> None:
        self._engine = engine.execution_options(isolation_level="AUTOCOMMIT")
        self._limits = limits
        self._lock = threading.Lock()
        self._connection: Connection | None = None
        self._held: set[int] = set()

    @contextmanager
    def turn(self, host: str, closing: threading.Event) -> Iterator[None]:
        """Hold one of the host's slots; HostFailed if `closing` is set before one is free."""
        while (key := self._taken(host)) is None:
            if closing.wait(_POLL_SECONDS):
                raise HostFailed("unreachable", "the run was stopped; start it again")
        until = time.monotonic() + self._limits.per_host * self._limits.host_pause
        try:
            yield
        finally:
            closing.wait(max(0.0, until - time.monotonic()))
            self._free(key)

    def _taken(self, host: str) -> int | None:
        """Take a slot; None where none is free, or the database does not answer."""
        with self._lock:
            for number in range(self._limits.per_host):
                key = _key(host, number)
                # The server would give a lock to its connection twice.
                if key not in self._held and self._run(_TRY, key):
                    self._held.add(key)
                    return key
        return None

    def _free(self, key: int) -> None:
        with self._lock:
            if key in self._held:
                self._held.discard(key)
                self._run(_FREE, key)

    def _run(self, statement: TextClause, key: int) -> bool:
        try:
            if self._connection is None:
                self._connection = self._engine.connect()
            parameters = {"space": _SPACE, "key": key}
            return bool(self._connection.execute(statement, parameters).scalar())
        except SQLAlchemyError:  # the server has freed what a lost connection held
            self._drop()
            return False

    def _drop(self) -> None:
        self._held.clear()
        if self._connection is not None:
            with suppress(SQLAlchemyError):
                self._connection.invalidate()
                self._connection.close()
            self._connection = None

    def close(self) -> None:
        """Free all slots."""
        with self._lock:
            self._drop()


def _key(host: str, number: int) -> int:
    digest = hashlib.sha256(f"{host} {number}".encode()).digest()
    return int.from_bytes(digest[:4], "big", signed=True)
