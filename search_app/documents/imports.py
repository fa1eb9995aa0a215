"""Imports: requests, options and the state of a job."""

from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from catalog.importing.sources import SOURCE_LENGTH
from search_app.documents.fields import Text

Moment = Annotated[datetime, AfterValidator(lambda moment: moment.replace(tzinfo=UTC))]
"""A time in UTC; SQLite does not store its zone."""
Mapping = Annotated[Text, Field(min_length=3, max_length=300)]


class ImportChoices(BaseModel):
    """Options of an import, the same as those of `apparel index`; unknown names are refused.

    A misspelt `dry_run` must not import for real.
    """

    model_config = ConfigDict(extra="forbid")

    map: list[Mapping] = Field(
        default=[],
        max_length=100,
        description="FIELD=COLUMN, the column of a field, such as title=name; may be repeated",
    )
    dry_run: bool = Field(default=False, description="report what would change without writing")
    source: Text | None = Field(
        default=None,
        min_length=1,
        max_length=SOURCE_LENGTH,
        description="name of this feed, to which pruning is limited; default: from its file's name",
    )
    clear_empty: bool = Field(default=False, description="an empty cell clears the stored value")
    prune: bool = Field(
        default=False, description="remove this source's products that the feed no longer has"
    )
    prune_all: bool = Field(
        default=False, description="prune even if that is more than half of them"
    )
    refresh_photos: bool = Field(
        default=False, description="check whether fetched photos have changed"
    )


class ImportRequest(ImportChoices):
    """The feed to import, on this server or at an address: one of `path` and `url`.

    `path` and `photos` are names below the server's import folder.
    """

    path: str | None = Field(default=None, min_length=1, max_length=2000)
    url: str | None = Field(default=None, max_length=2000, pattern="^https?://")
    photos: str | None = Field(default=None, min_length=1, max_length=2000)

    @model_validator(mode="after")
    def _has_one_feed(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError("give either path or url")
        return self


class ImportOutcome(BaseModel):
    """Changes by an import, or those that a dry run foresees, apart from the counts."""

    kind: str = Field(description="detected format, such as Shopify CSV")
    price_only: int = Field(
        default=0, description="products changed only in price, currency or availability"
    )
    products_removed: int
    removed: list[str] = Field(
        default=[], description="ids of removed products, at most a thousand"
    )
    photos_unchanged: int = 0
    photos_to_embed: int | None = Field(default=None, description="of a dry run: photos to embed")
    photos_to_fetch: int | None = Field(
        default=None, description="of a dry run: photos to fetch from an address"
    )
    photos_missing: int | None = Field(
        default=None, description="of a dry run: photos that do not exist"
    )
    notes: list[str] = Field(description="remarks for the user")


class ImportState(BaseModel):
    """State and counts of an import; `done` of `total` photos are processed.

    The counts of a dry run are what would be; nothing was written.
    """

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
    source: str
    made_by: str | None = Field(description="name of the key that started it")
    message: str | None = Field(description="why it failed or stopped")
    done: int
    total: int
    skipped: int = Field(description="photos refused so far")
    garments: int
    products_new: int
    products_changed: int
    products_unchanged: int
    rejected: int = Field(description="rows of the feed that were refused")
    outcome: ImportOutcome | None = Field(description="set when the job is done")
    created_at: Moment
    started_at: Moment | None
    ended_at: Moment | None


class ImportDocument(ImportState):
    """An import job and its options."""

    options: ImportChoices


class ImportPage(BaseModel):
    """The imports, the newest first."""

    imports: list[ImportDocument]
