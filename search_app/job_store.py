"""The rows of jobs: kept in the database, so that a job is known after the server was killed.

Each has a folder, DATA/imports/ID/, for its feed and its rejects.
"""

import secrets
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import func, select, update

from catalog.database import Database
from catalog.models import ImportJob
from search_app.errors import Busy, JobNotFound
from search_app.job_records import ENDED, Job, job_of

FOLDER: Final = "imports"
MAX_QUEUED: Final = 20
JOBS_KEPT: Final = 100
STOPPED: Final = "the server stopped meanwhile; resume the job to go on where it was"


class JobStore:
    """The jobs of one data folder."""

    def __init__(self, database: Database, data: Path) -> None:
        self._database = database
        self._folder = data / FOLDER

    def folder(self, job_id: str) -> Path:
        """Where a job's files lie."""
        return self._folder / job_id

    def new_folder(self) -> Path:
        """A new folder for a job that will be added; its name is the job's id."""
        folder = self._folder / secrets.token_hex(8)
        folder.mkdir(parents=True)
        return folder

    def add(self, row: ImportJob) -> Job:
        """Keep a new job, queued; its folder is gone where that is refused.

        Raises:
            Busy: too many jobs are waiting.
        """
        with self._database.transaction() as session:
            waiting = select(func.count()).where(ImportJob.state == "queued")
            if (session.scalar(waiting) or 0) >= MAX_QUEUED:
                shutil.rmtree(self.folder(row.id))
                raise Busy("too many imports are waiting; try again when some have ended")
            session.add(row)
            session.flush()
            job = job_of(row)
        self._forget_old()
        return job

    def row(self, job_id: str) -> ImportJob:
        """A job's row; JobNotFound if there is none, or no longer."""
        with self._database.session() as session:
            row = session.get(ImportJob, job_id)
        if row is None:
            raise JobNotFound(f"there is no import {job_id!r}; the list shows those that are kept")
        return row

    def get(self, job_id: str) -> Job:
        """A job; JobNotFound if there is none, or no longer."""
        return job_of(self.row(job_id))

    def latest(self, count: int, task: str | None) -> list[Job]:
        """The jobs, the newest first; of one task only where that is named."""
        query = select(ImportJob).order_by(ImportJob.created_at.desc()).limit(count)
        if task is not None:
            query = query.where(ImportJob.task == task)
        with self._database.session() as session:
            return [job_of(row) for row in session.scalars(query)]

    def set(self, job_id: str, **values: str | int | datetime | dict[str, Any] | None) -> None:
        """Give columns of a job's row new values."""
        with self._database.transaction() as session:
            session.execute(update(ImportJob).where(ImportJob.id == job_id).values(**values))

    def begin(self, job_id: str) -> None:
        """The job runs from now on."""
        self.set(job_id, state="running", started_at=now(), message=None)

    def end(self, job_id: str, state: str, message: str | None) -> None:
        """The job has ended."""
        self.set(job_id, state=state, message=message and message[:1000], ended_at=now())

    def interrupt_all(self) -> None:
        """What has not ended was interrupted."""
        with self._database.transaction() as session:
            session.execute(
                update(ImportJob)
                .where(ImportJob.state.not_in(ENDED))
                .values(state="interrupted", message=STOPPED, ended_at=now())
            )

    def _forget_old(self) -> None:
        with self._database.transaction() as session:
            ended = select(ImportJob).where(ImportJob.state.in_(ENDED))
            old = ended.order_by(ImportJob.created_at.desc()).offset(JOBS_KEPT)
            for row in session.scalars(old):
                session.delete(row)
                shutil.rmtree(self.folder(row.id), ignore_errors=True)


def now() -> datetime:
    """The moment, in UTC."""
    return datetime.now(UTC)
