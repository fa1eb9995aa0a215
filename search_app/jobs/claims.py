"""Jobs claimed by one of several servers: lease, heartbeat and fencing token.

queued -> claim -> running, the lease renewed -> end
                   the owner dies: another server claims it once the lease has run out
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_, select, text, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.models import ImportJob, SyncSourceRow
from catalog.syncing.heartbeat import lease_time
from search_app.errors import SearchAppError
from search_app.jobs.store import Job, JobStore, now

MAX_TAKEOVERS: Final = 3
"""A job whose servers died so often may be what kills them."""
STOPPED: Final = "the server stopped meanwhile; the job goes on where one runs"
KILLED: Final = (
    f"{MAX_TAKEOVERS} servers ended while they ran it; see their logs, then resume the job"
)
_CLAIMS_LOCK: Final = 5_817_304
"""Key of PostgreSQL's advisory lock under which jobs are claimed."""


class LeaseLost(SearchAppError):
    """Another server has taken the job over, or the job was deleted."""


@dataclass(frozen=True)
class ClaimedJob:
    """A job that this server runs; `fence` proves at each write that no other has taken it over."""

    job: Job
    fence: int
    store: JobStore
    database: Database

    def renew(self) -> bool:
        """Extend the lease; whether somebody wants the job to be cancelled. Raises LeaseLost."""
        with self.database.side_transaction() as session:
            return self._write(session, lease_until=_lease_end(self.database, session))

    def set(self, **values: str | int | datetime | dict[str, Any] | None) -> bool:
        """Set columns of the row; whether the job is to be cancelled. Raises LeaseLost."""
        with self.database.side_transaction() as session:
            return self._write(session, **values)

    def end(self, state: str, message: str | None) -> None:
        """Mark the job as ended. Raises LeaseLost."""
        self.set(state=state, message=message and message[:1000], ended_at=now(), owner=None)

    def release(self) -> None:
        """Put the job back into the queue, for any server. Raises LeaseLost."""
        self.set(state="queued", message=STOPPED, owner=None)

    def check(self, session: Session) -> None:
        """Hold the claim until the end of a transaction. Raises LeaseLost.

        The row stays locked against `claim`, not against the heartbeat.
        """
        held = select(ImportJob.id).where(*self._held)
        if session.scalar(held.with_for_update(read=True, key_share=True)) is None:
            raise LeaseLost(f"job {self.job.id} was taken over by another server")

    @property
    def _held(self) -> tuple[Any, ...]:
        return (
            ImportJob.id == self.job.id,
            ImportJob.fence == self.fence,
            ImportJob.state == "running",
        )

    def _write(self, session: Session, **values: object) -> bool:
        written = update(ImportJob).where(*self._held).values(**values)
        cancel = session.scalar(written.returning(ImportJob.cancel_wanted))
        if cancel is None:
            raise LeaseLost(f"job {self.job.id} was taken over by another server")
        return bool(cancel)


def claim(store: JobStore, database: Database, owner: str) -> ClaimedJob | None:
    """Take the oldest job that waits or whose owner is dead, and that may run now.

    Two jobs with the same subject never run at once, and one of the whole catalogue runs alone.
    A job whose owners died `MAX_TAKEOVERS` times becomes interrupted.
    """
    with database.side_transaction() as session:
        if not database.is_sqlite:
            session.execute(text(f"SELECT pg_advisory_xact_lock({_CLAIMS_LOCK})"))
        moment = database.now(session)
        waiting = _waiting(session, moment)
        free = _first_free(waiting, _busy(session, waiting, moment))
        if free is None:
            return None
        died = free.state == "running"
        free.takeovers += died
        if free.takeovers > MAX_TAKEOVERS:
            free.state, free.message, free.ended_at = "interrupted", KILLED, now()
            return None
        free.state, free.owner, free.fence = "running", owner, free.fence + 1
        free.lease_until, free.message = _lease_end(database, session), None
        free.started_at = free.started_at if died else now()
        return ClaimedJob(Job.model_validate(free), free.fence, store, database)


def disown_all(database: Database) -> None:
    """End the leases of all running jobs: on SQLite a server that starts is the only one."""
    with database.side_transaction() as session:
        running = update(ImportJob).where(ImportJob.state == "running")
        session.execute(running.values(lease_until=None))


def _lease_end(database: Database, session: Session) -> datetime:
    return database.now(session) + lease_time(database)


def _waiting(session: Session, moment: datetime) -> Sequence[ImportJob]:
    """Jobs that wait or have lost their owner, the oldest first, locked.

    A row that a transaction of its owner still holds is left out (`ClaimedJob.check`).
    """
    until = ImportJob.lease_until
    died = (ImportJob.state == "running") & or_(until.is_(None), until < moment)
    return session.scalars(
        select(ImportJob)
        .where(or_(ImportJob.state == "queued", died))
        .order_by(ImportJob.created_at)
        .with_for_update(skip_locked=True)
    ).all()


def _busy(session: Session, waiting: Sequence[ImportJob], moment: datetime) -> set[str]:
    """Subjects of jobs that run, and sources that another process brings up to date."""
    running = select(ImportJob.subject).where(
        ImportJob.state == "running", ImportJob.id.not_in([each.id for each in waiting])
    )
    leased = select(SyncSourceRow.name).where(SyncSourceRow.lease_until > moment)
    return {*session.scalars(running), *session.scalars(leased)}


def _first_free(waiting: Sequence[ImportJob], busy: set[str]) -> ImportJob | None:
    for job in waiting:
        if "" in busy:
            return None
        if job.subject == "":
            # Nothing that came later overtakes it, or it would wait for ever.
            return None if busy else job
        if job.subject not in busy:
            return job
    return None
