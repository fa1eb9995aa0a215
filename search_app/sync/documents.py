"""The JSON documents of synchronised sources."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from catalog.syncing.records import SourceStatus, shown_interval


class SyncOutcomeDocument(BaseModel):
    """What the last import of a source changed."""

    kind: str = Field(description="detected format, such as Shopify JSON")
    listed: int = Field(description="products that the source listed")
    new: int
    changed: int
    unchanged: int
    removed: int
    rejected: int
    photos_indexed: int
    photos_skipped: int
    garments: int
    notes: list[str] = Field(description="remarks for the user")


class SourceDocument(BaseModel):
    """A source that is kept fresh, and the result of its last run; times are UTC."""

    name: str
    kind: Literal["file", "folder", "feed", "shopify", "woocommerce"]
    address: str = Field(description="without its query, which may hold a secret")
    every: str = Field(description="interval such as 15m, 6h, 1d, or never")
    running: bool
    state: Literal["new", "done", "unchanged", "shrunk", "failed", "stopped"] = Field(
        description="how the last run ended; shrunk: it lists less than half of what it did, and "
        "nothing was removed"
    )
    message: str | None = Field(description="why it failed, shrank or stopped")
    outcome: SyncOutcomeDocument | None
    takes_webhooks: bool
    started_at: datetime | None
    ended_at: datetime | None
    next_run_at: datetime | None = Field(description="null: only when asked")


class SourcePage(BaseModel):
    """All sources by name."""

    sources: list[SourceDocument]


class WebhookDocument(BaseModel):
    """What became of a webhook's delivery.

    `accepted`: it takes effect in a moment. `repeated`: it was delivered before; `ignored`: it is
    no change of a product. Neither has any effect.
    """

    state: Literal["accepted", "repeated", "ignored"]


def source_document(status: SourceStatus) -> SourceDocument:
    """The JSON document of a source."""
    source = status.source
    outcome = status.outcome
    return SourceDocument(
        name=source.name,
        kind=source.kind.value,
        address=source.shown_address,
        every=shown_interval(source.every),
        running=status.running,
        state=status.state.value,
        message=status.message,
        outcome=None
        if outcome is None
        else SyncOutcomeDocument.model_validate(outcome, from_attributes=True),
        takes_webhooks=source.kind.is_shop and source.secret_variable is not None,
        started_at=status.started_at,
        ended_at=status.ended_at,
        next_run_at=status.next_run_at,
    )
