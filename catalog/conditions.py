"""Filters in, SQL conditions out; each wanted value is found by an index.

A condition that spans tables is a subquery of ids: SQLite uses no index for "one column or
another table's column". An exclusion has no index to use and rests on the other conditions.
"""

from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, or_, select, union_all
from sqlalchemy.orm import InstrumentedAttribute

from catalog.feeds import plain_name
from catalog.filters import Filters, class_named, named_colour
from catalog.models import ATTRIBUTE_LENGTH, Attribute, Garment, Photo, Product
from catalog.wishes import wish_conditions

_TEXTS = {
    "brand": Product.brand,
    "category": Product.category,
    "availability": Product.availability,
}
_PREDICTED = {
    "kind": Garment.kind,
    "pattern": Garment.pattern,
    "sleeve": Garment.sleeve,
    "length": Garment.length,
}


def garment_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions where garment, photo and product are joined."""
    return [*_product_conditions(filters), *_worn_conditions(filters)]


def product_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions on products: one garment that passes is enough, and none passes exclusions."""
    conditions = _product_conditions(filters)
    worn = _worn_conditions(filters)
    if not worn:
        return conditions
    passing = _wearers().where(*worn)
    if filters.wish is not None:
        passing = passing.join(Product, Photo.product_id == Product.id)
    if filters.colour_name is not None and len(worn) == 1:
        own = select(Product.id).where(same_text(Product.colour, filters.colour_name))
        return [*conditions, Product.id.in_(union_all(own, passing))]
    if not _wants_of_garment(filters):
        bare = ~_wearers().where(Photo.product_id == Product.id).exists()
        return [*conditions, or_(Product.id.in_(passing), bare)]
    return [*conditions, Product.id.in_(passing)]


def _wants_of_garment(filters: Filters) -> bool:
    """Whether anything is wanted, not just excluded, that only a garment can have."""
    return _worn_conditions(replace(filters, excluded=())) != []


def _worn_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions on the garment: class, main colour, what was predicted, what words ask."""
    conditions: list[ColumnElement[bool]] = []
    if filters.garment_class is not None:
        conditions.append(Garment.garment_class == int(filters.garment_class))
    if filters.colour_name is not None:
        conditions.append(Garment.id.in_(garments_of_colour(filters.colour_name)))
    for column, value in _predicted(filters):
        conditions.append(Garment.id.in_(_garments_with(column, value)))
    if filters.wish is not None:
        conditions += wish_conditions(filters.wish)
    for field, value in filters.excluded:
        if field == "class":
            conditions.append(Garment.garment_class != int(class_named(value)))
        elif field == "colour":
            differs = Garment.main_colour != named_colour(value)
            conditions.append(or_(Garment.main_colour.is_(None), differs))
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


def _product_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions on the product's own values; its colour counts where it is excluded."""
    conditions = []
    wanted = (
        (Product.brand, filters.brand),
        (Product.category, filters.category),
        (Product.availability, filters.availability),
    )
    for column, value in wanted:
        if value is not None:
            conditions.append(same_text(column, value))
    if filters.price_min is not None:
        conditions.append(Product.price >= filters.price_min)
    if filters.price_max is not None:
        conditions.append(Product.price <= filters.price_max)
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


def garments_of_colour(name: str) -> Select[Any]:
    """Ids of garments whose main colour, or whose product's colour, has this name."""
    own = (
        select(Garment.id)
        .join(Photo, Garment.photo_id == Photo.id)
        .join(Product, Photo.product_id == Product.id)
        .where(same_text(Product.colour, name))
    )
    both = union_all(select(Garment.id).where(Garment.main_colour == name), own).subquery()
    return select(both.c.id)


def _garments_with(column: InstrumentedAttribute[str | None], value: str) -> Select[Any]:
    """Ids of garments that were predicted to be so, or whose product says so."""
    own = (
        select(Garment.id)
        .join(Photo, Garment.photo_id == Photo.id)
        .where(Photo.product_id.in_(_products_with(column.key, value)))
    )
    both = union_all(select(Garment.id).where(column == value), own).subquery()
    return select(both.c.id)


def _wearers() -> Select[Any]:
    """Products of garments."""
    return select(Photo.product_id).join(Garment, Garment.photo_id == Photo.id)


def _products_with(name: str, value: str) -> Select[Any]:
    return select(Attribute.product_id).where(
        Attribute.name == plain_name(name), same_text(Attribute.value, value[:ATTRIBUTE_LENGTH])
    )


def same_text(
    column: InstrumentedAttribute[str | None] | InstrumentedAttribute[str], value: str
) -> ColumnElement[bool]:
    """Equal without regard to case; uses the index on the column's lower()."""
    # SQLite's lower() leaves É as it is: the value is looked for in both spellings.
    spellings = sorted({value, value.lower(), value.upper()})
    return func.lower(column).in_([func.lower(literal(each)) for each in spellings])


def _has_not(column: InstrumentedAttribute[str | None], value: str) -> ColumnElement[bool]:
    return or_(column.is_(None), ~same_text(column, value))
