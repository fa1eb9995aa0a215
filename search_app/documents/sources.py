"""Synchronised sources and the deliveries of their webhooks."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class SyncOutcomeDocument(BaseModel):
    """Changes by the last import of a source."""

    model_config = ConfigDict(from_attributes=True)

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
    """Result of a webhook's delivery.

    `accepted`: it takes effect in a moment. `repeated`: it was delivered before; `ignored`: it is
    no change of a product. Neither has any effect.
    """

    state: Literal["accepted", "repeated", "ignored"]
