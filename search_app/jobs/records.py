"""Jobs as typed records, converted from their database rows."""

from typing import Annotated, Any, Final, Literal

from pydantic import BeforeValidator, ConfigDict, WrapValidator

from catalog.importing.importer import ImportOptions
from catalog.stored_json import or_none
from indexing.collection import IndexSummary
from search_app.documents import ImportOutcome, ImportState

Upkeep = Literal["rebuild", "reembed", "review"]
"""Work on the whole catalogue: new indices, another encoder, a check for the work lists."""
IMPORT: Final = "import"
REVIEW: Final = "review"
SYNC: Final = "sync"
ENDED: Final = frozenset({"done", "failed", "cancelled", "interrupted"})
MAX_NAMED: Final = 1_000
"""Removed products that an outcome names; the rest are counted."""


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
