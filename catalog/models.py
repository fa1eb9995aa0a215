"""The tables: products, their photos, the garments on them, and each model's vectors.

    product 1-n photo 1-n garment 1-n vector n-1 model
            1-n attribute                 1-n vector_change

Beside them the server's own: keys of the API and import jobs. Types are kept to what SQLite
and PostgreSQL share. Three tables are written by triggers alone (migrations 0004 and 0009):
`attribute` repeats `product.attributes` as rows, `vector_change` tells in order which vectors
came and went, `catalogue_version` that something was written.
"""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Text,
    TypeDecorator,
    false,
    func,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

DATABASE_NAME: Final = "apparel.db"
"""File name of the database in a data folder."""
ATTRIBUTE_LENGTH: Final = 200
"""An attribute is found by this many of its first characters."""
LEFT: Final = -1
"""Position of a photo that left the feed: it goes when the photos that replace it are there."""
NEVER_REUSE_IDS: Final = {"sqlite_autoincrement": True}
"""An index that missed a removal must not find another garment under the old id."""


def _now() -> datetime:
    return datetime.now(UTC)


class Price(TypeDecorator[Decimal]):
    """A price with two decimals, stored as hundredths: SQLite has no exact decimals."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        """Amount to hundredths."""
        return None if value is None else round(value * 100)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        """Hundredths to amount."""
        return None if value is None else Decimal(value) / 100


class Base(DeclarativeBase):
    """Declarative base of every table."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {
        dict[str, Any]: JSON,
        list[dict[str, Any]]: JSON,
        float: Double,
    }


class Product(Base):
    """Something that is sold. `id` is the shop's own.

    Where a folder of photos was imported ids are made up from file names: `origin` is that
    folder then, so that two folders with equal names do not overwrite each other. `from_feed`
    is False for what was added by hand: pruning spares it. `group_id` is what variants of one
    article have in common.
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
    availability: Mapped[str | None] = mapped_column(String(50), index=True)
    description: Mapped[str | None] = mapped_column(Text)
    group_id: Mapped[str | None] = mapped_column(String(200), index=True)
    attributes: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    from_feed: Mapped[bool] = mapped_column(default=False)
    origin: Mapped[str | None] = mapped_column(String(2000))
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=_now, onupdate=_now, index=True
    )

    photos: Mapped[list["Photo"]] = relationship(
        back_populates="product",
        cascade="all, delete-orphan",
        passive_deletes=True,
        order_by="Photo.position",
    )


# Texts are found without regard to case: see `catalog.filters.same_text`. With the id beside them
# a filter never looks into the products themselves.
for _column in (Product.brand, Product.category, Product.colour, Product.availability):
    Index(f"ix_product_{_column.key}_lower", func.lower(_column), Product.id)


class Attribute(Base):
    """One attribute of a product as a row, so that filters and facets find it by an index."""

    __tablename__ = "attribute"

    product_id: Mapped[str] = mapped_column(
        ForeignKey("product.id", ondelete="CASCADE"), primary_key=True
    )
    name: Mapped[str] = mapped_column(String(200), primary_key=True)
    value: Mapped[str] = mapped_column(String(ATTRIBUTE_LENGTH))


Index("ix_attribute_name_value", Attribute.name, func.lower(Attribute.value), Attribute.product_id)
Index("ix_attribute_name_exact", Attribute.name, Attribute.value)


class Photo(Base):
    """A product's photo and how far it came.

    `status` is pending, indexed or skipped; a skipped photo has the stage (fetch,
    read, segment), a stable code and the reason in words. `stored` names the reduced copy
    below DATA/photos. `sha256` is of the source file's bytes.
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
    status: Mapped[str] = mapped_column(String(10), default="pending", index=True)
    skip_stage: Mapped[str | None] = mapped_column(String(20))
    skip_code: Mapped[str | None] = mapped_column(String(40))
    skip_reason: Mapped[str | None] = mapped_column(String(500))
    updated_at: Mapped[datetime] = mapped_column(
        DateTime(timezone=True), default=_now, onupdate=_now
    )

    product: Mapped[Product] = relationship(back_populates="photos")
    garments: Mapped[list["Garment"]] = relationship(
        back_populates="photo", cascade="all, delete-orphan", passive_deletes=True
    )


class Garment(Base):
    """One garment on a photo; the box is x0, y0, x1, y1 as shares of the photo, 0 to 1.

    `colours` is a list of {"name", "hex", "share"}, the largest share first; `lightness` (CIELAB
    L) is of the first. `kind` to `length` are predicted; NULL where nothing predicts them or the
    prediction is unsure. `certainties` has a probability for each that is not NULL. `whole_photo`
    is True where no garment was found and the whole photo stands in.
    """

    __tablename__ = "garment"
    __table_args__ = (
        Index("ix_garment_photo_class", "photo_id", "garment_class"),
        NEVER_REUSE_IDS,
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    photo_id: Mapped[int] = mapped_column(ForeignKey("photo.id", ondelete="CASCADE"))
    garment_class: Mapped[int] = mapped_column(index=True)
    score: Mapped[float]
    area: Mapped[float]
    x0: Mapped[float]
    y0: Mapped[float]
    x1: Mapped[float]
    y1: Mapped[float]
    main_colour: Mapped[str | None] = mapped_column(String(30), index=True)
    colours: Mapped[list[dict[str, Any]]] = mapped_column(JSON, default=list)
    lightness: Mapped[float | None]
    kind: Mapped[str | None] = mapped_column(String(30), index=True)
    pattern: Mapped[str | None] = mapped_column(String(20), index=True)
    sleeve: Mapped[str | None] = mapped_column(String(20), index=True)
    length: Mapped[str | None] = mapped_column(String(20), index=True)
    certainties: Mapped[dict[str, float]] = mapped_column(JSON, default=dict, server_default="{}")
    whole_photo: Mapped[bool] = mapped_column(default=False, server_default=false())

    photo: Mapped[Photo] = relationship(back_populates="garments")
    vectors: Mapped[list["Vector"]] = relationship(
        cascade="all, delete-orphan", passive_deletes=True
    )


class Model(Base):
    """A pair of segmenter and encoder that made vectors. One is active: searches use it."""

    __tablename__ = "model"
    __table_args__ = (Index("ix_model_fingerprint", "segmenter", "encoder", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    segmenter: Mapped[str] = mapped_column(String(200))
    encoder: Mapped[str] = mapped_column(String(200))
    style_dimension: Mapped[int]
    colour_dimension: Mapped[int]
    active: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)


class _SeenByModel:
    """What one model makes of one garment; it goes with either."""

    garment_id: Mapped[int] = mapped_column(
        ForeignKey("garment.id", ondelete="CASCADE"), primary_key=True
    )
    model_id: Mapped[int] = mapped_column(
        ForeignKey("model.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    values: Mapped[bytes] = mapped_column(LargeBinary)


class Vector(_SeenByModel, Base):
    """A garment's vector by one model: float32, little endian, `dimension` numbers."""

    __tablename__ = "vector"


class GarmentTiles(_SeenByModel, Base):
    """A garment's tiles by one model (`indexing.tiles`), as `tiles_to_bytes` wrote them.

    Apart from the vectors, which are read all together, while tiles are read for a search's best.
    """

    __tablename__ = "garment_tiles"


class Key(Base):
    """A key of the API: only its SHA-256 is kept. `scope` is read, write or admin."""

    __tablename__ = "api_key"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)
    scope: Mapped[str] = mapped_column(String(10))
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)
    revoked_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class ImportJob(Base):
    """A feed that was handed to the server to import, and how far it came.

    `task` is import; rebuild and reembed (with the encoder's name in `source`) are other work
    that is queued with the imports.
    `state` is queued, running, done, failed, cancelled or interrupted. `source` is what the
    sender called the feed, `feed` the file on this machine, `folder` where its photos lie.
    `options` says how the feed is taken, `outcome` what became of it beside the counts: see
    `search_app.job_records`.
    """

    __tablename__ = "import_job"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    task: Mapped[str] = mapped_column(String(12), default="import")
    state: Mapped[str] = mapped_column(String(12), default="queued", index=True)
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
    options: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(DateTime(timezone=True), default=_now)
    started_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))
    ended_at: Mapped[datetime | None] = mapped_column(DateTime(timezone=True))


class VectorChange(Base):
    """A vector that was written or removed; `id` grows with each commit.

    An index that knows the last id it has seen reads the rest and is up to date. What all index
    files hold is deleted in time, the last change never.
    """

    __tablename__ = "vector_change"
    __table_args__ = (NEVER_REUSE_IDS,)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True)
    model_id: Mapped[int]
    garment_id: Mapped[int]


class CatalogueVersion(Base):
    """One row: a number that grows when products come, change or go, or garments change.

    Vectors that come and go are told by `VectorChange`. Together they say whether what was read
    before still holds (`catalog.kept`).
    """

    __tablename__ = "catalogue_version"

    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger)
