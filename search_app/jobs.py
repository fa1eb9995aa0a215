"""Feeds handed to the server in, import jobs worked off one after the other by one thread.

    submit -> queued -> running -> done | failed | cancelled | interrupted

Every state is in the database, so a job is still known after the server was killed: what was
queued or running then is found "interrupted" and can be resumed, which costs nothing for the
photos that were indexed already. The feed's copy and the rejects lie in DATA/imports/ID/.
"""

import logging
import queue
import secrets
import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select, update

from catalog.errors import CatalogError
from catalog.fetch import FetchLimits, fetch_feed
from catalog.fetched import is_url
from catalog.files import publishing
from catalog.importer import Feed, ImportOptions, read_source
from catalog.models import ImportJob
from indexing.collection import Collection, IndexProgress, IndexSummary
from indexing.errors import IndexingError
from indexing.rejects import FILE_NAME, write_rejects
from search_app.confined import confined
from search_app.errors import Busy, JobEnded, JobNotFound
from search_app.job_records import ENDED, Job, job_of, options_to_row, outcome_to_row
from segmentation.errors import SegmentationError

_log = logging.getLogger(__name__)

FOLDER: Final = "imports"
MAX_QUEUED: Final = 20
JOBS_KEPT: Final = 100
SECONDS_BETWEEN_REPORTS: Final = 0.5
FEED_LIMITS: Final = FetchLimits(bytes=200_000_000, seconds=120)
"""How far the fetch of a feed goes; public addresses only."""
STOPPED: Final = "the server stopped meanwhile; resume the job to go on where it was"


class _Stop(Exception):
    """Raised inside a run to end it after the batch that is committed."""

    def __init__(self, state: str, message: str) -> None:
        super().__init__(message)
        self.state = state


class JobRunner:
    """The jobs of one collection and the thread that works them off."""

    def __init__(self, collection: Collection) -> None:
        self._collection = collection
        self._database = collection.database
        self._folder = collection.data / FOLDER
        self._queue: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._cancelled: set[str] = set()
        self._stopping = threading.Event()
        self._working = threading.Event()
        self._interrupt_old()
        # A daemon: a server that must end at once does not wait for a photo.
        self._thread = threading.Thread(target=self._work, name="imports", daemon=True)
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
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder

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
        with self._database.transaction() as session:
            waiting = select(func.count()).where(ImportJob.state == "queued")
            if (session.scalar(waiting) or 0) >= MAX_QUEUED:
                shutil.rmtree(folder)
                raise Busy("too many imports are waiting; try again when some have ended")
            row = ImportJob(
                id=folder.name, source=source[:2000], feed=str(feed), folder=str(photos),
                made_by=made_by, options=options_to_row(options),
            )  # fmt: skip
            session.add(row)
            session.flush()
            job = job_of(row)
        self._forget_old()
        self._queue.put(job.id)
        return job

    def get(self, job_id: str) -> Job:
        """A job; JobNotFound if there is none, or no longer."""
        with self._database.session() as session:
            row = session.get(ImportJob, job_id)
        if row is None:
            raise JobNotFound(f"there is no import {job_id!r}; the list shows those that are kept")
        return job_of(row)

    def latest(self, count: int = JOBS_KEPT) -> list[Job]:
        """The jobs, the newest first."""
        query = select(ImportJob).order_by(ImportJob.created_at.desc()).limit(count)
        with self._database.session() as session:
            return [job_of(row) for row in session.scalars(query)]

    def cancel(self, job_id: str) -> Job:
        """Ask a job to end after the photos that are in the models; what is indexed stays.

        Raises:
            JobEnded: it has ended already.
        """
        job = self.get(job_id)
        if job.ended:
            raise JobEnded(f"import {job_id} is {job.state} already; start another")
        self._cancelled.add(job_id)
        if job.state == "queued":
            self._end(job_id, "cancelled", "cancelled before it began")
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
        self._set(job_id, state="queued", message=None, ended_at=None)
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
        self._set(
            job_id, state="queued", options=options, outcome=None, ended_at=None,
            products_new=0, products_changed=0, products_unchanged=0, rejected=0,
        )  # fmt: skip
        self._queue.put(job_id)
        return self.get(job_id)

    def rejects_file(self, job_id: str) -> Path:
        """The CSV of a job's refused rows and photos; JobNotFound while it has none."""
        path = self._folder / self.get(job_id).id / FILE_NAME
        if not path.is_file():
            raise JobNotFound(f"import {job_id} has no rejects yet; wait until it is done")
        return path

    def close(self) -> None:
        """End the running job after its batch; it and the waiting ones become interrupted."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join(timeout=30)

    def _interrupt_old(self) -> None:
        with self._database.transaction() as session:
            session.execute(
                update(ImportJob)
                .where(ImportJob.state.not_in(ENDED))
                .values(state="interrupted", message=STOPPED, ended_at=_now())
            )

    def _work(self) -> None:
        while (job_id := self._queue.get()) is not None and not self._stopping.is_set():
            if self.get(job_id).state == "queued":
                self._working.set()
                self._run(job_id)
                self._working.clear()
        self._interrupt_old()

    def _run(self, job_id: str) -> None:
        self._set(job_id, state="running", started_at=_now(), message=None)
        try:
            options = self.get(job_id).options
            feed, photos = self._read(job_id, options)
            summary = self._collection.index(feed, photos, self._reporter(job_id), options)
        except _Stop as stop:
            self._end(job_id, stop.state, str(stop))
        except (CatalogError, IndexingError, SegmentationError, OSError) as error:
            self._end(job_id, "failed", str(error))
        except Exception:
            _log.exception("import %s failed", job_id)
            self._end(job_id, "failed", "something broke here; the server's log says what")
        else:
            write_rejects(self._folder / job_id / FILE_NAME, summary, feed)
            outcome = outcome_to_row(summary, feed.kind)
            self._set(job_id, **_counts(summary), outcome=outcome, state="done", ended_at=_now())

    def _read(self, job_id: str, options: ImportOptions) -> tuple[Feed, Path]:
        with self._database.session() as session:
            row = session.get_one(ImportJob, job_id)
        feed = Path(row.feed)
        if not feed.exists() and is_url(row.source):
            with publishing(feed) as unfinished:
                unfinished.write_bytes(fetch_feed(row.source, FEED_LIMITS))
        return confined(read_source(feed, options.fields)), Path(row.folder)

    def _reporter(self, job_id: str) -> Callable[[IndexProgress], None]:
        told = 0.0

        def report(progress: IndexProgress) -> None:
            nonlocal told
            if self._stopping.is_set():
                raise _Stop("interrupted", STOPPED)
            if job_id in self._cancelled:
                raise _Stop("cancelled", "cancelled; what was indexed until then stays")
            if time.monotonic() - told >= SECONDS_BETWEEN_REPORTS:
                told = time.monotonic()
                self._set(
                    job_id,
                    done=progress.done,
                    total=progress.total,
                    skipped=progress.skipped,
                    garments=progress.garments,
                )

        return report

    def _forget_old(self) -> None:
        with self._database.transaction() as session:
            ended = select(ImportJob).where(ImportJob.state.in_(ENDED))
            old = ended.order_by(ImportJob.created_at.desc()).offset(JOBS_KEPT)
            for row in session.scalars(old):
                session.delete(row)
                shutil.rmtree(self._folder / row.id, ignore_errors=True)

    def _end(self, job_id: str, state: str, message: str) -> None:
        self._set(job_id, state=state, message=message[:1000], ended_at=_now())

    def _set(self, job_id: str, **values: str | int | datetime | dict[str, Any] | None) -> None:
        with self._database.transaction() as session:
            session.execute(update(ImportJob).where(ImportJob.id == job_id).values(**values))


def _counts(summary: IndexSummary) -> dict[str, int]:
    products = summary.products
    looked_at = summary.indexed + summary.skipped
    return {
        "done": looked_at,
        "total": looked_at,
        "skipped": summary.skipped,
        "garments": summary.garments,
        "products_new": products.new,
        "products_changed": products.changed,
        "products_unchanged": products.unchanged,
        "rejected": products.rejected,
    }


def _now() -> datetime:
    return datetime.now(UTC)
