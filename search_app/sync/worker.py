"""The server's thread for sources: webhooks' changes at once, scheduled runs if so set."""

from collections.abc import Callable
from typing import Final

from catalog.syncing.sources import due_sources
from indexing.collection import Collection
from search_app.errors import Busy
from search_app.jobs.repeated import RepeatedWork
from search_app.jobs.runner import JobRunner
from search_app.jobs.tasks import EXPECTED
from search_app.sync.changes import apply_deliveries
from search_app.sync.run import RunStopped

POLL_SECONDS: Final = 10.0
"""Time between two checks for sources that are due; a webhook wakes the thread at once."""


class SyncWorker:
    """Thread that applies deliveries as they come and queues the sources that are due as jobs.

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
        self.thread = RepeatedWork("sync", self._apply, POLL_SECONDS, (*EXPECTED, Busy))
        self.thread.start()

    def _apply(self) -> bool:
        try:
            apply_deliveries(self._collection(), self._check)
        except RunStopped:  # what waits is in the database
            return False
        if self._scheduled:
            self._queue_due()
        return False

    def _queue_due(self) -> None:
        with self._collection().database.session() as session:
            due = [each.source.name for each in due_sources(session) if not each.running]
        for name in due:
            self._jobs.sync(name)

    def _check(self) -> None:
        if self.thread.stopping.is_set():
            raise RunStopped("the server stops; the deliveries wait")
