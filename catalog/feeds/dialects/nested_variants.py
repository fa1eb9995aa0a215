"""JSON products with a list of variants, as the Agentic Commerce feed has them, as one each.

https://developers.openai.com/commerce/specs/feed
"""

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from itertools import chain
from typing import Any

from catalog.feeds.columns import known_columns, price_unit
from catalog.feeds.dialects.product_rows import is_option
from catalog.feeds.dialects.variants import (
    PRICES,
    best_availability,
    distinct_lines,
    options_of,
    point_prices,
    variant_prices,
)
from catalog.feeds.json_text import Entry, NumberedEntry, cell_of, objects_of, record_of
from catalog.feeds.large.json_document import JsonNumber
from catalog.feeds.prices import currency_of, decimals_of, is_currency_code, major_units
from catalog.feeds.rows import Record

_VARIANTS = "variants"


def counts_minor_units(entries: Iterable[NumberedEntry]) -> bool:
    """Whether the amounts of a feed count the currency's smallest unit, as in Agentic Commerce's.

    Such a feed lists the options of its variants, and all its amounts are whole.
    """
    variants = (each for _, entry in entries for each in objects_of(entry.get(_VARIANTS)))
    first = next(variants, {})
    if "variant_options" not in first:
        return False
    prices = (price for each in chain([first], variants) for price in each.values())
    amounts = (price.get("amount") for price in prices if isinstance(price, dict))
    return all(each.isdecimal() for each in amounts if isinstance(each, JsonNumber))


def product_record(line: int, entry: Entry, in_minor_units: bool = False) -> Record:
    """A record of one object, its variants joined."""
    variants = objects_of(entry.get(_VARIANTS))
    if not variants:
        return record_of(line, entry)
    own = record_of(line, {name: value for name, value in entry.items() if name != _VARIANTS})
    if in_minor_units:
        variants = [{name: _money(value) for name, value in each.items()} for each in variants]
    rows = [_fields(record_of(line, each).values) for each in variants]
    joined = {
        **variant_prices([row["price"] for row in rows], [row["regular_price"] for row in rows]),
        "currency": next((row["currency"] for row in rows if row["currency"]), ""),
        "availability": best_availability(row["availability"] for row in rows),
        "more_photos": distinct_lines(row["photos"] for row in rows),
        **options_of(pair for each in variants for pair in _options(line, each)),
    }
    values = {**own.values, **{name: text for name, text in joined.items() if text}}
    return Record(line, values, own.numbers | point_prices(values), own.damaged)


def _fields(values: Mapping[str, str]) -> dict[str, str]:
    """The values of a variant by field; amounts of cents as prices."""
    columns = known_columns(tuple(values))
    found = {
        field: next(filter(None, map(values.get, names)), "") for field, names in columns.items()
    }
    for name, unit in ((each, price_unit(name)) for each in PRICES for name in columns[each]):
        found["currency"] = found["currency"] or unit.currency or ""
        if unit.is_minor and found[name].isdecimal():
            found[name] = str(major_units(Decimal(found[name]), currency_of(found["currency"])))
    return found


def _money(value: Any) -> Any:
    """A price in the smallest unit of its currency as text."""
    if not isinstance(value, dict):
        return value
    amount, currency = value.get("amount"), str(value.get("currency", "")).upper()
    if not isinstance(amount, JsonNumber) or not is_currency_code(currency):
        return value
    return f"{Decimal(amount).scaleb(-decimals_of(currency))} {currency}"


def _options(line: int, variant: Entry) -> Iterator[tuple[str, str]]:
    """Pairs of name and value in a variant's lists, and its own sizes and colours."""
    for each in (each for listed in variant.values() for each in objects_of(listed)):
        if {"name", "value"} <= each.keys():
            yield cell_of(each["name"]), cell_of(each["value"])
    yield from (pair for pair in record_of(line, variant).values.items() if is_option(pair[0]))
