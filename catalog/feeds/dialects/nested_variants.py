"""JSON products with a list of variants, as the Agentic Commerce feed has them, as one each.

https://developers.openai.com/commerce/specs/feed
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from catalog.feeds.columns import known_columns
from catalog.feeds.dialects.variants import (
    best_availability,
    distinct_lines,
    options_of,
    point_prices,
    variant_prices,
)
from catalog.feeds.json_text import Entry, cell_of, objects_of, record_of
from catalog.feeds.large.json_document import JsonNumber
from catalog.feeds.prices import decimals_of, is_currency_code
from catalog.feeds.rows import Record

_VARIANTS = "variants"


def product_record(line: int, entry: Entry) -> Record:
    """A record of one object, its variants joined."""
    variants = objects_of(entry.get(_VARIANTS))
    if not variants:
        return record_of(line, entry)
    own = record_of(line, {name: value for name, value in entry.items() if name != _VARIANTS})
    in_text = ({name: _money(value) for name, value in each.items()} for each in variants)
    rows = [_fields(record_of(line, each).values) for each in in_text]
    joined = {
        **variant_prices([row["price"] for row in rows], [row["regular_price"] for row in rows]),
        "currency": next((row["currency"] for row in rows if row["currency"]), ""),
        "availability": best_availability(row["availability"] for row in rows),
        "more_photos": distinct_lines(row["photos"] for row in rows),
        **options_of(pair for each in variants for pair in _options(each)),
    }
    values = {**own.values, **{name: text for name, text in joined.items() if text}}
    return Record(line, values, own.numbers | point_prices(values), own.damaged)


def _fields(values: Mapping[str, str]) -> dict[str, str]:
    """The values of a variant by field."""
    return {
        field: next((values[name] for name in names if values[name]), "")
        for field, names in known_columns(values).items()
    }


def _money(value: Any) -> Any:
    """A price as text; a whole amount counts the currency's smallest unit."""
    if not isinstance(value, dict):
        return value
    amount, currency = value.get("amount"), str(value.get("currency", "")).upper()
    if not isinstance(amount, JsonNumber) or not is_currency_code(currency):
        return value
    digits = decimals_of(currency) if amount.isdecimal() else 0
    return f"{Decimal(amount).scaleb(-digits)} {currency}"


def _options(variant: Entry) -> Iterator[tuple[str, str]]:
    """Pairs of name and value in a variant's lists."""
    for each in (each for listed in variant.values() for each in objects_of(listed)):
        if {"name", "value"} <= each.keys():
            yield cell_of(each["name"]), cell_of(each["value"])
