"""Typed reads of the catalogue: frozen dataclasses out, a fixed number of queries each."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Row, bindparam, func, literal, or_, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute, Session, selectinload

from catalog.conditions import product_conditions
from catalog.errors import ProductNotFound
from catalog.facets import AttributeFacet, Facets, FacetValue, attribute_names, facets
from catalog.feeds import ProductRow
from catalog.filters import FILTER_FIELDS, Filters, parse_filters
from catalog.models import Garment, Photo, Product
from catalog.records import (
    CatalogCounts,
    ColourShare,
    GarmentCard,
    PhotoDetail,
    ProductDetail,
    ProductPage,
    ProductSummary,
    SkipCount,
)
from segmentation.classes import GARMENT_CLASSES, GarmentClass

__all__ = [
    "FILTER_FIELDS",
    "AttributeFacet",
    "CatalogCounts",
    "ColourShare",
    "FacetValue",
    "Facets",
    "Filters",
    "GarmentCard",
    "PhotoDetail",
    "ProductDetail",
    "ProductPage",
    "ProductSummary",
    "SkipCount",
    "all_products",
    "attribute_names",
    "catalog_counts",
    "facets",
    "list_products",
    "parse_filters",
    "product_by_id",
    "product_cards",
    "products_by_ids",
]

# Made once, as those of `catalog.garments`. Columns, not objects of the three tables: somebody
# waits, and they take half the time.
_CARDS_OF: Final = (
    select(
        Garment.id,
        Garment.garment_class,
        Garment.x0,
        Garment.y0,
        Garment.x1,
        Garment.y1,
        Garment.colours,
        Garment.whole_photo,
        Photo.id.label("photo_id"),
        Photo.source,
        Product.id.label("product_id"),
        Product.title,
        Product.brand,
        Product.category,
        Product.colour,
        Product.price,
        Product.currency,
        Product.url,
        Product.availability,
    )
    .join(Photo, Garment.photo_id == Photo.id)
    .join(Product, Photo.product_id == Product.id)
    .where(Garment.id.in_(bindparam("ids", expanding=True)))
)


def product_by_id(session: Session, product_id: str) -> ProductDetail:
    """One product with its photos; ProductNotFound if absent."""
    found = products_by_ids(session, [product_id])
    if not found:
        raise ProductNotFound(f"there is no product {product_id!r}; see the list for its id")
    return found[0]


def products_by_ids(session: Session, product_ids: Sequence[str]) -> list[ProductDetail]:
    """Products with their photos, in the order asked for; an id that is not there is left out."""
    garments: dict[int, list[int]] = {}
    wholes: set[int] = set()
    for garment_id, photo_id, whole_photo in session.execute(
        select(Garment.id, Garment.photo_id, Garment.whole_photo)
        .join(Photo, Garment.photo_id == Photo.id)
        .where(Photo.product_id.in_(product_ids))
        .order_by(Garment.area.desc(), Garment.id)
    ):
        garments.setdefault(photo_id, []).append(garment_id)
        if whole_photo:
            wholes.add(photo_id)
    query = select(Product).where(Product.id.in_(product_ids)).options(selectinload(Product.photos))
    products = {product.id: product for product in session.scalars(query)}
    return [
        ProductDetail(
            _row_of(products[each]),
            tuple(
                _photo_detail(photo, garments.get(photo.id, ()), photo.id in wholes)
                for photo in products[each].photos
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
    )


def _photo_detail(photo: Photo, garment_ids: Sequence[int], whole_photo: bool) -> PhotoDetail:
    return PhotoDetail(
        photo.id,
        photo.source,
        photo.position,
        photo.status,
        photo.skip_stage,
        photo.skip_code,
        photo.skip_reason,
        tuple(garment_ids),
        whole_photo,
    )


def all_products(session: Session) -> Iterator[ProductRow]:
    """Every product as a feed's row, in order of id; photos are fetched by the thousand."""
    query = select(Product).order_by(Product.id).options(selectinload(Product.photos))
    for product in session.scalars(query.execution_options(yield_per=1000)):
        yield _row_of(product)


def product_cards(session: Session, garment_ids: Sequence[int]) -> dict[int, GarmentCard]:
    """Cards by garment id, in one query; ids that do not exist are left out."""
    rows = session.execute(_CARDS_OF, {"ids": garment_ids})
    return {row.id: _card(row) for row in rows}


def _card(row: Row[Any]) -> GarmentCard:
    return GarmentCard(
        garment_id=row.id,
        garment_class=GarmentClass(row.garment_class),
        box=(row.x0, row.y0, row.x1, row.y1),
        colours=tuple(
            ColourShare(colour["name"], colour["hex"], colour["share"]) for colour in row.colours
        ),
        photo_id=row.photo_id,
        photo=row.source,
        product_id=row.product_id,
        title=row.title,
        brand=row.brand,
        category=row.category,
        product_colour=row.colour,
        price=row.price,
        currency=row.currency,
        url=row.url,
        availability=row.availability,
        whole_photo=row.whole_photo,
    )


def list_products(
    session: Session,
    page: int = 1,
    page_size: int = 24,
    filters: Filters | None = None,
    text: str | None = None,
    after: tuple[str, str] | None = None,
) -> ProductPage:
    """Products in order of title, one page; `text` must occur in the title, brand or id.

    Args:
        after: title and id of a product: the page begins behind it, wherever that is now, and
            `page` only counts.
    """
    conditions = product_conditions(filters or Filters())
    if text:
        columns = (Product.title, Product.brand, Product.id)
        conditions.append(or_(*(column.icontains(text, autoescape=True) for column in columns)))
    total = session.scalar(select(func.count()).select_from(Product).where(*conditions)) or 0
    query = select(Product).where(*conditions).order_by(Product.title, Product.id).limit(page_size)
    if after is None:
        query = query.offset((page - 1) * page_size)
    else:
        query = query.where(tuple_(Product.title, Product.id) > tuple_(*map(literal, after)))
    products = session.scalars(query).all()
    photos = _first_photos(session, [product.id for product in products])
    summaries = tuple(_summary(product, photos.get(product.id)) for product in products)
    return ProductPage(summaries, page, page_size, total)


def _first_photos(session: Session, product_ids: list[str]) -> dict[str, int]:
    query = (
        select(Photo.product_id, Photo.id)
        .where(Photo.product_id.in_(product_ids), Photo.stored.is_not(None))
        .order_by(Photo.position.desc())
    )
    return {row[0]: row[1] for row in session.execute(query)}


def _summary(product: Product, photo_id: int | None) -> ProductSummary:
    return ProductSummary(
        product.id,
        product.title,
        product.brand,
        product.category,
        product.colour,
        product.price,
        product.currency,
        product.url,
        product.availability,
        photo_id,
    )


def catalog_counts(session: Session) -> CatalogCounts:
    """Counts for a status line."""
    by_status = _counts(session, Photo.status)
    by_class = _counts(session, Garment.garment_class)
    skips = session.execute(
        select(Photo.skip_stage, Photo.skip_code, func.count())
        .where(Photo.status == "skipped")
        .group_by(Photo.skip_stage, Photo.skip_code)
        .order_by(func.count().desc())
    )
    return CatalogCounts(
        products=session.scalar(select(func.count()).select_from(Product)) or 0,
        photos_pending=by_status.get("pending", 0),
        photos_indexed=by_status.get("indexed", 0),
        photos_skipped=by_status.get("skipped", 0),
        garments={each: by_class.get(int(each), 0) for each in GARMENT_CLASSES},
        skips=tuple(SkipCount(stage or "", code or "", count) for stage, code, count in skips),
    )


def _counts(session: Session, column: InstrumentedAttribute[Any]) -> dict[Any, int]:
    query = select(column, func.count()).group_by(column)
    return {row[0]: row[1] for row in session.execute(query)}
