"""Typed filters, and their parser for texts like "brand=Acme" and "colour!=red"."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final

from catalog.colours import is_picked, nearest_colour_name
from catalog.errors import CatalogError
from catalog.feeds.availability import read_availability
from catalog.feeds.columns import plain_name
from catalog.feeds.prices import parse_price
from catalog.filtering.fields import FILTER_FIELDS, MAX_FILTERS, name_remedy
from catalog.filtering.word_query import NO_WORDS, WordQuery
from segmentation.classes import GARMENT_CLASSES, GarmentClass

_PRICES: Final = ("price_min", "price_max")


@dataclass(frozen=True)
class Filters:
    """Conditions on the products of a search, all of which must hold; None and () match all.

    Text is compared case-insensitively. `colour` matches the product's own colour or the
    garment's main colour; #rrggbb stands for the nearest named colour. Prices are compared as
    numbers, without currency conversion. `kind` to `length` match what was predicted for the
    garment or the product's attribute of that name; `words` is a parsed text query. Where a
    product has several garments, one that passes is enough; it must have both the class and the
    colour.

    Attributes:
        attributes: names and values, each of which the product must have.
        excluded: fields (or attribute names) and values that the product must not have; a product
            without a value passes.
        worn_with: whether garments that are only worn with a product pass too.
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
    words: WordQuery = NO_WORDS
    garment_class: GarmentClass | None = None
    excluded: tuple[tuple[str, str], ...] = ()
    worn_with: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether every product passes."""
        return self == Filters()

    @property
    def colour_name(self) -> str | None:
        """The wanted colour as a name in lower case."""
        return None if self.colour is None else named_colour(self.colour)

    def without(self, field: str) -> "Filters":
        """These filters without one field or attribute, as its facet needs them."""
        cleared = replace(
            self,
            attributes=tuple(each for each in self.attributes if each[0] != field),
            excluded=tuple(each for each in self.excluded if each[0] != field),
        )
        if field == "price":
            return replace(cleared, price_min=None, price_max=None)
        nothing: dict[str, Any] = {
            {"class": "garment_class"}.get(field, field): False if field == "worn_with" else None
        }
        return replace(cleared, **nothing) if field in FILTER_FIELDS else cleared


def named_colour(colour: str) -> str:
    """A colour's name in lower case; #rrggbb becomes the nearest name."""
    return nearest_colour_name(colour) if is_picked(colour) else colour.lower()


def parse_filters(texts: Iterable[str], attributes: Collection[str] | None = None) -> Filters:
    """Parse "FIELD=VALUE" and "FIELD!=VALUE" texts.

    Args:
        attributes: existing attribute names (`queries.attribute_names`); None accepts any.
    Raises:
        CatalogError: no "=", no value, a field given twice, a price that is not a number, or an
            unknown field (the message lists the fields), or more than MAX_FILTERS.
    """
    filters = Filters()
    wanted: set[str] = set()
    for index, text in enumerate(texts):
        if index == MAX_FILTERS:
            raise CatalogError(f"filters: at most {MAX_FILTERS} are possible; leave some out")
        name, _, value = text.partition("=")
        is_exclusion = name.rstrip().endswith("!")
        field, value = plain_name(name), value.strip()
        field = {"color": "colour", "garment_class": "class"}.get(field, field)
        if not field or not value:
            known = ", ".join(_fields(attributes))
            raise CatalogError(f"filter {text!r} is not FIELD=VALUE; use one of {known}")
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
    if field == "worn_with":
        return replace(filters, worn_with=_truth(field, value))
    if field == "availability":
        value = _availability(value)
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
    if field == "worn_with":
        raise CatalogError(f"worn_with!={value} excludes nothing; say worn_with=true or false")
    if field == "availability":
        value = _availability(value)
    if field == "class":
        class_named(value)
    elif field not in FILTER_FIELDS:
        _require_known(field, attributes)
    return replace(filters, excluded=(*filters.excluded, (field, value)))


def class_named(label: str) -> GarmentClass:
    """The class labelled upper, whole or lower; CatalogError for anything else."""
    for each in GARMENT_CLASSES:
        if each.label == label.lower():
            return each
    labels = [each.label for each in GARMENT_CLASSES]
    raise CatalogError(f"class: there is no {label!r}; {name_remedy(label, labels)}")


def _require_known(field: str, attributes: Collection[str] | None) -> None:
    if attributes is not None and field not in attributes:
        remedy = name_remedy(field, _fields(attributes))
        raise CatalogError(f"filters: there is no field {field!r}; {remedy}")


def _truth(field: str, value: str) -> bool:
    if value.lower() not in ("true", "false"):
        raise CatalogError(f"{field}={value} is neither true nor false; write {field}=true")
    return value.lower() == "true"


def _availability(value: str) -> str:
    try:
        found = read_availability(value)
    except ValueError as error:
        raise CatalogError(f"{error}; use one of them") from error
    return value if found is None else found.value


def _amount(field: str, value: str) -> Decimal:
    try:
        amount, _ = parse_price(value, decimal_mark=".")
    except ValueError as error:
        raise CatalogError(f"{field}: {error}; give a number") from error
    if amount is None:
        raise CatalogError(f"{field} has no amount; give a number")
    return amount


def _fields(attributes: Collection[str] | None) -> list[str]:
    names = [*FILTER_FIELDS, *(["any attribute"] if attributes is None else sorted(attributes))]
    # A feed's attribute may have the name of a predicted one.
    return list(dict.fromkeys(names))
