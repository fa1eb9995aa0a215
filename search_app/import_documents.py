"""The JSON documents of imports: what may be asked for, and how a job stands."""

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from catalog.errors import FeedError
from catalog.feeds import parse_field_map
from catalog.importer import ImportOptions
from search_app.documents import Text
from search_app.job_records import Job

Mapping = Annotated[Text, Field(min_length=3, max_length=300)]


class ImportChoices(BaseModel):
    """How a feed is taken, as `apparel index` offers it; unknown names are refused.

    A misspelt `dry_run` must not import for real.
    """

    model_config = ConfigDict(extra="forbid")

    map: list[Mapping] = Field(
        default=[],
        max_length=100,
        description="FIELD=COLUMN: which column holds a field, such as title=name; may repeat",
    )
    dry_run: bool = Field(default=False, description="say what would change; write nothing")
    prune: bool = Field(
        default=False, description="remove the products of feeds that this feed no longer has"
    )
    prune_all: bool = Field(
        default=False, description="prune even if that is more than half of them"
    )
    refresh_photos: bool = Field(
        default=False, description="ask whether fetched photos have changed since"
    )

    @model_validator(mode="after")
    def _has_a_readable_map(self) -> Self:
        try:
            parse_field_map(self.map)
        except FeedError as error:
            raise ValueError(f"map: {error}") from error
        return self

    @property
    def options(self) -> ImportOptions:
        """The same for the importer; private addresses are never fetched over HTTP."""
        return ImportOptions(
            fields=parse_field_map(self.map),
            prune=self.prune,
            prune_all=self.prune_all,
            dry_run=self.dry_run,
            refresh_photos=self.refresh_photos,
        )


class ImportRequest(ImportChoices):
    """A feed on this server or at an address: one of `path` and `url`.

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
    """What an import changed beside the counts, or what a dry run would change."""

    kind: str = Field(description="what the feed was taken for, such as Shopify CSV")
    price_only: int = Field(description="changed in price, currency or availability alone")
    products_removed: int
    removed: list[str] = Field(description="their ids, the first thousand")
    photos_unchanged: int
    photos_to_embed: int | None = Field(description="of a dry run: photos to look at")
    photos_to_fetch: int | None = Field(description="of a dry run: those that have an address")
    photos_missing: int | None = Field(description="of a dry run: photos that are not there")
    notes: list[str] = Field(description="what a person should know")
    photos_whole: int = Field(description="photos taken whole: no garment was found on them")


class ImportDocument(BaseModel):
    """An import job; times are UTC, `done` of `total` photos were looked at.

    The counts of a dry run are what would be; nothing was written.
    """

    id: str
    state: Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
    source: str
    made_by: str | None = Field(description="name of the key it was sent with")
    message: str | None = Field(description="why it failed or stopped")
    options: ImportChoices
    done: int
    total: int
    skipped: int = Field(description="photos refused so far")
    garments: int
    products_new: int
    products_changed: int
    products_unchanged: int
    rejected: int = Field(description="rows of the feed that were refused")
    outcome: ImportOutcome | None = Field(description="there once the job is done")
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None


class ImportPage(BaseModel):
    """The imports, the newest first."""

    imports: list[ImportDocument]


def import_document(job: Job) -> ImportDocument:
    """A job as it is told to machines."""
    options = job.options
    choices = ImportChoices(
        map=[f"{field}={column}" for field, column in options.fields],
        dry_run=options.dry_run,
        prune=options.prune,
        prune_all=options.prune_all,
        refresh_photos=options.refresh_photos,
    )
    told = {name: getattr(job, name) for name in ImportDocument.model_fields}
    return ImportDocument.model_validate(told | {"options": choices}, from_attributes=True)
