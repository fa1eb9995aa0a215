"""The server's thread for sources: webhooks' changes at once, scheduled runs if asked to."""

import logging
import threading
from collections.abc import Callable
from typing import Final

from catalog.syncing.sources import due_sources
from indexing.collection import Collection
from search_app.errors import Busy
from search_app.jobs.runner import JobRunner
from search_app.sync.changes import apply_deliveries
from search_app.sync.run import EXPECTED, RunStopped

_log = logging.getLogger(__name__)

POLL_SECONDS: Final = 10.0
"""How often it looks for sources that are due; a webhook wakes it at once."""


class SyncWorker:
    """Applies deliveries as they come, and queues the sources that are due as jobs.

    Args:
        collection: returns the present collection, which a change of the encoder replaces.
        scheduled: whether sources are run when they are due.
    """

    def __init__(
        self, collection: Callable[[], Collection], jobs: JobRunner, scheduled: bool
    ) -> None:
        self._collection = collection
        self._jobs = jobs
        self._scheduled = scheduled
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, name="sync", daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look for deliveries now."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the present batch; what waits is in the database."""
        self._stopping.set()
        self._wake.set()
        self._thread.join(timeout=30)

    def _work(self) -> None:
        while not self._stopping.is_set():
            try:
                apply_deliveries(self._collection(), self._check)
                if self._scheduled:
                    self._queue_due()
            except RunStopped:
                break
            except (*EXPECTED, Busy) as error:
                _log.warning("sources: %s", error)
            except Exception:
                _log.exception("sources: something broke here; it is tried again")
            self._wake.wait(POLL_SECONDS)
            self._wake.clear()

    def _queue_due(self) -> None:
        with self._collection().database.session() as session:
            due = [each.source.name for each in due_sources(session) if not each.running]
        for name in due:
            self._jobs.sync(name)

    def _check(self) -> None:
        if self._stopping.is_set():
            raise RunStopped("the server stops; the deliveries wait")
