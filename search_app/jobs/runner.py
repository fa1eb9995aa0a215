"""One thread that runs queued jobs in order: imports, sources, rebuilds, changes of the encoder.

    submit -> queued -> running -> done | failed | cancelled | interrupted

Every state is in the database (`job_store`): what was queued or running when the server was
killed is marked "interrupted"; resuming it skips what was done already.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from catalog.importing.importer import ImportOptions
from catalog.models import ImportJob
from indexing.bulk.rejects import FILE_NAME
from indexing.collection import Collection
from indexing.types import Embedder
from search_app.errors import JobEnded, JobNotFound, SearchAppError
from search_app.jobs.records import Job, options_to_row
from search_app.jobs.store import MAX_JOBS, STOPPED, JobStore
from search_app.jobs.tasks import (
    EXPECTED,
    Report,
    change_encoder,
    import_feed_of,
    rebuild_indices,
    review_catalogue,
)
from search_app.security.server_paths import without_paths
from search_app.sync.job import sync_source_of

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_REPORTS: Final = 0.5
IMPORT: Final = "import"
REBUILD: Final = "rebuild"
REEMBED: Final = "reembed"
REVIEW: Final = "review"
SYNC: Final = "sync"


class _Stop(Exception):
    """Raised inside a run to end it after a committed batch."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


class JobRunner:
    """The job queue of a collection and its worker thread.

    Args:
        load_encoder: loads the embedder of an encoder by name (`search_app.jobs.encoder_choices`).
        on_switch: called with the new collection after a change of the encoder.
    """

    def __init__(
        self,
        collection: Collection,
        load_encoder: Callable[[str], Embedder],
        on_switch: Callable[[Collection], None],
    ) -> None:
        self._collection = collection
        self._load_encoder = load_encoder
        self._on_switch = on_switch
        self._store = JobStore(collection.database, collection.data)
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._stopping = threading.Event()
        self._working = threading.Event()
        self._store.interrupt_all()
        # A daemon thread: a server that must stop at once does not wait for a batch.
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the worker thread is alive."""
        return self._thread.is_alive()

    @property
    def working(self) -> bool:
        """Whether a job is running now."""
        return self._working.is_set()

    def new_folder(self) -> Path:
        """Create a folder in DATA/imports for a feed to submit; its name is the job's id."""
        return self._store.new_folder()

    def submit(
        self,
        folder: Path,
        source: str,
        feed: Path,
        photos: Path,
        options: ImportOptions = ImportOptions(),
        made_by: str | None = None,
    ) -> Job:
        """Queue a feed.

        Args:
            folder: created by `new_folder`.
            source: the sender's name of the feed, or its address.
            feed: the file to read, or a folder of photos; if it is missing and `source` is an
                address, the job fetches it from there.
            photos: folder of the photos that the feed names.
            options: options of the import; a dry run only reports what would change.

        Raises:
            Busy: too many jobs are waiting.
        """
        row = ImportJob(
            id=folder.name, task=IMPORT, source=source[:2000], feed=str(feed), folder=str(photos),
            made_by=made_by, options=options_to_row(options),
        )  # fmt: skip
        return self._queued(row)

    def rebuild(self, made_by: str | None = None) -> Job:
        """Queue a rebuild of the indices and the predicted attributes. Raises Busy."""
        return self._queued(self._upkeep(REBUILD, "", made_by))

    def reembed(self, encoder: str, made_by: str | None = None) -> Job:
        """Queue a change to the encoder of this name. Raises Busy."""
        return self._queued(self._upkeep(REEMBED, encoder, made_by))

    def review(self, made_by: str | None = None) -> Job:
        """Queue a check of the catalogue for the work lists. Raises Busy."""
        return self._queued(self._upkeep(REVIEW, "", made_by))

    def sync(self, source: str, force: bool = False, made_by: str | None = None) -> Job:
        """Queue a run of a synchronised source, unless one waits or runs already.

        Args:
            force: as in `search_app.sync.run`; stored as the option `prune_all`.

        Raises:
            Busy: too many jobs are waiting.
        """
        present = self.running_sync(source)
        if present is not None:
            return present
        row = self._upkeep(SYNC, source, made_by)
        row.options = options_to_row(ImportOptions(prune_all=force))
        return self._queued(row)

    def running_sync(self, source: str) -> Job | None:
        """The job of this source that waits or runs."""
        jobs = self._store.latest(MAX_JOBS, SYNC)
        return next((each for each in jobs if each.source == source and not each.ended), None)

    def get(self, job_id: str, task: str | None = None) -> Job:
        """A job, of this task if one is given. Raises JobNotFound."""
        job = self._store.get(job_id)
        if task not in (None, job.task):
            raise JobNotFound(f"job {job_id!r} is a {job.task}; /admin shows it")
        return job

    def latest(self, count: int = MAX_JOBS, task: str | None = None) -> list[Job]:
        """The jobs, the newest first; of this task if one is given."""
        return self._store.latest(count, task)

    def cancel(self, job_id: str) -> Job:
        """Stop a job after its current batch; what is done stays.

        Raises:
            JobEnded: the job has ended already.
        """
        job = self.get(job_id)
        if job.ended:
            raise JobEnded(f"import {job_id} is {job.state} already; start another")
        self._cancelled.add(job_id)
        if job.state == "queued":
            self._store.end(job_id, "cancelled", "cancelled before it began")
        return self.get(job_id)

    def resume(self, job_id: str) -> Job:
        """Queue an ended job again; it skips unchanged photos.

        Raises:
            JobEnded: the job is done, or has not ended.
        """
        job = self.get(job_id)
        if not job.ended or job.state == "done":
            raise JobEnded(f"import {job_id} is {job.state}; only one that was stopped can go on")
        self._cancelled.discard(job_id)
        self._store.set(job_id, state="queued", message=None, ended_at=None)
        self._queue.put(job_id)
        return self.get(job_id)

    def apply(self, job_id: str) -> Job:
        """Queue the import of a completed dry run, written this time.

        Raises:
            JobEnded: the job is not a dry run, or not done.
        """
        job = self.get(job_id)
        if job.state != "done" or not job.options.dry_run:
            raise JobEnded(
                f"import {job_id} is no dry run that is done; send the feed again to import it"
            )
        options = options_to_row(replace(job.options, dry_run=False))
        self._store.set(
            job_id, state="queued", options=options, outcome=None, ended_at=None,
            products_new=0, products_changed=0, products_unchanged=0, rejected=0,
        )  # fmt: skip
        self._queue.put(job_id)
        return self.get(job_id)

    def rejects_file(self, job_id: str) -> Path:
        """The CSV of a job's refused rows and photos. Raises JobNotFound without one."""
        path = self._store.folder(self.get(job_id).id) / FILE_NAME
        if not path.is_file():
            raise JobNotFound(f"import {job_id} has no rejects yet; wait until it is done")
        return path

    def close(self) -> None:
        """Stop the running job after its batch; it and the queued ones become interrupted."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join(timeout=30)

    def _upkeep(self, task: str, source: str, made_by: str | None) -> ImportJob:
        folder = self._store.new_folder()
        return ImportJob(
            id=folder.name, task=task, source=source, feed="", folder="", made_by=made_by
        )

    def _queued(self, row: ImportJob) -> Job:
        job = self._store.add(row)
        self._queue.put(job.id)
        return job

    def _work(self) -> None:
        while (job_id := self._queue.get()) is not None and not self._stopping.is_set():
            job = self.get(job_id)
            if job.state == "queued":
                self._working.set()
                self._run(job)
                self._working.clear()
        self._store.interrupt_all()

    def _run(self, job: Job) -> None:
        self._store.begin(job.id)
        try:
            self._do(job)
        except _Stop as stop:
            self._store.end(job.id, stop.state, str(stop))
        except (*EXPECTED, SearchAppError) as error:
            _log.warning("%s %s failed: %s", job.task, job.id, error)
            self._store.end(job.id, "failed", self._shown(job.id, error))
        except Exception:
            _log.exception("%s %s failed", job.task, job.id)
            self._store.end(job.id, "failed", "something broke here; the server's log says what")
        else:
            self._store.end(job.id, "done", self.get(job.id).message)

    def _shown(self, job_id: str, error: Exception) -> str:
        row = self._store.row(job_id)
        named = [Path(each) for each in (row.folder, row.feed) if each]
        return without_paths(
            str(error), self._collection.data, *named, *(each.parent for each in named)
        )

    def _do(self, job: Job) -> None:
        report = self._reporter(job.id)
        if job.task == IMPORT:
            import_feed_of(job, self._store, self._collection, report)
        elif job.task == SYNC:
            sync_source_of(job, self._store, self._collection, report)
        elif job.task == REBUILD:
            rebuild_indices(job, self._store, self._collection, report)
        elif job.task == REVIEW:
            review_catalogue(job, self._store, self._collection, report)
        else:
            embedder = self._load_encoder(job.source)
            new = change_encoder(job, self._store, self._collection, embedder, report)
            self._collection = new
            self._on_switch(new)

    def _reporter(self, job_id: str) -> Report:
        reported = 0.0

        def report(done: int, total: int, skipped: int = 0, garments: int = 0) -> None:
            nonlocal reported
            if self._stopping.is_set():
                raise _Stop("interrupted", STOPPED)
            if job_id in self._cancelled:
                raise _Stop("cancelled", "cancelled; what was indexed until then stays")
            if time.monotonic() - reported >= SECONDS_BETWEEN_REPORTS:
                reported = time.monotonic()
                self._store.set(job_id, done=done, total=total, skipped=skipped, garments=garments)

        return report
