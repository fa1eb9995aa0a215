"""Texts like "brand=Acme" and "colour!=red" in, typed filters out."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from catalog.colours import is_picked, nearest_colour_name
from catalog.errors import CatalogError
from catalog.feeds import plain_name
from catalog.prices import parse_price
from catalog.wishes import Wish
from segmentation.classes import GARMENT_CLASSES, GarmentClass

FILTER_FIELDS: Final = (
    "class", "brand", "category", "colour", "availability", "price_min", "price_max",
    "kind", "pattern", "sleeve", "length",
)  # fmt: skip
"""What a filter may name; any other name is taken for an attribute."""
_PRICES: Final = ("price_min", "price_max")


@dataclass(frozen=True)
class Filters:
    """Which products may answer; None and () let everything pass. All conditions must hold.

    Text is compared without regard to case. `colour` holds for the product's own colour or
    for the garment's main colour; written #rrggbb it stands for the nearest named colour.
    Prices are compared as numbers, currencies are not changed. `kind` to `length` hold for what
    was predicted for the garment or for the product's attribute of that name; `wish` is what
    plain words ask of the garment. Where a product has several
    garments, one that passes is enough; it must have both the class and the colour.

    Attributes:
        attributes: names and values, each of which the product must have.
        excluded: fields (or attribute names) and values that the product must not have; what
            has no value there passes.
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
    garment_class: GarmentClass | None = None
    excluded: tuple[tuple[str, str], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every product passes."""
        return self == Filters()

    @property
    def colour_name(self) -> str | None:
        """The named colour that is wanted, in lower case."""
        return None if self.colour is None else named_colour(self.colour)

    def without(self, field: str) -> "Filters":
        """These filters but for one field or attribute: what its facet is counted under."""
        cleared = replace(
            self,
            attributes=tuple(each for each in self.attributes if each[0] != field),
            excluded=tuple(each for each in self.excluded if each[0] != field),
        )
        if field == "price":
            return replace(cleared, price_min=None, price_max=None)
        nothing: dict[str, Any] = {{"class": "garment_class"}.get(field, field): None}
        return replace(cleared, **nothing) if field in FILTER_FIELDS else cleared


def named_colour(colour: str) -> str:
    """A colour's name in lower case; #rrggbb becomes the nearest name."""
    return nearest_colour_name(colour) if is_picked(colour) else colour.lower()


def parse_filters(texts: Iterable[str], attributes: Collection[str] | None = None) -> Filters:
    """Filters from "FIELD=VALUE" and "FIELD!=VALUE" texts.

    Args:
        attributes: attribute names that exist (`queries.attribute_names`); None takes any.
    Raises:
        CatalogError: no "=", no value, a field wanted twice, a price that is no number, or an
            unknown field; names the fields that exist.
    """
    filters = Filters()
    wanted: set[str] = set()
    for text in texts:
        name, _, value = text.partition("=")
        is_exclusion = name.rstrip().endswith("!")
        field, value = plain_name(name), value.strip()
        field = {"color": "colour", "garment_class": "class"}.get(field, field)
        if not field or not value:
            raise CatalogError(f"filter {text!r} is not FIELD=VALUE; {_known(attributes)}")
        if is_exclusion:
            filters = _excluding(filters, field, value, attributes)
            continue
        if field in wanted:
            raise CatalogError(f"filter {text!r}: {field} is given twice; give one value")
        wanted.add(field)
        filters = _wanting(filters, field, value, attributes)
    return filters


def _wanting(
    filters: Filters, field: str, value: str, attributes: Collection[str] | None
) -> Filters:
    if field == "class":
        return replace(filters, garment_class=class_named(value))
    if field in FILTER_FIELDS:
        chosen: dict[str, Any] = {field: _amount(field, value) if field in _PRICES else value}
        return replace(filters, **chosen)
    _require_known(field, attributes)
    return replace(filters, attributes=(*filters.attributes, (field, value)))


def _excluding(
    filters: Filters, field: str, value: str, attributes: Collection[str] | None
) -> Filters:
    if field in _PRICES:
        raise CatalogError(f"{field}!={value} excludes nothing; bound it by {' or '.join(_PRICES)}")
    if field == "class":
        class_named(value)
    elif field not in FILTER_FIELDS:
        _require_known(field, attributes)
    return replace(filters, excluded=(*filters.excluded, (field, value)))


def class_named(label: str) -> GarmentClass:
    """upper, whole or lower; CatalogError for anything else."""
    for each in GARMENT_CLASSES:
        if each.label == label.lower():
            return each
    labels = ", ".join(each.label for each in GARMENT_CLASSES)
    raise CatalogError(f"there is no class {label!r}; use one of {labels}")


def _require_known(field: str, attributes: Collection[str] | None) -> None:
    if attributes is not None and field not in attributes:
        raise CatalogError(f"there is no field {field!r} to filter by; {_known(attributes)}")


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
    # A feed's attribute may be called like one that is predicted.
    return f"use one of {', '.join(dict.fromkeys(names))}"
