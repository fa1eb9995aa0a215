"""The database tables: products, photos, garments, and the vectors of each model.

    product 1-n photo 1-n garment 1-n vector n-1 model
            1-n attribute                 1-n vector_change

API keys, import jobs, shards, work lists, search analytics and synchronised sources (with their
shops' ids of products and deliveries of webhooks) have tables of their own. Only types that SQLite
and PostgreSQL share are used. Triggers write three tables (migrations 0004 and 0009): `attribute`
mirrors `product.attributes` as rows, `vector_change` logs added and removed vectors in order,
`catalogue_version` counts writes. Further triggers keep the full text of products, which has no
model here (migration 0013, `catalog.filtering.product_text`).
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from sqlalchemy import (
    BigInteger,
    Date,
    DateTime,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    false,
    func,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from catalog.colours import Colour
from catalog.feeds.availability import Availability
from catalog.importing.records import ImportOptions, PendingPhoto
from catalog.sale import Price
from catalog.stored_json import (
    ATTRIBUTES,
    CERTAINTIES,
    COLOURS,
    JOB_OPTIONS,
    OPTIONS,
    OUTCOME,
    PENDING,
    TEXTS,
)
from catalog.syncing.records import SourceKind, SourceState
from segmentation.classes import GARMENT_CLASSES

DATABASE_NAME: Final = "apparel.db"
"""File name of the database in a data folder."""
ATTRIBUTE_LENGTH: Final = 200
"""Characters of an attribute's value that are indexed."""
NOT_IN_FEED: Final = -1
"""Position of a photo that is no longer in the feed; it is removed once others replace it."""
NEVER_REUSE_IDS: Final = {"sqlite_autoincrement": True}
"""An index that missed a removal must not return another garment under the old id."""
_SHARE: Final = {"between": (-0.001, 1.001)}
"""A column's `info` says which values of its type are fit (`catalog.data_folder.unfit_values`)."""


def _one_of(*values: str) -> dict[str, tuple[str, ...]]:
    return {"one_of": values}


def _now() -> datetime:
    return datetime.now(UTC)


class Base(DeclarativeBase):
    """Declarative base of every table."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        list[str]: TEXTS,
        float: Double,
        datetime: DateTime(timezone=True),
    }


class Product(Base):
    """A product; `id` is the shop's own.

    `source` names the feed or folder that first listed it, None for a product added by hand;
    pruning removes products of one source only. For an imported folder of photos, ids are file
    names and `origin` is that folder, so that folders with equal file names do not overwrite each
    other. `sale_price` is in force from `sale_start` to `sale_end` (UTC), without dates always.
    `availability` is a value of `catalog.feeds.availability.Availability`. The variants of an
    article share a `group_id`, or an `article` recognised by their titles
    (`catalog.importing.articles`). `named_kinds` has a bit for each kind that the texts name
    (`catalog.filtering.named_kinds`).
    """

    __tablename__ = "product"

    id: Mapped[str] = mapped_column(String(200), primary_key=True)
    title: Mapped[str] = mapped_column(String(500))
    brand: Mapped[str | None] = mapped_column(String(200), index=True)
    category: Mapped[str | None] = mapped_column(String(200), index=True)
    colour: Mapped[str | None] = mapped_column(String(100), index=True)
    price: Mapped[Decimal | None] = mapped_column(Price, index=True)
    currency: Mapped[str | None] = mapped_column(String(3))
    url: Mapped[str | None] = mapped_column(String(2000))
    availability: Mapped[str | None] = mapped_column(
        String(50), index=True, info=_one_of(*Availability)
    )
    description: Mapped[str | None] = mapped_column(Text)
    group_id: Mapped[str | None] = mapped_column(String(200), index=True)
    article: Mapped[str | None] = mapped_column(String(200), index=True)
    attributes: Mapped[dict[str, str]] = mapped_column(ATTRIBUTES, default=dict)
    sale_price: Mapped[Decimal | None] = mapped_column(Price, index=True)
    sale_start: Mapped[datetime | None]
    sale_end: Mapped[datetime | None]
    named_kinds: Mapped[int] = mapped_column(default=0, server_default="0")
    source: Mapped[str | None] = mapped_column(String(200), index=True)
    origin: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(default=_now)
    updated_at: Mapped[datetime] = mapped_column(default=_now, onupdate=_now, index=True)

    photos: Mapped[list["PhotoRow"]] = relationship(
        back_populates="product",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="PhotoRow.position",
    )


# For case-insensitive look-ups (`conditions.same_text`); with the id in the index, a filter reads
# no product rows.
Index("ix_product_named_kinds", Product.id, Product.named_kinds)
for _column in (Product.brand, Product.category, Product.colour, Product.availability):
    Index(f"ix_product_{_column.key}_lower", func.lower(_column), Product.id)


class AttributeRow(Base):
    """One attribute of a product as a row, so that filters and facets can use an index."""

    __tablename__ = "attribute"

    product_id: Mapped[str] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str] = mapped_column(String(ATTRIBUTE_LENGTH))


Index(
    "ix_attribute_name_value",
    AttributeRow.name,
    func.lower(AttributeRow.value),
    AttributeRow.product_id,
)
Index("ix_attribute_name_exact", AttributeRow.name, AttributeRow.value)


class PhotoRow(Base):
    """A product's photo and its processing status.

    `status` is pending, indexed or skipped; a skipped photo has the stage (fetch, read, segment),
    a stable code and the reason as a sentence. `stored` names the reduced copy below DATA/photos.
    `sha256` is the hash of the source file's bytes.
    """

    __tablename__ = "photo"
    __table_args__ = (
        Index("ix_photo_product_source", "product_id", "source", unique=True),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    product_id: Mapped[str] = mapped_column(ForeignKey("product.id", ondelete="CASCADE"))
    source: Mapped[str] = mapped_column(String(2000))
    position: Mapped[int] = mapped_column(default=0)
    sha256: Mapped[str | None] = mapped_column(String(64), index=True)
    stored: Mapped[str | None] = mapped_column(String(100))
    width: Mapped[int | None]
    height: Mapped[int | None]
    status: Mapped[str] = mapped_column(
        String(10), default="pending", index=True, info=_one_of("pending", "indexed", "skipped")
    )
    skip_stage: Mapped[str | None] = mapped_column(String(20))
    skip_code: Mapped[str | None] = mapped_column(String(40))
    skip_reason: Mapped[str | None] = mapped_column(String(500))
    updated_at: Mapped[datetime] = mapped_column(default=_now, onupdate=_now)

    product: Mapped[Product] = relationship(back_populates="photos")
    garments: Mapped[list["GarmentRow"]] = relationship(
        back_populates="photo", cascade="all, delete-orphan", passive_deletes=True
    )


class GarmentRow(Base):
    """One garment on a photo; the box is x0, y0, x1, y1 relative to the photo, 0 to 1.

    `colours` has the main one first; `lightness` (CIELAB L) is
    that of the first. `kind` to `length` are predicted, NULL without a confident prediction;
    `certainties` has the probability of each that is not NULL. `worn_with` is True for a garment
    that is worn with the product but is not the product.
    """

    __tablename__ = "garment"
    __table_args__ = (
        Index("ix_garment_photo_class", "photo_id", "garment_class", "worn_with"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"))
    garment_class: Mapped[int] = mapped_column(index=True, info={"one_of": GARMENT_CLASSES})
    score: Mapped[float] = mapped_column(info=_SHARE)
    area: Mapped[float] = mapped_column(info=_SHARE)
    x0: Mapped[float] = mapped_column(info=_SHARE)
    y0: Mapped[float] = mapped_column(info=_SHARE)
    x1: Mapped[float] = mapped_column(info=_SHARE)
    y1: Mapped[float] = mapped_column(info=_SHARE)
    main_colour: Mapped[str | None] = mapped_column(String(30), index=True)
    colours: Mapped[tuple[Colour, ...]] = mapped_column(COLOURS, default=())
    lightness: Mapped[float | None] = mapped_column(index=True)
    kind: Mapped[str | None] = mapped_column(String(30), index=True)
    pattern: Mapped[str | None] = mapped_column(String(20), index=True)
    sleeve: Mapped[str | None] = mapped_column(String(20), index=True)
    length: Mapped[str | None] = mapped_column(String(20), index=True)
    certainties: Mapped[dict[str, float]] = mapped_column(
        CERTAINTIES, default=dict, server_default="{}"
    )
    worn_with: Mapped[bool] = mapped_column(default=False, server_default=false())

    photo: Mapped[PhotoRow] = relationship(back_populates="garments")
    vectors: Mapped[list["VectorRow"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )


class ModelRow(Base):
    """A pair of segmenter and encoder that computed vectors; searches use the active one."""

    __tablename__ = "model"
    __table_args__ = (Index("ix_model_fingerprint", "segmenter", "encoder", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    segmenter: Mapped[str] = mapped_column(String(200))
    encoder: Mapped[str] = mapped_column(String(200))
    style_dimension: Mapped[int]
    colour_dimension: Mapped[int]
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(default=_now)


class VectorRow(Base):
    """A garment's vector by a model: float32, little endian, `dimension` numbers."""

    __tablename__ = "vector"

    garment_id: Mapped[int] = mapped_column(
        ForeignKey("garment.id", ondelete="CASCADE"), primary_key=True
    )
    model_id: Mapped[int] = mapped_column(
        ForeignKey("model.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    values: Mapped[bytes] = mapped_column(LargeBinary)


class Key(Base):
    """An API key, of which only the SHA-256 is stored; `scope` is read, write or admin.

    `origins` are those of the pages that it is for, separated by spaces; empty: any caller.
    """

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    scope: Mapped[str] = mapped_column(String(10), info=_one_of("read", "write", "admin"))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    origins: Mapped[str] = mapped_column(Text, default="", server_default="")
    created_at: Mapped[datetime] = mapped_column(default=_now)
    revoked_at: Mapped[datetime | None]


class ImportJob(Base):
    """A job of the servers' queue and its progress.

    `task` is import, sync (of the source named in `source`), rebuild or reembed (with the encoder's
    name in `source`). `state` is queued, running, done, failed, cancelled or interrupted. `source`
    is the client's name of the feed, `feed` a file or folder that the servers see or the name of a
    `JobFile`, `folder` the folder of its photos or empty. `subject` is the source of the products
    that it writes, empty for the whole catalogue. For `outcome` see `search_app.jobs.store`.

    The server `owner` runs it until `lease_until`, which it renews. `fence` grows with each owner:
    one that was taken for dead writes nothing more. `takeovers` counts owners that died.
    """

    __tablename__ = "import_job"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    task: Mapped[str] = mapped_column(
        String(12), default="import", info=_one_of("import", "sync", "rebuild", "reembed", "review")
    )
    state: Mapped[str] = mapped_column(
        String(12), default="queued", index=True,
        info=_one_of("queued", "running", "done", "failed", "cancelled", "interrupted"),
    )  # fmt: skip
    source: Mapped[str] = mapped_column(String(2000))
    feed: Mapped[str] = mapped_column(String(2000))
    folder: Mapped[str] = mapped_column(String(2000))
    made_by: Mapped[str | None] = mapped_column(String(100))
    message: Mapped[str | None] = mapped_column(String(1000))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    skipped: Mapped[int] = mapped_column(default=0)
    garments: Mapped[int] = mapped_column(default=0)
    products_new: Mapped[int] = mapped_column(default=0)
    products_changed: Mapped[int] = mapped_column(default=0)
    products_unchanged: Mapped[int] = mapped_column(default=0)
    rejected: Mapped[int] = mapped_column(default=0)
    options: Mapped[ImportOptions | None] = mapped_column(JOB_OPTIONS)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(OUTCOME)
    created_at: Mapped[datetime] = mapped_column(default=_now)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    subject: Mapped[str] = mapped_column(String(200), default="", server_default="")
    owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0, server_default="0")
    takeovers: Mapped[int] = mapped_column(default=0, server_default="0")
    cancel_wanted: Mapped[bool] = mapped_column(default=False, server_default=false())


class JobFile(Base):
    """A file of a job, compressed by zlib: the feed that was sent or fetched, or its rejects."""

    __tablename__ = "import_job_file"

    job_id: Mapped[str] = mapped_column(
        ForeignKey("import_job.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class ShardRow(Base):
    """Photos of an index run that one worker processes at a time (`indexing.bulk.shards`).

    `state` is waiting, running, done or parked. A worker has it until `lease_until`, which it
    renews; `fence` counts the workers that took it, and only the last one writes. `message` is why
    the last attempt failed, `outcome` what a done one counted.
    """

    __tablename__ = "shard"
    __table_args__ = (
        Index("ix_shard_state", "state", "id"),
        Index("ix_shard_run", "run", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    run: Mapped[str] = mapped_column(String(32))
    source: Mapped[str] = mapped_column(String(200))
    model_id: Mapped[int]
    allow_private: Mapped[bool]
    photos: Mapped[tuple[PendingPhoto, ...]] = mapped_column(PENDING)
    state: Mapped[str] = mapped_column(
        String(8), default="waiting", info=_one_of("waiting", "running", "done", "parked")
    )
    lease_until: Mapped[datetime | None]
    fence: Mapped[int] = mapped_column(default=0, server_default="0")
    message: Mapped[str | None] = mapped_column(String(500))
    outcome: Mapped[dict[str, Any] | None] = mapped_column(OUTCOME)


class SealedRow(Base):
    """An encrypted value of a visitor (`search_app.security.expiring`): a query photo or a session.

    `id` is a hash of its token. On PostgreSQL the table is UNLOGGED; SQLite leaves it empty.
    """

    __tablename__ = "sealed"
    __table_args__ = (Index("ix_sealed_kind", "kind", "expires_at"),)

    id: Mapped[str] = mapped_column(String(64), primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    content: Mapped[bytes] = mapped_column(LargeBinary)
    expires_at: Mapped[datetime] = mapped_column(index=True)


class RateCount(Base):
    """Requests of a sender, named by a hash, in one period of a rate's length.

    On PostgreSQL the table is UNLOGGED; SQLite leaves it empty.
    """

    __tablename__ = "rate_count"

    sender: Mapped[str] = mapped_column(String(64), primary_key=True)
    period: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    hits: Mapped[int]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class VectorChange(Base):
    """A log entry for a vector that was written or removed; `id` grows with each commit.

    An index applies the entries after the last id it has seen. Entries that all index files
    contain are deleted in time, except the last one.
    """

    __tablename__ = "vector_change"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    model_id: Mapped[int]
    garment_id: Mapped[int]


class CatalogueVersion(Base):
    """One row with a number that grows with every change of products or garments.

    Together with the last `VectorChange` it keys cached results (`catalog.cache`).
    `named_kinds_by` identifies the words that decided `product.named_kinds`.
    """

    __tablename__ = "catalogue_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, default=0)
    named_kinds_by: Mapped[str | None] = mapped_column(String(16))


class FindingRow(Base):
    """An entry of the merchant's work lists (`indexing.review`): something to look at.

    `check` is no-garment, title or duplicate; `key` identifies the finding within all checks, so
    that one that the merchant has marked as fine stays so. The greater `score`, the surer.
    `other_garment_id` is the garment of another product that a duplicate resembles.
    """

    __tablename__ = "finding"
    __table_args__ = (Index("ix_finding_check", "check_name", "is_fine", "score"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    check: Mapped[str] = mapped_column(
        "check_name", String(12), info=_one_of("no-garment", "title", "duplicate")
    )
    key: Mapped[str] = mapped_column(String(450), unique=True)
    product_id: Mapped[str] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), index=True
    )
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"), index=True)
    garment_id: Mapped[int | None] = mapped_column(
        ForeignKey("garment.id", ondelete="CASCADE"), index=True
    )
    other_garment_id: Mapped[int | None] = mapped_column(
        ForeignKey("garment.id", ondelete="CASCADE"), index=True
    )
    reason: Mapped[str] = mapped_column(String(500))
    score: Mapped[float]
    is_fine: Mapped[bool] = mapped_column(default=False, server_default=false())


class SearchRow(Base):
    """One search without its photo, for the merchant's analytics (`search_app.analytics`).

    Nothing of it leads to a person: `id` is random and made for this search alone, and no time but
    the day is known. `words` are those typed, without anything like an address or a number.
    `filters` is a list of "field=value". `shown` lists the ids of the first products shown.
    """

    __tablename__ = "search"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    day: Mapped[date] = mapped_column(Date, index=True)
    query_type: Mapped[str] = mapped_column(
        String(10), info=_one_of("photo", "words", "product", "vector")
    )
    place: Mapped[str] = mapped_column(String(10), info=_one_of("page", "api"))
    garment_class: Mapped[str | None] = mapped_column(
        String(10), info=_one_of(*(each.label for each in GARMENT_CLASSES))
    )
    kind: Mapped[str | None] = mapped_column(String(30))
    pattern: Mapped[str | None] = mapped_column(String(20))
    colour: Mapped[str | None] = mapped_column(String(30))
    words: Mapped[str | None] = mapped_column(String(200))
    unknown_words: Mapped[str | None] = mapped_column(String(200))
    filters: Mapped[list[str]] = mapped_column(default=list)
    product_id: Mapped[str | None] = mapped_column(String(200))
    results: Mapped[int]
    nothing_close: Mapped[bool]
    colour_missing: Mapped[bool]
    shown: Mapped[list[str]] = mapped_column(default=list)


class SearchEventRow(Base):
    """An event after a search for one of its products: click, cart or purchase."""

    __tablename__ = "search_event"

    search_id: Mapped[str] = mapped_column(
        ForeignKey("search.id", ondelete="CASCADE"), primary_key=True
    )
    event: Mapped[str] = mapped_column(
        String(10), primary_key=True, info=_one_of("click", "cart", "purchase")
    )
    product_id: Mapped[str] = mapped_column(String(200), primary_key=True)
    position: Mapped[int | None]


class SyncSourceRow(Base):
    """A source that is kept fresh; `name` is the `source` of its products.

    `kind` is file, folder, feed, shopify or woocommerce. The variables name what the environment
    holds: no secret is stored. `etag` and `last_modified` are those of the last reading that was
    imported wholly, `listed` its number of products. `state` is new, done, unchanged, shrunk,
    failed or stopped. Whoever runs it holds the lease until `lease_until`. Times are UTC.
    """

    __tablename__ = "sync_source"

    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    kind: Mapped[str] = mapped_column(String(12), info=_one_of(*SourceKind))
    address: Mapped[str] = mapped_column(String(2000))
    every_minutes: Mapped[int | None]
    token_variable: Mapped[str | None] = mapped_column(String(100))
    secret_variable: Mapped[str | None] = mapped_column(String(100))
    photos: Mapped[str | None] = mapped_column(String(2000))
    encoding: Mapped[str | None] = mapped_column(String(40))
    options: Mapped[ImportOptions] = mapped_column(OPTIONS)
    etag: Mapped[str | None] = mapped_column(String(1000))
    last_modified: Mapped[str | None] = mapped_column(String(100))
    listed: Mapped[int | None]
    state: Mapped[str] = mapped_column(String(12), default="new", info=_one_of(*SourceState))
    message: Mapped[str | None] = mapped_column(String(1000))
    outcome: Mapped[dict[str, Any] | None] = mapped_column(OUTCOME)
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    next_run_at: Mapped[datetime | None]
    lease_owner: Mapped[str | None] = mapped_column(String(100))
    lease_until: Mapped[datetime | None]


class _OfSyncSource:
    """A row of a synchronised source; deleted with it."""

    source: Mapped[str] = mapped_column(
        ForeignKey("sync_source.name", ondelete="CASCADE"), primary_key=True
    )


class ShopProductRow(_OfSyncSource, Base):
    """A product as the shop's own system knows it: its number there, and when it last changed.

    A webhook that removes a Shopify product has its number alone.
    """

    __tablename__ = "shop_product"

    shop_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    product_id: Mapped[str] = mapped_column(String(200))
    modified: Mapped[str | None] = mapped_column(String(40))


class WebhookDelivery(_OfSyncSource, Base):
    """A webhook's delivery, so that none takes effect twice.

    `sha256` is that of its body, since the id is not signed. `body` is kept until it has been
    handled; `state` is pending, done, ignored or failed.
    """

    __tablename__ = "webhook_delivery"
    __table_args__ = (Index("ix_webhook_delivery_id", "source", "delivery_id", unique=True),)

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(String(200))
    topic: Mapped[str] = mapped_column(String(100))
    body: Mapped[str | None] = mapped_column(Text)
    state: Mapped[str] = mapped_column(
        String(10), default="pending", index=True,
        info=_one_of("pending", "done", "ignored", "failed"),
    )  # fmt: skip
    message: Mapped[str | None] = mapped_column(String(500))
    received_at: Mapped[datetime] = mapped_column(default=_now, index=True)
