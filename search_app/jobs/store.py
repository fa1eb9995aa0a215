"""Jobs and their rows in the database, which every server on it sees.

A job's feed and its rejects lie there too, so that any server can run it and show them.
"""

import zlib
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from pydantic import BeforeValidator, ConfigDict, WrapValidator
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.importing.records import ImportOptions
from catalog.models import ImportJob, JobFile
from catalog.stored_json import or_none
from search_app.documents import ImportOutcome, ImportState
from search_app.errors import Busy, JobNotFound

Upkeep = Literal["rebuild", "reembed", "review"]
"""Work on the whole catalogue: new indices, another encoder, a check for the work lists."""
IMPORT: Final = "import"
REVIEW: Final = "review"
SYNC: Final = "sync"
ENDED: Final = frozenset({"done", "failed", "cancelled", "interrupted"})
MAX_QUEUED: Final = 20
MAX_JOBS: Final = 100
FAST: Final = 1
"""zlib's level: feeds shrink to a seventh, at 100 MB a second."""


class Job(ImportState):
    """An import, or other work in the same queue, and its state."""

    model_config = ConfigDict(frozen=True, from_attributes=True)

    task: str
    options: Annotated[ImportOptions, BeforeValidator(lambda stored: stored or ImportOptions())]
    outcome: Annotated[ImportOutcome | None, WrapValidator(or_none)]

    @property
    def ended(self) -> bool:
        """Whether the job neither runs nor waits."""
        return self.state in ENDED


class JobStore:
    """The jobs of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, row: ImportJob, content: bytes | None = None) -> Job:
        """Store a new job as queued, with the content of its feed, if given. Raises Busy."""
        with self._database.side_transaction() as session:
            waiting = select(func.count()).where(ImportJob.state == "queued")
            if (session.scalar(waiting) or 0) >= MAX_QUEUED:
                raise Busy("too many imports are waiting; try again when some have ended")
            row.created_at = _after(session.scalar(select(func.max(ImportJob.created_at))))
            session.add(row)
            session.flush()
            if content is not None:
                session.add(_file(row.id, row.feed, content))
            job = Job.model_validate(row)
            _delete_old(session)
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
        return Job.model_validate(self.row(job_id))

    def latest(self, count: int, task: str | None) -> list[Job]:
        """The jobs, the newest first; of this task if one is given."""
        query = select(ImportJob).order_by(ImportJob.created_at.desc()).limit(count)
        if task is not None:
            query = query.where(ImportJob.task == task)
        with self._database.session() as session:
            return [Job.model_validate(row) for row in session.scalars(query)]

    def requeue(self, job_id: str, **values: str | int | ImportOptions | None) -> None:
        """Queue an ended job again, with other values in its row."""
        with self._database.side_transaction() as session:
            session.execute(
                update(ImportJob)
                .where(ImportJob.id == job_id, ImportJob.state.in_(ENDED))
                .values(
                    state="queued", message=None, ended_at=None, cancel_wanted=False, takeovers=0,
                    **values,
                )
            )  # fmt: skip

    def cancel(self, job_id: str) -> None:
        """End a job that waits, or tell the server that runs it."""
        with self._database.side_transaction() as session:
            for state, values in (
                ("queued", {"state": "cancelled", "message": "cancelled before it began",
                            "ended_at": now()}),
                ("running", {"cancel_wanted": True}),
            ):  # fmt: skip
                of_state = (ImportJob.id == job_id, ImportJob.state == state)
                session.execute(update(ImportJob).where(*of_state).values(**values))

    def save_file(self, job_id: str, name: str, content: bytes) -> None:
        """Store a file of a job, in place of an earlier one."""
        with self._database.side_transaction() as session:
            session.merge(_file(job_id, name, content))

    def file(self, job_id: str, name: str) -> bytes | None:
        """The content of a job's file; None without one."""
        with self._database.session() as session:
            row = session.get(JobFile, (job_id, name))
        return None if row is None else zlib.decompress(row.content)


def _file(job_id: str, name: str, content: bytes) -> JobFile:
    return JobFile(job_id=job_id, name=name, content=zlib.compress(content, FAST))


def _delete_old(session: Session) -> None:
    ended = select(ImportJob).where(ImportJob.state.in_(ENDED))
    for row in session.scalars(ended.order_by(ImportJob.created_at.desc()).offset(MAX_JOBS)):
        session.delete(row)


def _after(latest: datetime | None) -> datetime:
    """The present time, or just after the latest job if the clock was set back."""
    if latest is None:
        return now()
    return max(now(), latest.replace(tzinfo=UTC) + timedelta(milliseconds=1))


def now() -> datetime:
    """The present time in UTC."""
    return datetime.now(UTC)
