"""Leases in the database: how long they last, and the thread that renews one.

A process that is killed renews nothing, so that another may take over what it held.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import ColumnElement, or_
from sqlalchemy.orm import InstrumentedAttribute

from catalog.database import Database

_LEASE: Final = timedelta(seconds=16)
_LEASE_ON_SQLITE: Final = timedelta(minutes=2)
"""There a renewal waits for the whole transaction of an import."""
_RENEWALS: Final = 4
"""Renewals within a lease: several may fail."""


def lease_time(database: Database) -> timedelta:
    """Life of a lease after its last renewal."""
    return _LEASE_ON_SQLITE if database.is_sqlite else _LEASE


def lease_ended(
    until: InstrumentedAttribute[datetime | None], moment: datetime, database: Database
) -> ColumnElement[bool]:
    """Whether a lease is over, or ends so late that the clock was set back since."""
    return or_(until.is_(None), until < moment, until > moment + 2 * lease_time(database))


@contextmanager
def heartbeat(database: Database, renew: Callable[[], object]) -> Iterator[None]:
    """Call `renew` in a thread, again and again; what it raises is tried again."""
    ended = threading.Event()
    pause = lease_time(database).total_seconds() / _RENEWALS

    def beat() -> None:
        while not ended.wait(pause):
            try:
                renew()
            except Exception:  # the database may be away; the lease outlasts several attempts
                continue

    thread = threading.Thread(target=beat, name="lease", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
