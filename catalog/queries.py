"""Read queries of the catalogue, which return frozen dataclasses in a fixed number of queries."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from sqlalchemy import ColumnElement, Row, bindparam, case, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased, selectinload

from catalog.errors import ProductNotFound
from catalog.feeds.availability import SOLD_OUT
from catalog.feeds.rows import ProductRow
from catalog.filtering.conditions import is_on_sale, product_conditions
from catalog.filtering.filters import Filters
from catalog.models import GarmentRow, PhotoRow, Product
from catalog.records import (
    CatalogCounts,
    GarmentCard,
    PhotoDetail,
    ProductDetail,
    ProductListing,
    ProductSummary,
    SkipCount,
)
from catalog.sale import price_now, utc
from segmentation.classes import GARMENT_CLASSES, GarmentClass

Sort = Literal["", "price", "-price"]
"""Order of a product list: by title, the cheapest first, the dearest first."""
_BESIDE: Final = aliased(GarmentRow)
# Built once, like those of `catalog.garments`. Columns instead of ORM objects halve the time.
_CARDS_OF: Final = (
    select(
        GarmentRow.id,
        GarmentRow.garment_class,
        GarmentRow.x0,
        GarmentRow.y0,
        GarmentRow.x1,
        GarmentRow.y1,
        GarmentRow.colours,
        PhotoRow.id.label("photo_id"),
        PhotoRow.source,
        Product.id.label("product_id"),
        Product.title,
        Product.brand,
        Product.category,
        Product.colour,
        Product.price,
        Product.sale_price,
        Product.sale_start,
        Product.sale_end,
        Product.currency,
        Product.url,
        Product.availability,
        Product.group_id,
        select(func.count())
        .where(_BESIDE.photo_id == GarmentRow.photo_id)
        .correlate(GarmentRow)
        .scalar_subquery()
        .label("garments_on_photo"),
    )
    .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
    .join(Product, PhotoRow.product_id == Product.id)
    .where(GarmentRow.id.in_(bindparam("ids", expanding=True)))
)


def product_by_id(session: Session, product_id: str) -> ProductDetail:
    """One product with its photos; ProductNotFound if absent."""
    found = products_by_ids(session, [product_id])
    if not found:
        raise ProductNotFound(product_id)
    return found[0]


def products_by_ids(session: Session, product_ids: Sequence[str]) -> list[ProductDetail]:
    """Products with their photos, in the order of the ids; unknown ids are left out."""
    garments: dict[int, list[int]] = {}
    for garment_id, photo_id in session.execute(
        select(GarmentRow.id, GarmentRow.photo_id)
        .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
        .where(PhotoRow.product_id.in_(product_ids))
        .order_by(GarmentRow.area.desc(), GarmentRow.id)
    ):
        garments.setdefault(photo_id, []).append(garment_id)
    query = select(Product).where(Product.id.in_(product_ids)).options(selectinload(Product.photos))
    products = {product.id: product for product in session.scalars(query)}
    return [
        ProductDetail(
            _row_of(products[each]),
            tuple(
                _photo_detail(photo, garments.get(photo.id, ())) for photo in products[each].photos
            ),
        )
        for each in product_ids
        if each in products
    ]


def _row_of(product: Product) -> ProductRow:
    return ProductRow(
        id=product.id,
        title=product.title,
        photos=tuple(photo.source for photo in product.photos),
        brand=product.brand,
        category=product.category,
        colour=product.colour,
        price=product.price,
        currency=product.currency,
        url=product.url,
        availability=product.availability,
        attributes=dict(product.attributes),
        description=product.description,
        group=product.group_id,
        sale_price=product.sale_price,
        sale_start=utc(product.sale_start),
        sale_end=utc(product.sale_end),
    )


def _photo_detail(photo: PhotoRow, garment_ids: Sequence[int]) -> PhotoDetail:
    return PhotoDetail(
        id=photo.id,
        source=photo.source,
        position=photo.position,
        width=photo.width,
        height=photo.height,
        status=photo.status,
        skip_stage=photo.skip_stage,
        skip_code=photo.skip_code,
        skip_reason=photo.skip_reason,
        has_copy=photo.stored is not None,
        garment_ids=tuple(garment_ids),
    )


def all_products(session: Session) -> Iterator[ProductRow]:
    """Every product as a feed row, in order of id, read in batches of 1,000."""
    query = select(Product).order_by(Product.id).options(selectinload(Product.photos))
    for product in session.scalars(query.execution_options(yield_per=1000)):
        yield _row_of(product)


def product_cards(session: Session, garment_ids: Sequence[int]) -> dict[int, GarmentCard]:
    """Cards by garment id, in one query; unknown ids are left out."""
    rows = session.execute(_CARDS_OF, {"ids": garment_ids})
    return {row.id: _card(row) for row in rows}


def _card(row: Row[*tuple[Any, ...]]) -> GarmentCard:
    return GarmentCard(
        garment_id=row.id,
        garment_class=GarmentClass(row.garment_class),
        box=(row.x0, row.y0, row.x1, row.y1),
        colours=row.colours,
        photo_id=row.photo_id,
        photo=row.source,
        product_id=row.product_id,
        title=row.title,
        brand=row.brand,
        category=row.category,
        product_colour=row.colour,
        price=price_now(row),
        regular_price=row.price,
        currency=row.currency,
        url=row.url,
        availability=row.availability,
        group_id=row.group_id,
        garments_on_photo=row.garments_on_photo,
    )


def list_products(
    session: Session,
    page: int = 1,
    page_size: int = 24,
    filters: Filters | None = None,
    text: str | None = None,
    after: tuple[str, str] | None = None,
    sort: Sort = "",
) -> ProductListing:
    """One page of products by title or price; `text` must occur in the title, brand or id.

    Args:
        after: title and id of the product before the page (keyset pagination); `page` is then
            only repeated in the result.
    """
    conditions = product_conditions(filters or Filters())
    if text:
        columns = (Product.title, Product.brand, Product.id)
        conditions.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    total = session.scalar(select(func.count()).select_from(Product).where(*conditions)) or 0
    query = select(Product).where(*conditions).order_by(*_order(sort)).limit(page_size)
    if after is None:
        query = query.offset((page - 1) * page_size)
    else:
        query = query.where(tuple_(Product.title, Product.id) > tuple_(*map(literal, after)))
    products = session.scalars(query).all()
    return ProductListing(_summaries(session, products), page, page_size, total)


def spread_products(session: Session, count: int, reach: int) -> tuple[ProductSummary, ...]:
    """Products at equal distances among the first `reach` by title, of those in stock if any."""
    by_title = select(Product.id).order_by(*_order("")).limit(reach)
    in_stock = by_title.where(func.coalesce(Product.availability, "").not_in(SOLD_OUT))
    ids = session.scalars(in_stock).all() or session.scalars(by_title).all()
    chosen = ids[:: max(1, len(ids) // count)][:count]
    query = select(Product).where(Product.id.in_(chosen)).order_by(*_order(""))
    return _summaries(session, session.scalars(query).all())


def _order(sort: Sort) -> tuple[ColumnElement[Any], ...]:
    """Products without a price come last; equal prices in order of title."""
    by_title = (Product.title.asc(), Product.id.asc())
    if not sort:
        return by_title
    price = case((is_on_sale(datetime.now(UTC)), Product.sale_price), else_=Product.price)
    return ((price.desc() if sort == "-price" else price.asc()).nulls_last(), *by_title)


def variants(session: Session, group_id: str, most: int = 24) -> tuple[ProductSummary, ...]:
    """The first variant of each colour of one article, by colour; all of those without one."""
    in_group = select(Product).where(Product.group_id == group_id)
    found = session.scalars(in_group.order_by(func.lower(Product.colour), Product.id)).all()
    of_colour = {(each.colour or each.id).lower(): each for each in reversed(found)}
    return _summaries(session, list(reversed(of_colour.values()))[:most])


def _summaries(session: Session, products: Sequence[Product]) -> tuple[ProductSummary, ...]:
    photos = _first_photos(session, [product.id for product in products])
    return tuple(_summary(product, photos.get(product.id)) for product in products)


def _first_photos(session: Session, product_ids: list[str]) -> dict[str, int]:
    query = (
        select(PhotoRow.product_id, PhotoRow.id)
        .where(PhotoRow.product_id.in_(product_ids), PhotoRow.stored.is_not(None))
        .order_by(PhotoRow.position.desc())
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _summary(product: Product, photo_id: int | None) -> ProductSummary:
    return ProductSummary(
        id=product.id,
        title=product.title,
        brand=product.brand,
        category=product.category,
        colour=product.colour,
        price=price_now(product),
        regular_price=product.price,
        currency=product.currency,
        url=product.url,
        availability=product.availability,
        group_id=product.group_id,
        photo_id=photo_id,
    )


def product_count(session: Session) -> int:
    """The number of all products."""
    return session.scalar(select(func.count()).select_from(Product)) or 0


def catalog_counts(session: Session) -> CatalogCounts:
    """Count products, photos by status and garments by class."""
    by_status = _counts(session, PhotoRow.status)
    by_class = _counts(session, GarmentRow.garment_class)
    skips = session.execute(
        select(PhotoRow.skip_stage, PhotoRow.skip_code, func.count())
        .where(PhotoRow.status == "skipped")
        .group_by(PhotoRow.skip_stage, PhotoRow.skip_code)
        .order_by(func.count().desc())
    )
    return CatalogCounts(
        products=product_count(session),
        photos_pending=by_status.get("pending", 0),
        photos_indexed=by_status.get("indexed", 0),
        photos_skipped=by_status.get("skipped", 0),
        garments={each: by_class.get(int(each), 0) for each in GARMENT_CLASSES},
        skips=tuple(SkipCount(stage or "", code or "", count) for stage, code, count in skips),
    )


def _counts(session: Session, column: InstrumentedAttribute[Any]) -> dict[Any, int]:
    query = select(column, func.count()).group_by(column)
    return {row[0]: row[1] for row in session.execute(query)}
