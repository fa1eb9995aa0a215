"""Jobs as typed records, converted from their database rows."""

from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, WrapValidator

from catalog.importing.records import ImportOptions
from catalog.stored_json import or_none
from indexing.collection import IndexSummary
from search_app.documents import ImportOutcome

IMPORT: Final = "import"
REBUILD: Final = "rebuild"
REEMBED: Final = "reembed"
REVIEW: Final = "review"
SYNC: Final = "sync"
ENDED: Final = frozenset({"done", "failed", "cancelled", "interrupted"})
MAX_NAMED: Final = 1_000
"""Removed products that an outcome names; the rest are counted."""
Moment = Annotated[datetime, AfterValidator(lambda moment: moment.replace(tzinfo=UTC))]
"""A time in UTC; SQLite does not store its zone."""


class Job(BaseModel):
    """An import, or other work in the same queue, and its state.

    The counts of a dry run are those of a real one; `outcome` is set when the job is done.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True)

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
    options: Annotated[ImportOptions, BeforeValidator(lambda stored: stored or ImportOptions())]
    outcome: Annotated[ImportOutcome | None, WrapValidator(or_none)]
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None

    @property
    def ended(self) -> bool:
        """Whether the job neither runs nor waits."""
        return self.state in ENDED


def outcome_to_row(summary: IndexSummary, kind: str) -> dict[str, Any]:
    """The outcome of a run in the form stored in a job's row."""
    products = summary.products
    forecast = products.forecast
    outcome = ImportOutcome(
        kind=kind,
        price_only=products.price_only,
        products_removed=len(products.removed),
        removed=list(products.removed[:MAX_NAMED]),
        photos_unchanged=summary.unchanged,
        photos_to_embed=forecast.to_embed if forecast else None,
        photos_to_fetch=forecast.to_fetch if forecast else None,
        photos_missing=forecast.missing if forecast else None,
        notes=list(products.notes),
    )
    return outcome.model_dump(mode="json")
