"""Jobs handed in, worked off one after the other by one thread: imports, rebuilds, encoders.

    submit -> queued -> running -> done | failed | cancelled | interrupted

Every state is in the database (`job_store`): what was queued or running when the server was
killed is found "interrupted" and can be resumed, which costs nothing for what was done already.
"""

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Final

from catalog.importer import ImportOptions
from catalog.models import ImportJob
from indexing.collection import Collection
from indexing.records import Embedder
from indexing.rejects import FILE_NAME
from search_app.errors import JobEnded, JobNotFound, SearchAppError
from search_app.job_records import Job, options_to_row
from search_app.job_store import JOBS_KEPT, STOPPED, JobStore
from search_app.job_work import (
    EXPECTED,
    Report,
    change_encoder,
    import_feed_of,
    rebuild_indices,
)

_log = logging.getLogger(__name__)

SECONDS_BETWEEN_REPORTS: Final = 0.5
IMPORT: Final = "import"
REBUILD: Final = "rebuild"
REEMBED: Final = "reembed"


class _Stop(Exception):
    """Raised inside a run to end it after the batch that is committed."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


class JobRunner:
    """The jobs of one collection and the thread that works them off.

    Args:
        load_encoder: the embedder of an encoder by its name (`search_app.encoder_choices`).
        on_switch: takes the collection that a change of the encoder has made.
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
        # A daemon: a server that must end at once does not wait for a photo.
        self._thread = threading.Thread(target=self._work, name="jobs", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """Whether the thread that works jobs off is there."""
        return self._thread.is_alive()

    @property
    def working(self) -> bool:
        """Whether a job is running now."""
        return self._working.is_set()

    def new_folder(self) -> Path:
        """A new folder below DATA/imports for a feed that will be submitted; its name is the id."""
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
            folder: made by `new_folder`.
            source: what the sender called the feed.
            feed: the file to read, or a folder of photos; fetched from `source` when the job
                begins if that is an address and there is no such file.
            photos: folder in which the feed's photo names are looked up.
            options: how the feed is taken; a dry run only says what would change.

        Raises:
            Busy: too many jobs are waiting.
        """
        row = ImportJob(
            id=folder.name, task=IMPORT, source=source[:2000], feed=str(feed), folder=str(photos),
            made_by=made_by, options=options_to_row(options),
        )  # fmt: skip
        return self._queued(row)

    def rebuild(self, made_by: str | None = None) -> Job:
        """Queue a rebuild of the indices and the predicted attributes; Busy as `submit`."""
        return self._queued(self._upkeep(REBUILD, "", made_by))

    def reembed(self, encoder: str, made_by: str | None = None) -> Job:
        """Queue a change of the encoder, by its name; Busy as `submit`."""
        return self._queued(self._upkeep(REEMBED, encoder, made_by))

    def get(self, job_id: str, task: str | None = None) -> Job:
        """A job, of one task only where that is named; JobNotFound if there is none."""
        job = self._store.get(job_id)
        if task not in (None, job.task):
            raise JobNotFound(f"job {job_id!r} is a {job.task}; /admin shows it")
        return job

    def latest(self, count: int = JOBS_KEPT, task: str | None = None) -> list[Job]:
        """The jobs, the newest first; of one task only where that is named."""
        return self._store.latest(count, task)

    def cancel(self, job_id: str) -> Job:
        """Ask a job to end after the photos that are in the models; what is done stays.

        Raises:
            JobEnded: it has ended already.
        """
        job = self.get(job_id)
        if job.ended:
            raise JobEnded(f"import {job_id} is {job.state} already; start another")
        self._cancelled.add(job_id)
        if job.state == "queued":
            self._store.end(job_id, "cancelled", "cancelled before it began")
        return self.get(job_id)

    def resume(self, job_id: str) -> Job:
        """Queue an ended job once more; unchanged photos are not looked at again.

        Raises:
            JobEnded: it is done, or has not ended.
        """
        job = self.get(job_id)
        if not job.ended or job.state == "done":
            raise JobEnded(f"import {job_id} is {job.state}; only one that was stopped can go on")
        self._cancelled.discard(job_id)
        self._store.set(job_id, state="queued", message=None, ended_at=None)
        self._queue.put(job_id)
        return self.get(job_id)

    def apply(self, job_id: str) -> Job:
        """Queue a dry run that is done once more, to be written this time.

        Raises:
            JobEnded: it is no dry run, or not done.
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
        """The CSV of a job's refused rows and photos; JobNotFound while it has none."""
        path = self._store.folder(self.get(job_id).id) / FILE_NAME
        if not path.is_file():
            raise JobNotFound(f"import {job_id} has no rejects yet; wait until it is done")
        return path

    def close(self) -> None:
        """End the running job after its batch; it and the waiting ones become interrupted."""
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
            self._store.end(job.id, "failed", str(error))
        except Exception:
            _log.exception("%s %s failed", job.task, job.id)
            self._store.end(job.id, "failed", "something broke here; the server's log says what")
        else:
            self._store.end(job.id, "done", self.get(job.id).message)

    def _do(self, job: Job) -> None:
        report = self._reporter(job.id)
        if job.task == IMPORT:
            import_feed_of(job, self._store, self._collection, report)
        elif job.task == REBUILD:
            rebuild_indices(job, self._store, self._collection, report)
        else:
            embedder = self._load_encoder(job.source)
            new = change_encoder(job, self._store, self._collection, embedder, report)
            self._collection = new
            self._on_switch(new)

    def _reporter(self, job_id: str) -> Report:
        told = 0.0

        def report(done: int, total: int, skipped: int = 0, garments: int = 0) -> None:
            nonlocal told
            if self._stopping.is_set():
                raise _Stop("interrupted", STOPPED)
            if job_id in self._cancelled:
                raise _Stop("cancelled", "cancelled; what was indexed until then stays")
            if time.monotonic() - told >= SECONDS_BETWEEN_REPORTS:
                told = time.monotonic()
                self._store.set(job_id, done=done, total=total, skipped=skipped, garments=garments)

        return report
