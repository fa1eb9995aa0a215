"""The queue of jobs as requests see it: submit, watch, cancel, resume.

    submit -> queued -> running -> done | failed | cancelled | interrupted

Every state is in the database (`store`); the thread of any server runs what waits (`worker`).
"""

import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.importing.records import ImportOptions
from catalog.importing.sources import SOURCE_LENGTH, source_name
from catalog.models import ImportJob
from catalog.syncing.records import SourceStatus
from indexing.bulk.rejects import FILE_NAME
from indexing.collection import Collection
from indexing.types import Embedder
from search_app.errors import JobEnded, JobNotFound
from search_app.jobs.store import IMPORT, MAX_JOBS, SYNC, Job, JobStore, Upkeep
from search_app.jobs.worker import JobWorker


@dataclass(frozen=True)
class GivenFeed:
    """A feed to import.

    Attributes:
        name: the sender's name of it, or its address.
        file: a file or folder that every server sees; else what to call its content.
        content: what was sent; None: it is fetched from its address when its turn comes.
        photos: folder of the photos that it names.
    """

    name: str
    file: Path
    content: bytes | None = None
    photos: Path | None = None


class JobRunner:
    """The job queue of a database, and the worker of this server.

    Args:
        load_encoder: loads the embedder with the encoder of these weights.
        on_switch: called with the new collection after a change of the encoder.
        runs_jobs: whether this server's thread runs jobs; else others must.
    """

    def __init__(
        self,
        collection: Collection,
        load_encoder: Callable[[str], Embedder],
        on_switch: Callable[[Collection], None],
        runs_jobs: bool = True,
    ) -> None:
        self._store = JobStore(collection.database)
        self._worker = JobWorker(collection, self._store, load_encoder, on_switch, runs_jobs)

    @property
    def alive(self) -> bool:
        return self._worker.thread.alive

    @property
    def working(self) -> bool:
        """Whether this server runs a job now."""
        return self._worker.working

    def submit(
        self, feed: GivenFeed, options: ImportOptions = ImportOptions(), made_by: str | None = None
    ) -> Job:
        """Queue a feed; a dry run only reports what would change. Raises Busy."""
        subject = (options.source or source_name(feed.name))[-SOURCE_LENGTH:]
        row = ImportJob(
            id=secrets.token_hex(8), task=IMPORT, source=feed.name[:2000], feed=str(feed.file),
            folder=str(feed.photos or ""), made_by=made_by, options=options,
            subject=subject,
        )  # fmt: skip
        return self._queued(row, feed.content)

    def upkeep(self, task: Upkeep, encoder: str = "", made_by: str | None = None) -> Job:
        """Queue work on the whole catalogue; a change of the encoder names it. Raises Busy."""
        return self._queued(_upkeep(task, encoder, made_by))

    def sync(self, source: str, force: bool = False, made_by: str | None = None) -> Job:
        """Queue a run of a synchronised source, unless one waits or runs already.

        Args:
            force: as in `search_app.sync.run`; stored as the option `prune_all`.

        Raises:
            Busy: too many jobs are waiting.
        """
        present = self._sync_jobs().get(source)
        if present is not None:
            return present
        row = _upkeep(SYNC, source, made_by)
        row.subject = source
        row.options = ImportOptions(prune_all=force)
        return self._queued(row)

    def with_jobs(self, statuses: Sequence[SourceStatus]) -> list[SourceStatus]:
        """Status of each source, which also runs while its job waits or runs."""
        at_work = self._sync_jobs()
        return [
            replace(each, running=each.running or each.source.name in at_work) for each in statuses
        ]

    def _sync_jobs(self) -> dict[str, Job]:
        """The jobs of sources that wait or run, by source."""
        jobs = self._store.latest(MAX_JOBS, SYNC)
        # The newest first: of two it counts.
        return {each.source: each for each in reversed(jobs) if not each.ended}

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
        """Stop a job after its batch, wherever it runs; what is done stays. Raises JobEnded."""
        job = self.get(job_id)
        if job.ended:
            raise JobEnded(f"import {job_id} is {job.state} already; start another")
        self._store.cancel(job_id)
        self._worker.cancel(job_id)
        return self.get(job_id)

    def resume(self, job_id: str) -> Job:
        """Queue a stopped job again; it skips unchanged photos. Raises JobEnded."""
        job = self.get(job_id)
        if not job.ended or job.state == "done":
            raise JobEnded(f"import {job_id} is {job.state}; only one that was stopped can go on")
        self._store.requeue(job_id)
        return self._woken(job_id)

    def apply(self, job_id: str) -> Job:
        """Queue the import of a completed dry run, written this time. Raises JobEnded."""
        job = self.get(job_id)
        if job.state != "done" or not job.options.dry_run:
            raise JobEnded(
                f"import {job_id} is not a dry run that is done; send the feed again to import it"
            )
        self._store.requeue(
            job_id, options=replace(job.options, dry_run=False), outcome=None,
            products_new=0, products_changed=0, products_unchanged=0, rejected=0,
        )  # fmt: skip
        return self._woken(job_id)

    def rejects(self, job_id: str) -> bytes:
        """The CSV of a job's refused rows and photos. Raises JobNotFound without one."""
        content = self._store.file(self.get(job_id).id, FILE_NAME)
        if content is None:
            raise JobNotFound(f"import {job_id} has no rejects yet; wait until it is done")
        return content

    def close(self) -> None:
        """Stop the running job after its batch; it goes back into the queue."""
        self._worker.thread.close()

    def _queued(self, row: ImportJob, content: bytes | None = None) -> Job:
        job = self._store.add(row, content)
        self._worker.thread.wake()
        return job

    def _woken(self, job_id: str) -> Job:
        self._worker.thread.wake()
        return self.get(job_id)


def _upkeep(task: str, source: str, made_by: str | None) -> ImportJob:
    return ImportJob(
        id=secrets.token_hex(8), task=task, source=source, feed="", folder="", made_by=made_by
    )
