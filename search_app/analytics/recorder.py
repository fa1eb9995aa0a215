"""Writes searches and events to the database in batches, off the path of a request.

A request only appends to a bounded list. A thread writes the list every few seconds, and deletes
what is older than the retention. If the database cannot be written, the batch is dropped.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from typing import Final

from sqlalchemy import delete, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.errors import CatalogError
from catalog.models import Product, SearchEventRow, SearchRow
from search_app.jobs.repeated import RepeatedWork

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_WRITES: Final = 3.0
SECONDS_FOR_SEARCH: Final = 2 * SECONDS_BETWEEN_WRITES
"""An event waits as long for its search, which another server may have still to write."""
MAX_WAITING: Final = 5_000
"""Searches and events in memory; more are dropped and counted."""
MAX_SEARCHES: Final = 200_000
"""Searches that are kept; the oldest beyond are deleted, whatever the retention."""
MAX_EVENTS: Final = 50
"""Events of one search; more are ignored."""

Entry = SearchRow | tuple[float, SearchEventRow]
"""A search, or an event and when it came."""


class Recorder:
    """Records searches and events; safe to use from several threads.

    Args:
        enabled: if False, nothing is recorded and searches have no id.
        days: how long searches are kept.
    """

    def __init__(self, enabled: bool, days: int) -> None:
        self.enabled = enabled
        self.dropped = 0
        self._days = days
        self._waiting: list[Entry] = []
        self._lock = threading.Lock()
        self._thread = RepeatedWork(
            "analytics", self._write, SECONDS_BETWEEN_WRITES, (CatalogError, SQLAlchemyError)
        )
        self._database: Callable[[], Database] | None = None
        self._swept = date.min

    def start(self, database: Callable[[], Database]) -> None:
        """Start the writing thread; `database` gives the one in use."""
        self._database = database
        if self.enabled:
            self._thread.start()

    def search(self, record: Callable[[], SearchRow]) -> str:
        """Record a search and return its id, "" where none is recorded.

        Args:
            record: called only if analytics are on.
        """
        if not self.enabled:
            return ""
        row = record()
        row.id = search_id = secrets.token_urlsafe(16)
        return search_id if self._append(row) else ""

    def event(self, event: SearchEventRow) -> None:
        """Record an event; one of an unknown search or product is ignored when it is written."""
        if self.enabled:
            self._append((time.monotonic(), event))

    def _append(self, entry: Entry) -> bool:
        with self._lock:
            if len(self._waiting) >= MAX_WAITING:
                self.dropped += 1
                return False
            self._waiting.append(entry)
            return True

    def flush(self) -> None:
        """Write what waits."""
        with self._lock:
            entries, self._waiting = self._waiting, []
        if not entries or self._database is None:
            return
        try:
            with self._database().transaction() as session:
                early = _write(session, entries)
        except (CatalogError, SQLAlchemyError) as error:
            self.dropped += len(entries)
            _log.warning("%d searches and events were not recorded: %s", len(entries), error)
            return
        with self._lock:
            self._waiting += early

    def sweep(self) -> None:
        """Delete searches older than the retention, and the oldest beyond `MAX_SEARCHES`."""
        if self._database is None:
            return
        oldest = datetime.now(UTC).date() - timedelta(days=self._days)
        with self._database().transaction() as session:
            session.execute(delete(SearchRow).where(SearchRow.day < oldest))
            surplus = session.scalar(select(func.count()).select_from(SearchRow)) or 0
            surplus -= MAX_SEARCHES
            if surplus > 0:
                ids = select(SearchRow.id).order_by(SearchRow.day).limit(surplus)
                session.execute(delete(SearchRow).where(SearchRow.id.in_(ids)))

    def close(self) -> None:
        """Write what waits and stop."""
        self._thread.close()
        self.flush()

    def _write(self) -> bool:
        self.flush()
        today = datetime.now(UTC).date()
        if self._swept != today:
            self._swept = today
            self.sweep()
        return False


def _write(session: Session, entries: Iterable[Entry]) -> list[Entry]:
    """Write the searches, then the events; return those to try again."""
    events: list[tuple[float, SearchEventRow]] = []
    for entry in entries:
        if isinstance(entry, SearchRow):
            session.add(entry)
        else:
            events.append(entry)
    ids = {event.search_id for _, event in events}
    searches = set(session.scalars(select(SearchRow.id).where(SearchRow.id.in_(ids))))
    _write_events(session, [event for _, event in events if event.search_id in searches])
    earliest = time.monotonic() - SECONDS_FOR_SEARCH
    return [
        (came, event)
        for came, event in events
        if event.search_id not in searches and came > earliest
    ]


def _write_events(session: Session, events: list[SearchEventRow]) -> None:
    """Write the events of known products, each once."""
    ids = {each.search_id for each in events}
    named = {each.product_id for each in events}
    products = set(session.scalars(select(Product.id).where(Product.id.in_(named))))
    columns = (SearchEventRow.search_id, SearchEventRow.event, SearchEventRow.product_id)
    stored = session.execute(select(*columns).where(SearchEventRow.search_id.in_(ids)))
    seen: dict[str, set[tuple[str, str]]] = {}
    for search_id, event, product_id in stored:
        seen.setdefault(search_id, set()).add((event, product_id))
    for each in events:
        before = seen.setdefault(each.search_id, set())
        key = (each.event, each.product_id)
        if each.product_id in products and key not in before and len(before) < MAX_EVENTS:
            before.add(key)
            session.add(each)
