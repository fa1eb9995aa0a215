"""The rows of jobs, stored in the database so that they outlive the server process.

Each job has a folder, DATA/imports/ID/, for its feed and its rejects.
"""

import secrets
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select, update

from catalog.database import Database
from catalog.models import ImportJob
from search_app.errors import Busy, JobNotFound
from search_app.jobs.records import ENDED, Job, job_of

FOLDER: Final = "imports"
MAX_QUEUED: Final = 20
MAX_JOBS: Final = 100
STOPPED: Final = "the server stopped meanwhile; resume the job to go on where it was"


class JobStore:
    """The jobs of one data folder."""

    def __init__(self, database: Database, data: Path) -> None:
        self._database = database
        self._folder = data / FOLDER

    def folder(self, job_id: str) -> Path:
        """The folder of a job's files."""
        return self._folder / job_id

    def new_folder(self) -> Path:
        """Create a folder for a job to add; its name is the job's id."""
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder

    def add(self, row: ImportJob) -> Job:
        """Store a new job as queued; its folder is deleted if that is refused.

        Raises:
            Busy: too many jobs are waiting.
        """
        with self._database.transaction() as session:
            waiting = select(func.count()).where(ImportJob.state == "queued")
            if (session.scalar(waiting) or 0) >= MAX_QUEUED:
                shutil.rmtree(self.folder(row.id))
                raise Busy("too many imports are waiting; try again when some have ended")
            row.created_at = _after(session.scalar(select(func.max(ImportJob.created_at))))
            session.add(row)
            session.flush()
            job = job_of(row)
        self._delete_old()
        return job

    def row(self, job_id: str) -> ImportJob:
        """A job's row. Raises JobNotFound."""
        with self._database.session() as session:
            row = session.get(ImportJob, job_id)
        if row is None:
            raise JobNotFound(f"there is no import {job_id!r}; the list shows those that are kept")
        return row

    def get(self, job_id: str) -> Job:
        """A job. Raises JobNotFound."""
        return job_of(self.row(job_id))

    def latest(self, count: int, task: str | None) -> list[Job]:
        """The jobs, the newest first; of this task if one is given."""
        query = select(ImportJob).order_by(ImportJob.created_at.desc()).limit(count)
        if task is not None:
            query = query.where(ImportJob.task == task)
        with self._database.session() as session:
            return [job_of(row) for row in session.scalars(query)]

    def set(self, job_id: str, **values: str | int | datetime | dict[str, Any] | None) -> None:
        """Set columns of a job's row."""
        with self._database.transaction() as session:
            session.execute(update(ImportJob).where(ImportJob.id == job_id).values(**values))

    def begin(self, job_id: str) -> None:
        """Mark a job as running."""
        self.set(job_id, state="running", started_at=now(), message=None)

    def end(self, job_id: str, state: str, message: str | None) -> None:
        """Mark a job as ended."""
        self.set(job_id, state=state, message=message and message[:1000], ended_at=now())

    def interrupt_all(self) -> None:
        """Mark all jobs that have not ended as interrupted."""
        with self._database.transaction() as session:
            session.execute(
                update(ImportJob)
                .where(ImportJob.state.not_in(ENDED))
                .values(state="interrupted", message=STOPPED, ended_at=now())
            )

    def _delete_old(self) -> None:
        with self._database.transaction() as session:
            ended = select(ImportJob).where(ImportJob.state.in_(ENDED))
            old = ended.order_by(ImportJob.created_at.desc()).offset(MAX_JOBS)
            for row in session.scalars(old):
                session.delete(row)
                shutil.rmtree(self.folder(row.id), ignore_errors=True)


def _after(latest: datetime | None) -> datetime:
    """The present time, or just after the latest job if the clock was set back."""
    if latest is None:
        return now()
    return max(now(), latest.replace(tzinfo=UTC) + timedelta(milliseconds=1))


def now() -> datetime:
    """The present time in UTC."""
    return datetime.now(UTC)
