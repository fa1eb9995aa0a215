"""View models of the admin page of the sources."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from catalog.syncing.records import SourceState, SourceStatus
from search_app.language import texts
from search_app.problems import sentence


@dataclass(frozen=True)
class SourceView:
    """A source as a row of the page."""

    name: str
    about: str
    address: str
    state: str
    state_name: str
    last_run: str
    next_run: str
    message: str
    facts: tuple[tuple[str, int], ...]
    notes: tuple[str, ...]
    is_running: bool
    can_force: bool


def source_view(status: SourceStatus, is_queued: bool) -> SourceView:
    """The view of a source; `is_queued`: a job of it waits or runs."""
    is_running = status.running or is_queued
    state = "running" if is_running else status.state.value
    return SourceView(
        name=status.source.name,
        about=_about(status),
        address=status.source.shown_address,
        state=state,
        state_name=texts.SOURCE_RUNS if is_running else texts.source_state(state),
        last_run=_minute(status.ended_at) or texts.source_state("new"),
        next_run=_minute(status.next_run_at) or texts.BY_HAND,
        message=sentence(status.message) if status.message else "",
        facts=_facts(status),
        notes=status.outcome.notes if status.outcome else (),
        is_running=is_running,
        can_force=status.state is SourceState.SHRUNK and not is_running,
    )


def _about(status: SourceStatus) -> str:
    source = status.source
    parts = [texts.source_kind(source.kind.value)]
    if source.every is not None:
        parts.append(texts.interval(int(source.every / timedelta(minutes=1))))
    if source.secret_variable is not None:
        parts.append(texts.TAKES_WEBHOOKS)
    return " · ".join(parts)


def _facts(status: SourceStatus) -> tuple[tuple[str, int], ...]:
    """The counts of the last import in words, without zeros."""
    outcome = status.outcome
    if outcome is None:
        return ()
    counts = (
        (texts.JOB_NEW, outcome.new),
        (texts.JOB_CHANGED, outcome.changed),
        (texts.JOB_REMOVED, outcome.removed),
        (texts.JOB_SKIPPED, outcome.photos_skipped),
        (texts.JOB_REJECTED, outcome.rejected),
    )
    return ((texts.SOURCE_LISTED, outcome.listed), *(count for count in counts if count[1]))


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M} UTC"
