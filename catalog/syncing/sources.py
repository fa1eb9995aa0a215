"""The table of synchronised sources: adding, listing, removing, results of runs."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Final

from pydantic import TypeAdapter, WrapValidator
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from catalog.errors import SourceError, SourceNotFound
from catalog.fetching.fetch import Validators, check_address
from catalog.importing.sources import SOURCE_LENGTH
from catalog.models import SyncSourceRow
from catalog.sale import utc
from catalog.stored_json import or_none
from catalog.syncing.records import (
    RETRY,
    SourceKind,
    SourceState,
    SourceStatus,
    SyncOutcome,
    SyncSource,
    checked_variable,
)

_OUTCOME: Final = TypeAdapter[SyncOutcome | None](
    Annotated[SyncOutcome | None, WrapValidator(or_none)]
)
ADDRESS_LENGTH: Final = 2000
MESSAGE_LENGTH: Final = 1000


def add_source(session: Session, source: SyncSource) -> None:
    """Add a source, or give one of this name new settings; it is due at once.

    The caller commits. Products of an `apparel index --source NAME` belong to it already.

    Raises:
        SourceError: name or address are empty or too long, or a variable's name is not allowed.
        AddressRefused: it is not an http(s) address, or holds a password.
    """
    if not 0 < len(source.name) <= SOURCE_LENGTH:
        raise SourceError(f"a source's name has 1 to {SOURCE_LENGTH} characters; choose another")
    if len(source.address) > ADDRESS_LENGTH:
        raise SourceError(f"an address has at most {ADDRESS_LENGTH} characters; shorten it")
    if source.kind.is_remote:
        check_address(source.address)
    for variable in (source.token_variable, source.secret_variable):
        if variable is not None:
            checked_variable(variable)
    row = session.get(SyncSourceRow, source.name)
    if row is None:
        row = SyncSourceRow(name=source.name, state=SourceState.NEW)
        session.add(row)
    row.kind, row.address = source.kind.value, source.address
    row.every_minutes = int(source.every / timedelta(minutes=1)) if source.every else None
    row.token_variable, row.secret_variable = source.token_variable, source.secret_variable
    row.photos, row.encoding = source.photos, source.encoding
    row.options = source.options
    # What was remembered may be another feed's, or was read with other settings.
    row.etag = row.last_modified = row.listed = None
    row.next_run_at = now() if source.every else None


def remove_source(session: Session, name: str) -> None:
    """Forget a source and its deliveries; its products stay. Raises SourceNotFound."""
    read_source_row(session, name)
    session.execute(delete(SyncSourceRow).where(SyncSourceRow.name == name))


def list_sources(session: Session) -> list[SourceStatus]:
    """All sources by name."""
    return [_status_of(row) for row in session.scalars(_all())]


def source_status(session: Session, name: str) -> SourceStatus:
    """A source by name. Raises SourceNotFound."""
    return _status_of(read_source_row(session, name))


def due_sources(session: Session) -> list[SourceStatus]:
    """The sources whose next run has come, the longest due first."""
    due = _all().where(SyncSourceRow.next_run_at <= now())
    return [_status_of(row) for row in session.scalars(due.order_by(None).order_by("next_run_at"))]


def record_run(
    session: Session, name: str, state: SourceState, message: str | None, began: datetime
) -> None:
    """Record how a run ended, and when the next one is due; the caller commits."""
    row = session.get(SyncSourceRow, name)
    if row is None:  # removed meanwhile
        return
    row.state, row.message = state.value, message and message[:MESSAGE_LENGTH]
    row.started_at, row.ended_at = began, now()
    row.next_run_at = _next_run(row, state, began)


def record_reading(
    session: Session, name: str, outcome: SyncOutcome, validators: Validators, listed: int | None
) -> None:
    """Record what a run imported, and what the next reading is compared with."""
    session.execute(
        update(SyncSourceRow)
        .where(SyncSourceRow.name == name)
        .values(
            outcome=dict(_OUTCOME.dump_python(outcome, mode="json")),
            etag=validators.etag,
            last_modified=validators.last_modified,
            listed=listed,
        )
    )


def _next_run(row: SyncSourceRow, state: SourceState, began: datetime) -> datetime | None:
    if row.every_minutes is None:
        return None
    every = timedelta(minutes=row.every_minutes)
    if state in (SourceState.FAILED, SourceState.STOPPED):
        return now() + min(every, RETRY)
    return max(now(), began + every)


def read_source_row(session: Session, name: str) -> SyncSourceRow:
    """The row of a source. Raises SourceNotFound."""
    row = session.get(SyncSourceRow, name)
    if row is None:
        known = session.scalars(select(SyncSourceRow.name).order_by("name").limit(10)).all()
        there = f"there are {', '.join(known)}" if known else "add it with `apparel sync add`"
        raise SourceNotFound(f"there is no source {name[:100]!r}; {there}")
    return row


def _all() -> Any:
    return select(SyncSourceRow).order_by(SyncSourceRow.name)


def _status_of(row: SyncSourceRow) -> SourceStatus:
    source = SyncSource(
        name=row.name,
        kind=SourceKind(row.kind),
        address=row.address,
        every=timedelta(minutes=row.every_minutes) if row.every_minutes else None,
        token_variable=row.token_variable,
        secret_variable=row.secret_variable,
        photos=row.photos,
        encoding=row.encoding,
        options=row.options,
    )
    return SourceStatus(
        source=source,
        state=SourceState(row.state),
        message=row.message,
        outcome=_OUTCOME.validate_python(row.outcome),
        validators=Validators(row.etag, row.last_modified),
        listed=row.listed,
        started_at=stored_utc(row.started_at),
        ended_at=stored_utc(row.ended_at),
        next_run_at=stored_utc(row.next_run_at),
        running=(until := stored_utc(row.lease_until)) is not None and until > now(),
    )


def stored_utc(moment: datetime | None) -> datetime | None:
    """A stored time in UTC: SQLite stores no zone, PostgreSQL answers in the session's."""
    known = utc(moment)
    return None if known is None else known.astimezone(UTC)


def now() -> datetime:
    """The present time in UTC."""
    return datetime.now(UTC)
