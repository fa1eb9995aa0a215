"""Texts like "brand=Acme" in, typed filters and their SQL conditions out."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from catalog.errors import CatalogError
from catalog.feeds import plain_name
from catalog.models import Garment, Photo, Product
from catalog.prices import parse_price
from catalog.wishes import Wish, wish_conditions

FILTER_FIELDS: Final = (
    "brand", "category", "colour", "availability", "price_min", "price_max",
    "kind", "pattern", "sleeve", "length",
)  # fmt: skip
"""What a filter may name; any other name is taken for an attribute."""


@dataclass(frozen=True)
class Filters:
    """Which products may answer; None and () let everything pass. All conditions must hold.

    Text is compared without regard to case. `colour` holds for the product's own colour or
    for the garment's main colour. Prices are compared as numbers, currencies are not changed.
    `kind` to `length` hold for what was predicted for the garment or for the product's attribute
    of that name; `wish` is what plain words ask of the garment.
    """

    brand: str | None = None
    category: str | None = None
    colour: str | None = None
    availability: str | None = None
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    kind: str | None = None
    pattern: str | None = None
    sleeve: str | None = None
    length: str | None = None
    wish: Wish | None = None

    @property
    def is_empty(self) -> bool:
        """Whether every product passes."""
        return self == Filters()


def parse_filters(texts: Iterable[str], attributes: Collection[str] | None = None) -> Filters:
    """Filters from "FIELD=VALUE" texts.

    Args:
        attributes: attribute names that exist (`queries.attribute_names`); None takes any.
    Raises:
        CatalogError: no "=", no value, a price that is no number, or an unknown field; names
            the fields that exist.
    """
    filters = Filters()
    for text in texts:
        name, _, value = text.partition("=")
        field, value = plain_name(name), value.strip()
        field = {"color": "colour"}.get(field, field)
        if not field or not value:
            raise CatalogError(f"filter {text!r} is not FIELD=VALUE; {_known(attributes)}")
        filters = _with(filters, field, value, attributes)
    return filters


def _with(filters: Filters, field: str, value: str, attributes: Collection[str] | None) -> Filters:
    match field:
        case "brand":
            return replace(filters, brand=value)
        case "category":
            return replace(filters, category=value)
        case "colour":
            return replace(filters, colour=value)
        case "availability":
            return replace(filters, availability=value)
        case "kind":
            return replace(filters, kind=value)
        case "pattern":
            return replace(filters, pattern=value)
        case "sleeve":
            return replace(filters, sleeve=value)
        case "length":
            return replace(filters, length=value)
        case "price_min":
            return replace(filters, price_min=_amount(field, value))
        case "price_max":
            return replace(filters, price_max=_amount(field, value))
    if attributes is not None and field not in attributes:
        raise CatalogError(f"there is no field {field!r} to filter by; {_known(attributes)}")
    return replace(filters, attributes=(*filters.attributes, (field, value)))


def _amount(field: str, value: str) -> Decimal:
    try:
        amount, _ = parse_price(value)
    except ValueError as error:
        raise CatalogError(f"{field}: {error}; give a number") from error
    if amount is None:
        raise CatalogError(f"{field} has no amount; give a number")
    return amount


def _known(attributes: Collection[str] | None) -> str:
    names = [*FILTER_FIELDS, *(["any attribute"] if attributes is None else sorted(attributes))]
    return f"use one of {', '.join(names)}"


def product_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions on the product table alone: nothing that a garment decides."""
    conditions = [
        same_text(column, value)
        for column, value in (
            (Product.brand, filters.brand),
            (Product.category, filters.category),
            (Product.availability, filters.availability),
        )
        if value is not None
    ]
    if filters.price_min is not None:
        conditions.append(Product.price >= filters.price_min)
    if filters.price_max is not None:
        conditions.append(Product.price <= filters.price_max)
    for name, value in filters.attributes:
        conditions.append(same_text(Product.attributes[plain_name(name)].as_string(), value))
    return conditions


def garment_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions where product and garment are joined: a garment's own colour counts."""
    conditions = product_conditions(filters) + _own_conditions(filters)
    if filters.colour is not None:
        own = same_text(Garment.main_colour, filters.colour)
        conditions.append(or_(same_text(Product.colour, filters.colour), own))
    return conditions


def _own_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """What the garment itself must have."""
    conditions = [
        or_(
            same_text(column, value),
            same_text(Product.attributes[column.key].as_string(), value),
        )
        for column, value in (
            (Garment.kind, filters.kind),
            (Garment.pattern, filters.pattern),
            (Garment.sleeve, filters.sleeve),
            (Garment.length, filters.length),
        )
        if value is not None
    ]
    return conditions + (wish_conditions(filters.wish) if filters.wish else [])


def any_garment_conditions(filters: Filters) -> list[ColumnElement[bool]]:
    """Conditions on products: one garment of the colour, and one with the rest, is enough."""
    conditions = product_conditions(filters)
    garments = select(Photo.product_id).join(Garment, Garment.photo_id == Photo.id)
    if filters.colour is not None:
        wearers = garments.where(same_text(Garment.main_colour, filters.colour))
        own = same_text(Product.colour, filters.colour)
        conditions.append(or_(own, Product.id.in_(wearers)))
    if wanted := _own_conditions(filters):
        shown = garments.join(Product, Photo.product_id == Product.id).where(*wanted)
        conditions.append(Product.id.in_(shown))
    return conditions


def same_text(
    column: InstrumentedAttribute[Any] | ColumnElement[Any], value: str
) -> ColumnElement[bool]:
    """Equal without regard to case."""
    # The first half uses the column's index, and finds what SQLite's ASCII lower() misses.
    return or_(column == value, func.lower(column) == value.lower())
