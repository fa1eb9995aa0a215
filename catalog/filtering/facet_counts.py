"""Counting of facet values among all products by indices, or among those that pass filters.

The products that pass are read once for all facets with the same filters and counted in memory:
finding them costs more than counting.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import BigInteger, String, case, cast, func, null, select, type_coerce
from sqlalchemy.orm import InstrumentedAttribute, Session

from catalog.filtering.conditions import garments_of_colour, is_on_sale, product_conditions
from catalog.filtering.filters import Filters
from catalog.models import ATTRIBUTE_LENGTH, AttributeRow, GarmentRow, PhotoRow, Product
from catalog.stored_json import ATTRIBUTES
from segmentation.classes import GarmentClass

_IDS_PER_QUERY: Final = 10_000
"""Above it the garments of all products are read, which is faster than looking them up."""
_COUNTED_COLUMNS: Final = (Product.brand, Product.category, Product.availability)
Counts = Mapping[str, int]
"""Number of products by value."""
PriceRange = tuple[Decimal | None, Decimal | None]


@dataclass(frozen=True)
class ProductColumns:
    """Columns of the products that pass some filters, each as long as `ids`.

    Attributes:
        texts: values of `_COUNTED_COLUMNS` by name.
        colours: own colours in lower case.
        prices: prices in force in hundredths, as they are stored.
        attributes: empty where they were not read.
    """

    ids: Sequence[str]
    texts: Mapping[str, Sequence[str | None]]
    colours: Sequence[str | None]
    prices: Sequence[int | None]
    attributes: Sequence[Mapping[str, Any]] = ()


Worn = Sequence[tuple[str, int, str | None]]
"""Product id, class and main colour of garments."""
_WORN: Final = select(PhotoRow.product_id, GarmentRow.garment_class, GarmentRow.main_colour).join(
    GarmentRow, GarmentRow.photo_id == PhotoRow.id
)


def read_columns(session: Session, filters: Filters, with_attributes: bool) -> ProductColumns:
    """Read the products that pass filters."""
    price = case((is_on_sale(datetime.now(UTC)), Product.sale_price), else_=Product.price)
    hundredths = type_coerce(price, BigInteger)
    own = cast(Product.attributes, String) if with_attributes else null()
    query = select(
        Product.id, func.lower(Product.colour), hundredths, own, *_COUNTED_COLUMNS
    ).where(*product_conditions(filters))
    rows = session.execute(query).all()
    ids, colours, prices, maps, *texts = zip(*rows, strict=True) if rows else ((),) * 7
    names = [column.key for column in _COUNTED_COLUMNS]
    attributes = _parsed(maps) if with_attributes else ()
    return ProductColumns(ids, dict(zip(names, texts, strict=True)), colours, prices, attributes)


def _parsed(maps: Sequence[str | None]) -> Sequence[Mapping[str, Any]]:
    """Attributes parsed at once, in a quarter of the time; those that are damaged are empty."""
    texts = [each if each and each.startswith("{") else "{}" for each in maps]
    try:
        parsed: list[Mapping[str, Any]] = json.loads(f"[{','.join(texts)}]")
    except ValueError:
        parsed = [ATTRIBUTES.read(each) for each in texts]
    return parsed


def text_counts(
    session: Session, column: InstrumentedAttribute[Any], products: ProductColumns | None
) -> Counts:
    """Products by a column's value, among all of them where `products` is None."""
    if products is not None:
        return _counted(products.texts[column.key])
    query = select(column, func.count()).where(column.is_not(None)).group_by(column)
    return dict(session.execute(query).all())


def attribute_counts(session: Session, name: str, products: ProductColumns | None) -> Counts:
    """Products by an attribute's value, among all of them where `products` is None."""
    if products is not None:
        values = (each.get(name) for each in products.attributes)
        return Counter(str(each)[:ATTRIBUTE_LENGTH] for each in values if each is not None)
    value = AttributeRow.value
    query = select(value, func.count()).where(AttributeRow.name == name).group_by(value)
    return dict(session.execute(query).all())


def price_range(session: Session, products: ProductColumns | None) -> PriceRange:
    """Lowest and highest price in force, among all products where `products` is None."""
    if products is None:
        return _price_range_of_all(session)
    prices = [each for each in products.prices if each is not None]
    return (Decimal(min(prices)) / 100, Decimal(max(prices)) / 100) if prices else (None, None)


def _price_range_of_all(session: Session) -> PriceRange:
    # A subquery each: it is one look-up in an index, all at once would scan it.
    on_sale = is_on_sale(datetime.now(UTC))
    found = session.execute(
        select(
            *(
                select(end(price)).where(in_force).scalar_subquery()
                for end in (func.min, func.max)
                for price, in_force in ((Product.price, ~on_sale), (Product.sale_price, on_sale))
            )
        )
    ).one()
    amounts = [amount for amount in found if amount is not None]
    return min(amounts, default=None), max(amounts, default=None)


def read_worn(session: Session, filters: Filters, products: ProductColumns) -> Worn:
    """Read the garments of products that have the filters' class and colour."""
    query = _WORN.distinct()
    if filters.garment_class is not None:
        query = query.where(GarmentRow.garment_class == int(filters.garment_class))
    if filters.colour_name is not None:
        query = query.where(GarmentRow.id.in_(garments_of_colour(filters.colour_name)))
    if len(products.ids) <= _IDS_PER_QUERY:
        return session.execute(query.where(PhotoRow.product_id.in_(products.ids))).all()
    passing = frozenset(products.ids)
    return [row for row in session.execute(query) if row[0] in passing]


def class_counts(session: Session, worn: Worn | None) -> Mapping[GarmentClass, int]:
    """Products by class of their garments, among all of them where `worn` is None."""
    counts: Mapping[int, int]
    if worn is None:
        distinct = _WORN.with_only_columns(PhotoRow.product_id, GarmentRow.garment_class)
        found = distinct.distinct().subquery().c.garment_class
        counts = dict(session.execute(select(found, func.count()).group_by(found)).all())
    else:
        counts = Counter(number for _, number in {(row[0], row[1]) for row in worn})
    return {GarmentClass(number): count for number, count in counts.items()}


def colour_counts(session: Session, products: ProductColumns | None, worn: Worn | None) -> Counts:
    """Products by their own colour or one of their garments', once per colour."""
    if products is not None and worn is not None:
        pairs = {(row[0], row[2]) for row in worn}
        pairs.update(zip(products.ids, products.colours, strict=True))
        return _counted(colour for _, colour in pairs)
    own = select(Product.id.label("product_id"), func.lower(Product.colour).label("main_colour"))
    shown = _WORN.with_only_columns(PhotoRow.product_id, GarmentRow.main_colour)
    found = own.union(shown).subquery().c.main_colour
    query = select(found, func.count()).where(found.is_not(None)).group_by(found)
    return dict(session.execute(query).all())


def _counted(values: Iterable[str | None]) -> Counts:
    counts = Counter(values)
    del counts[None]
    return {value: count for value, count in counts.items() if value is not None}
