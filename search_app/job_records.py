"""An import job as everybody sees it, made of its row in the database."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from catalog.models import ImportJob

ENDED: Final = frozenset({"done", "failed", "cancelled", "interrupted"})


@dataclass(frozen=True)
class Job:
    """An import as it stands; times are UTC. `rejects` counts refused rows and photos."""

    id: str
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
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in ENDED


def _utc(moment: datetime | None) -> datetime | None:
    """SQLite forgets the zone."""
    return None if moment is None else moment.replace(tzinfo=UTC)


def job_of(row: ImportJob) -> Job:
    """The job of a row."""
    return Job(
        id=row.id,
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
        created_at=row.created_at.replace(tzinfo=UTC),
        started_at=_utc(row.started_at),
        ended_at=_utc(row.ended_at),
    )
