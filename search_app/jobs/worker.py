"""The thread of a server that runs jobs: imports, sources, rebuilds, changes of the encoder.

Who runs a job is in the database (`claims`): what was running when a server was stopped or killed
goes on at another, or at its next start, and skips what was done already.
"""

import logging
import os
import secrets
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final

from catalog.database import guarded
from catalog.errors import CannotWrite, DatabaseAway, DatabaseError
from catalog.syncing.heartbeat import heartbeat
from indexing.collection import Collection
from indexing.errors import IndexingError
from indexing.index.vector_rows import active_model
from indexing.switch import reopened
from indexing.types import Embedder
from search_app.errors import SearchAppError
from search_app.jobs.claims import ClaimedJob, LeaseLost, claim, disown_all
from search_app.jobs.encoder_choices import FOLDER, choice_named, encoder_choices
from search_app.jobs.repeated import RepeatedWork
from search_app.jobs.store import IMPORT, REVIEW, SYNC, JobStore
from search_app.jobs.tasks import (
    EXPECTED,
    Report,
    change_encoder,
    import_feed_of,
    rebuild_indices,
    review_catalogue,
)
from search_app.security.server_paths import without_paths
from search_app.sync.run import sync_source_of
from segmentation.errors import SegmentationError

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_REPORTS: Final = 0.5
POLL_SECONDS: Final = 2.0
"""Interval at which a server looks for jobs that another one took in or left behind."""


class _Cancelled(Exception):
    """Raised inside a run to end it after a committed batch."""


class _Stopping(Exception):
    """Raised inside a run because the server stops."""


class JobWorker:
    """A thread that claims jobs and runs them, one at a time; see `JobRunner`."""

    def __init__(
        self,
        collection: Collection,
        store: JobStore,
        load_encoder: Callable[[str], Embedder],
        on_switch: Callable[[Collection], None],
        runs_jobs: bool,
    ) -> None:
        self._collection = collection
        self._database = collection.database
        self._store = store
        self._load_encoder = load_encoder
        self._on_switch = on_switch
        self._runs_jobs = runs_jobs
        self._owner = f"{socket.gethostname()[:60]}/{os.getpid()}/{secrets.token_hex(4)}"
        self._running: ClaimedJob | None = None
        self._cancelled: ClaimedJob | None = None
        if self._database.is_sqlite:
            with suppress(CannotWrite):  # searching works; the leases end by themselves
                disown_all(self._database)
        expected = (DatabaseError, IndexingError, SegmentationError)
        self.thread = RepeatedWork("jobs", self._run_next, POLL_SECONDS, expected)
        self.thread.start()

    @property
    def working(self) -> bool:
        return self._running is not None

    def cancel(self, job_id: str) -> None:
        """Stop a job after its batch, if it runs here."""
        running = self._running
        if running is not None and running.job.id == job_id:
            self._cancelled = running

    def _run_next(self) -> bool:
        """Run the next job; returns whether there was one. A stopped one goes back in the queue."""
        self._follow_encoder()
        claimed = claim(self._store, self._database, self._owner) if self._runs_jobs else None
        if claimed is not None:
            self._run(claimed)
        return claimed is not None

    def _follow_encoder(self) -> None:
        """Change to the encoder to which another server has changed the catalogue.

        Raises:
            IndexingError: its weights are not in this server's data folder; it runs no jobs.
        """
        used = self._collection.fingerprint
        with self._database.session() as session:
            active = active_model(session)
        if active is None or used is None or active.encoder == used.encoder:
            return
        choices = encoder_choices(self._collection.data, self._collection.bucket)
        weights = [each.weights for each in choices if each.fingerprint == active.encoder]
        if not weights:
            raise IndexingError(
                f"the encoder was changed to {active.encoder} elsewhere; put its weights into "
                f"DATA/{FOLDER} of this server too"
            )
        self._switch(reopened(self._collection, self._load_encoder(str(weights[0]))))

    def _switch(self, new: Collection) -> None:
        self._collection = new
        self._on_switch(new)

    def _run(self, claimed: ClaimedJob) -> None:
        self._running = claimed
        try:
            with heartbeat(self._database, claimed.renew), guarded(claimed.check):
                self._outcome(claimed)
        except LeaseLost as error:
            _log.warning("%s", error)
        except DatabaseAway as error:
            _log.warning(
                "%s %s waits for the database: %s", claimed.job.task, claimed.job.id, error
            )
            self._release(claimed)
        finally:
            self._running = None

    def _outcome(self, claimed: ClaimedJob) -> None:
        """Do a job and mark it as ended. Raises LeaseLost and DatabaseAway."""
        job = claimed.job
        try:
            self._do(claimed)
        except (LeaseLost, DatabaseAway):
            raise
        except _Cancelled:
            claimed.end("cancelled", "cancelled; what was indexed until then stays")
        except _Stopping:
            claimed.release()
        except (*EXPECTED, SearchAppError) as error:
            _log.warning("%s %s failed: %s", job.task, job.id, error)
            claimed.end("failed", self._shown(job.id, error))
        except Exception:
            _log.exception("%s %s failed", job.task, job.id)
            claimed.end("failed", "something broke here; the server's log says what")
        else:
            claimed.end("done", self._store.get(job.id).message)

    def _release(self, claimed: ClaimedJob) -> None:
        """Give a job back as soon as the database answers; else its lease ends by itself."""
        while not self.thread.stopping.is_set():
            try:
                claimed.release()
                return
            except DatabaseAway:
                self.thread.stopping.wait(SECONDS_BETWEEN_REPORTS)
            except LeaseLost:
                return

    def _shown(self, job_id: str, error: Exception) -> str:
        row = self._store.row(job_id)
        named = [Path(each) for each in (row.folder, row.feed) if Path(each).is_absolute()]
        return without_paths(
            str(error), self._collection.data, *named, *(each.parent for each in named)
        )

    def _do(self, claimed: ClaimedJob) -> None:
        task, report = claimed.job.task, self._reporter(claimed)
        if task == IMPORT:
            import_feed_of(claimed, self._collection, report)
        elif task == SYNC:
            sync_source_of(claimed, self._collection, report)
        elif task == "rebuild":
            rebuild_indices(claimed, self._collection, report)
        elif task == REVIEW:
            review_catalogue(claimed, self._collection, report)
        else:
            old = self._collection
            choice = choice_named(old.data, old.bucket, claimed.job.source)
            embedder = self._load_encoder(str(choice.weights))
            self._switch(change_encoder(claimed, old, embedder, report))

    def _reporter(self, claimed: ClaimedJob) -> Report:
        reported = 0.0

        def report(done: int, total: int, skipped: int = 0, garments: int = 0) -> None:
            nonlocal reported
            if self.thread.stopping.is_set():
                raise _Stopping
            cancelled = self._cancelled is claimed
            if time.monotonic() - reported >= SECONDS_BETWEEN_REPORTS:
                reported = time.monotonic()
                counts = {"done": done, "total": total, "skipped": skipped, "garments": garments}
                cancelled |= claimed.set(**counts)
            if cancelled:
                raise _Cancelled

        return report
