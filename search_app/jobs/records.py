"""Jobs as typed records, converted from their database rows."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter

from catalog.importing.importer import ImportOptions
from catalog.models import ImportJob
from catalog.syncing.records import SyncOutcome
from indexing.collection import IndexSummary

IMPORT: Final = "import"
REBUILD: Final = "rebuild"
REEMBED: Final = "reembed"
REVIEW: Final = "review"
SYNC: Final = "sync"
ENDED: Final = frozenset({"done", "failed", "cancelled", "interrupted"})
MAX_NAMED: Final = 1_000
"""Removed products that an outcome names; the rest are counted."""


@dataclass(frozen=True)
class JobOutcome:
    """What an import changed, or would change, apart from the counts of its job.

    Attributes:
        kind: the detected format of the feed, such as "Shopify CSV".
        price_only: changed products where only price, currency or availability differ.
        products_removed: products that the feed no longer has; `removed` names the first.
        photos_unchanged: photos that need no new work.
        photos_to_embed: photos of a dry run with new contents, including those with an address.
        photos_to_fetch: photos of a dry run that have an address.
        photos_missing: photos of a dry run that do not exist.
        notes: remarks for the user, one sentence each.
    """

    kind: str
    price_only: int
    products_removed: int
    removed: tuple[str, ...]
    photos_unchanged: int
    photos_to_embed: int | None
    photos_to_fetch: int | None
    photos_missing: int | None
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Job:
    """An import, or other work in the same queue, and its state; times are UTC.

    The counts of a dry run are those of a real one; `outcome` is set when the job is done.
    """

    id: str
    task: str
    state: str
    source: str
    made_by: str | None
    message: str | None
    done: int
    total: int
    skipped: int
    garments: int
    products_new: int
    products_changed: int
    products_unchanged: int
    rejected: int
    options: ImportOptions
    outcome: JobOutcome | None
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether the job neither runs nor waits."""
        return self.state in ENDED


_OPTIONS: Final = TypeAdapter(ImportOptions)
_OUTCOME: Final = TypeAdapter(JobOutcome)


def options_to_row(options: ImportOptions) -> dict[str, Any]:
    """Options in the form stored in a job's row."""
    return dict(_OPTIONS.dump_python(options, mode="json"))


def outcome_to_row(summary: IndexSummary, kind: str) -> dict[str, Any]:
    """The outcome of a run in the form stored in a job's row."""
    products = summary.products
    forecast = products.forecast
    outcome = JobOutcome(
        kind=kind,
        price_only=products.price_only,
        products_removed=len(products.removed),
        removed=products.removed[:MAX_NAMED],
        photos_unchanged=summary.unchanged,
        photos_to_embed=forecast.to_embed if forecast else None,
        photos_to_fetch=forecast.to_fetch if forecast else None,
        photos_missing=forecast.missing if forecast else None,
        notes=products.notes,
    )
    return dict(_OUTCOME.dump_python(outcome, mode="json"))


def sync_outcome_to_row(outcome: SyncOutcome) -> dict[str, Any]:
    """The outcome of a source's run in the form stored in a job's row."""
    stored = JobOutcome(
        kind=outcome.kind,
        price_only=0,
        products_removed=outcome.removed,
        removed=(),
        photos_unchanged=0,
        photos_to_embed=None,
        photos_to_fetch=None,
        photos_missing=None,
        notes=outcome.notes,
    )
    return dict(_OUTCOME.dump_python(stored, mode="json"))


def _utc(moment: datetime | None) -> datetime | None:
    """The time with its zone, which SQLite does not store."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def job_of(row: ImportJob) -> Job:
    """Convert a row to a job."""
    return Job(
        id=row.id,
        task=row.task,
        state=row.state,
        source=row.source,
        made_by=row.made_by,
        message=row.message,
        done=row.done,
        total=row.total,
        skipped=row.skipped,
        garments=row.garments,
        products_new=row.products_new,
        products_changed=row.products_changed,
        products_unchanged=row.products_unchanged,
        rejected=row.rejected,
        options=_OPTIONS.validate_python(row.options or {}),
        outcome=_OUTCOME.validate_python(row.outcome) if row.outcome else None,
        created_at=row.created_at.replace(tzinfo=UTC),
        started_at=_utc(row.started_at),
        ended_at=_utc(row.ended_at),
    )
