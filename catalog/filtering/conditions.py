"""SQL conditions for `Filters`; every wanted value is looked up in an index.

A condition that spans tables is a subquery of ids: SQLite uses no index for "this column or
another table's column". Exclusions use no index and rely on the other conditions.
"""

from dataclasses import replace
from datetime import UTC, datetime
from operator import ge, le
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import InstrumentedAttribute

from catalog.feeds.columns import plain_name
from catalog.filtering.filters import Filters, class_named, named_colour
from catalog.filtering.word_conditions import excluded_conditions, wanted_condition
from catalog.models import ATTRIBUTE_LENGTH, AttributeRow, GarmentRow, PhotoRow, Product

_TEXTS = {
    "brand": Product.brand,
    "category": Product.category,
    "availability": Product.availability,
}
_PREDICTED = {
    "kind": GarmentRow.kind,
    "pattern": GarmentRow.pattern,
    "sleeve": GarmentRow.sleeve,
    "length": GarmentRow.length,
}


def garment_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions for a query that joins garment, photo and product."""
    conditions = [*product_value_conditions(filters), *garment_value_conditions(filters)]
    return conditions if filters.worn_with else [*conditions, GarmentRow.worn_with.is_(False)]


def product_conditions(
    filters: Filters, garments: FromClause | None = None
) -> list[ColumnElement[bool]]:
    """Conditions on products, of which at least one garment must pass.

    A product without garments passes where garments are only excluded.

    Args:
        garments: `passing_garments` of a query that reads them elsewhere too.
    """
    conditions = product_value_conditions(filters)
    worn = garment_value_conditions(filters)
    if not worn:
        return conditions
    if garments is None:
        garments = passing_garments(filters).subquery()
    passing = select(garments.c.product_id)
    if filters.colour_name is not None and len(worn) == 1:
        own = select(Product.id).where(same_text(Product.colour, filters.colour_name))
        return [*conditions, Product.id.in_(union_all(own, passing))]
    if not _wants_of_garment(filters):
        without_garment = ~_wearers().where(PhotoRow.product_id == Product.id).exists()
        return [*conditions, or_(Product.id.in_(passing), without_garment)]
    return [*conditions, Product.id.in_(passing)]


def passing_garments(filters: Filters) -> Select[str, int, str | None]:
    """Select product id, class and main colour of the garments that pass."""
    found = (
        select(PhotoRow.product_id, GarmentRow.garment_class, GarmentRow.main_colour)
        .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
        .where(*garment_value_conditions(filters))
    )
    return found if filters.worn_with else found.where(GarmentRow.worn_with.is_(False))


def _wants_of_garment(filters: Filters) -> bool:
    """Whether a property of the garment is wanted, not only excluded."""
    return garment_value_conditions(replace(filters, excluded=())) != []


def garment_value_conditions(filters: Filters, by_row: bool = False) -> list[ColumnElement[bool]]:
    """Conditions on the garment: class, main colour, predicted attributes, word query.

    Args:
        by_row: test values on the rows of garment and product, which the query joins, instead of
            looking ids up by index.
    """
    conditions: list[ColumnElement[bool]] = []
    if filters.garment_class is not None:
        conditions.append(GarmentRow.garment_class == int(filters.garment_class))
    if (name := filters.colour_name) is not None:
        shown = or_(GarmentRow.main_colour == name, same_text(Product.colour, name))
        conditions.append(shown if by_row else GarmentRow.id.in_(garments_of_colour(name)))
    for column, value in _predicted(filters):
        named = Product.id.in_(_products_with(column.key, value))
        shown = or_(column == value, named)
        conditions.append(shown if by_row else GarmentRow.id.in_(_garments_with(column, value)))
    if filters.words.alternatives:
        conditions.append(wanted_condition(filters.words))
    for field, value in filters.excluded:
        if field == "class":
            conditions.append(GarmentRow.garment_class != int(class_named(value)))
        elif field == "colour":
            differs = GarmentRow.main_colour != named_colour(value)
            conditions.append(or_(GarmentRow.main_colour.is_(None), differs))
        elif field in _PREDICTED:
            column = _PREDICTED[field]
            conditions.append(or_(column.is_(None), column != value.lower()))
    return conditions


def _predicted(filters: Filters) -> list[tuple[InstrumentedAttribute[str | None], str]]:
    wanted = {
        "kind": filters.kind,
        "pattern": filters.pattern,
        "sleeve": filters.sleeve,
        "length": filters.length,
    }
    return [(_PREDICTED[field], value.lower()) for field, value in wanted.items() if value]


def product_value_conditions(filters: Filters, by_row: bool = False) -> list[ColumnElement[bool]]:
    """Conditions on the product's own values; its colour only where it is excluded.

    Args:
        by_row: test values on the product's row instead of looking ids up by index.
    """
    conditions = []
    wanted = (
        (Product.brand, filters.brand),
        (Product.category, filters.category),
        (Product.availability, filters.availability),
    )
    for column, value in wanted:
        if value is not None:
            conditions.append(same_text(column, value))
    conditions += _price_conditions(filters, by_row)
    conditions += excluded_conditions(filters.words, filters.worn_with)
    for name, value in filters.attributes:
        conditions.append(Product.id.in_(_products_with(name, value)))
    for field, value in filters.excluded:
        if field in _TEXTS:
            conditions.append(_has_not(_TEXTS[field], value))
        elif field == "colour":
            conditions.append(_has_not(Product.colour, named_colour(value)))
        elif field != "class":
            conditions.append(Product.id.not_in(_products_with(field, value)))
    return conditions


def _price_conditions(filters: Filters, by_row: bool) -> list[ColumnElement[bool]]:
    """Bounds on the price in force, which is the sale price during a sale."""
    said = [(each.amount, le if each.is_highest else ge) for each in filters.words.limits]
    bounds = [(filters.price_min, ge), (filters.price_max, le), *said]
    given = [(amount, compare) for amount, compare in bounds if amount is not None]
    if not given:
        return []
    on_sale = is_on_sale(datetime.now(UTC))
    reduced = [compare(Product.sale_price, amount) for amount, compare in given]
    regular = [compare(Product.price, amount) for amount, compare in given]
    if by_row:
        return [or_(and_(on_sale, *reduced), and_(~on_sale, *regular))]
    # Two subqueries, because an index covers one column.
    both = union_all(
        select(Product.id).where(on_sale, *reduced), select(Product.id).where(~on_sale, *regular)
    )
    return [Product.id.in_(both)]


def is_on_sale(moment: datetime) -> ColumnElement[bool]:
    """Whether a product's sale price is in force at a moment."""
    return and_(
        Product.sale_price.is_not(None),
        or_(Product.sale_start.is_(None), Product.sale_start <= moment),
        or_(Product.sale_end.is_(None), Product.sale_end >= moment),
    )


def garments_of_colour(name: str) -> Select[Any]:
    """Select ids of garments whose main colour, or whose product's colour, has this name."""
    own = (
        select(GarmentRow.id)
        .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
        .join(Product, PhotoRow.product_id == Product.id)
        .where(same_text(Product.colour, name))
    )
    both = union_all(select(GarmentRow.id).where(GarmentRow.main_colour == name), own).subquery()
    return select(both.c.id)


def _garments_with(column: InstrumentedAttribute[str | None], value: str) -> Select[Any]:
    """Select ids of garments with this predicted attribute or this attribute of the product."""
    own = (
        select(GarmentRow.id)
        .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
        .where(PhotoRow.product_id.in_(_products_with(column.key, value)))
    )
    both = union_all(select(GarmentRow.id).where(column == value), own).subquery()
    return select(both.c.id)


def _wearers() -> Select[Any]:
    """Select the product ids of garments."""
    return select(PhotoRow.product_id).join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)


def _products_with(name: str, value: str) -> Select[Any]:
    return select(AttributeRow.product_id).where(
        AttributeRow.name == plain_name(name),
        same_text(AttributeRow.value, value[:ATTRIBUTE_LENGTH]),
    )


def same_text(
    column: InstrumentedAttribute[str | None] | InstrumentedAttribute[str], value: str
) -> ColumnElement[bool]:
    """Case-insensitive equality, by the index on the column's lower()."""
    # SQLite's lower() only converts ASCII: É is looked up in both spellings.
    spellings = sorted({_lower_ascii(each) for each in (value, value.lower(), value.upper())})
    return func.lower(column).in_([func.lower(literal(each)) for each in spellings])


def _lower_ascii(text: str) -> str:
    return "".join(each.lower() if each.isascii() else each for each in text)


def _has_not(column: InstrumentedAttribute[str | None], value: str) -> ColumnElement[bool]:
    return or_(column.is_(None), ~same_text(column, value))
