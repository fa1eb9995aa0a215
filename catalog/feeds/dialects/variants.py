"""Rules for joining the variants of an article into one product."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from catalog.feeds.availability import Availability, read_availability
from catalog.feeds.columns import SYNONYMS, plain_name
from catalog.feeds.prices import parse_price
from catalog.feeds.rows import Record
from catalog.feeds.text.double_encoding import mended_name

COLOURS = frozenset(
    "color colour colors colours farbe couleur colore kleur cor färg farve farge kolor väri".split()
)
"""Plain names of options that hold a colour."""

PRICES: Final = ("price", "regular_price", "sale_price")
_SALE: Final = ("sale_price", "sale_start", "sale_end")
_EASIEST: Final = (
    Availability.IN_STOCK, Availability.BACKORDER, Availability.PREORDER,
    Availability.IN_STORE_ONLY, Availability.OUT_OF_STOCK, Availability.DISCONTINUED,
)  # fmt: skip
_POINTED: Final = re.compile(r"\d{1,12}(\.\d{1,12})?")
_MAIN: Final = re.compile("^(primary|main)_(?=colou?r)")
_NAME: Final = re.compile(r"(.*\d)_name")
_VALUES: Final = ("value", "values", "value_s")
NO_OPTION = "Default Title"
"""Shopify's name for the only variant of a product."""

Sources = Mapping[str, Sequence[str]]
"""Field -> plain names of the columns or keys that it is read from."""


def without_absent(
    values: Mapping[str, str], there: Iterable[str], sources: Sources
) -> dict[str, str]:
    """The values without empty ones that none of their columns is there for."""
    names = set(there)
    return {
        field: text
        for field, text in values.items()
        if text or not names.isdisjoint(sources.get(field, names))
    }


def lowest_price(prices: Iterable[str], decimal_mark: str | None = None) -> str:
    """The lowest price as written; the first text where none can be parsed."""
    texts = [text for text in prices if text]
    amounts = ((amount_of(text, decimal_mark), text) for text in texts)
    known = [(amount, text) for amount, text in amounts if amount is not None]
    return min(known)[1] if known else next(iter(texts), "")


def variant_prices(prices: Iterable[str], before: Sequence[str]) -> dict[str, str]:
    """The lowest price, and the lowest one before a reduction where every variant has one."""
    regular = lowest_price(before, ".") if all(before) else ""
    return {"price": lowest_price(prices, "."), "regular_price": regular}


def lowest_sale(
    rows: Iterable[Record], sources: Sources, decimal_mark: str | None = None
) -> dict[str, str]:
    """The fields of the lowest sale price among rows, with its own dates."""
    sales = [{name: row.values.get(sources[name][0], "") for name in _SALE} for row in rows]
    lowest = lowest_price((each["sale_price"] for each in sales), decimal_mark)
    return next((each for each in sales if each["sale_price"] == lowest), dict.fromkeys(_SALE, ""))


def amount_of(text: str, decimal_mark: str | None) -> Decimal | None:
    """The amount of a price; None where it cannot be parsed."""
    try:
        return parse_price(text, decimal_mark)[0]
    except ValueError:
        return None


def point_prices(values: Mapping[str, str]) -> frozenset[str]:
    """The price fields that hold digits with at most a point: of programs, it is a decimal mark."""
    return frozenset(name for name in PRICES if _POINTED.fullmatch(values.get(name, "")))


def best_availability(texts: Iterable[str]) -> str:
    """The text of the variant that is easiest to get; of several the first one's."""
    return min(filter(None, texts), key=_hardness, default="")


def _hardness(availability: str) -> int:
    try:
        found = read_availability(availability)
    except ValueError:
        found = None
    return len(_EASIEST) if found is None else _EASIEST.index(found)


def options_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Option name -> its values, such as "size" -> "S, M"; a single colour fills the field."""
    found: dict[str, dict[str, None]] = {}
    for option, value in pairs:
        name = _MAIN.sub("", plain_name(mended_name(option)))
        if name in SYNONYMS and name not in COLOURS:
            name = f"option_{name}"
        if name and value and value != NO_OPTION:
            found.setdefault("colour" if name in COLOURS else name, {})[value] = None
    options = {name: ", ".join(values) for name, values in found.items()}
    if len(found.get("colour", ())) > 1:
        options["colours"] = options.pop("colour")
    return options


def option_columns(names: Sequence[str]) -> dict[str, str]:
    """Pairs of a table's columns such as "variation_1_name" and "variation_1_values"."""
    numbered = (found for name in names if (found := _NAME.fullmatch(name)))
    ends = ((found, f"{found[1]}_{end}") for found in numbered for end in _VALUES)
    return {found[0]: values for found, values in ends if values in names}


def with_options(record: Record, pairs: Mapping[str, str]) -> Record:
    """The record with its options by name instead of in pairs of columns."""
    used = {*pairs, *pairs.values(), *(name.replace("_name", "_type") for name in pairs)}
    own = {name: text for name, text in record.values.items() if name not in used}
    options = options_of(
        (record.values.get(name, ""), each.strip())
        for name, values in pairs.items()
        for each in record.values.get(values, "").split(",")
    )
    return replace(record, values={**options, **own})


def distinct_lines(texts: Iterable[str]) -> str:
    """The distinct lines of several texts."""
    return "\n".join(dict.fromkeys(line for text in texts for line in text.split("\n") if line))


def deepest(categories: Iterable[str]) -> str:
    """The category with the most parts, of several the first: "Women > Tops", not "Sale"."""
    return max(categories, key=lambda each: each.count(">"), default="")
