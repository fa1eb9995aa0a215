"""WooCommerce's CSV export, with headings in the language of the shop (`names.json`).

It has a row for each product and each variation; variations are joined to their parent.
Columns: https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from types import MappingProxyType
from typing import Final

from catalog.feeds.columns import plain_name
from catalog.feeds.dialects.variants import (
    best_availability,
    deepest,
    distinct_lines,
    lowest_price,
    lowest_sale,
    options_of,
    point_prices,
    without_absent,
)
from catalog.feeds.json_text import cells_of
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.store import stored
from catalog.feeds.names import HIDDEN, meaning_by_name, names_by_meaning
from catalog.feeds.rows import Findings, Record

LEFT_OUT: Final = "products are drafts, private or hidden"
_ENGLISH: Final = meaning_by_name("woocommerce")
"""Plain names in German, French, Spanish, Italian and Dutch; "#" stands for a number."""
_FIELDS: Final = {
    "id": ("id", "sku"), "title": ("name",), "brand": ("brands",), "category": ("categories",),
    "description": ("description", "short_description"), "price": ("regular_price",),
    "sale_price": ("sale_price",), "sale_start": ("date_sale_price_starts",),
    "sale_end": ("date_sale_price_ends",), "availability": ("in_stock", "stock"),
    "photos": ("images",), "url": ("external_url",), "tags": ("tags",), "sku": ("sku",),
    "currency": ("currency",),
    "": ("parent", "type", "published", "visibility_in_catalog"),
}  # fmt: skip
_TRANSLATIONS: Final = names_by_meaning("woocommerce")
SOURCES: Final = {
    field: tuple(each for name in names for each in (name, *_TRANSLATIONS.get(name, ())))
    for field, names in _FIELDS.items()
}
"""Field -> plain names of its columns in the CSV export."""
_NUMBER: Final = re.compile(r"(?<=_)\d{1,3}(?=_|$)")
_COMMA: Final = re.compile(r"(?<!\\),")
_ATTRIBUTE: Final = re.compile(r"attribute_(\d{1,3})_name")


def is_woocommerce(columns: Iterable[str]) -> bool:
    """Whether a header is that of WooCommerce's product export."""
    names = {_english(plain_name(name)) for name in columns}
    return {"type", "sku", "name", "published", "regular_price", "images"} <= names


def woocommerce_products(
    records: Collection[Record], mapped: Mapping[str, tuple[str, ...]], findings: Findings
) -> Iterator[Record]:
    """Join variations to their parents, of which those on sale are taken."""
    for rows in grouped(_labelled(stored(map(_translated, records)))):
        rows.sort(key=_is_variation)
        sold = list(filter(_is_listed, rows))
        if sold and sold[0] is rows[0]:
            yield woocommerce_product(sold, mapped)
        else:
            findings.left_out[LEFT_OUT] += 1


def _is_listed(row: Record) -> bool:
    hidden = row.values.get("visibility_in_catalog", "") == "hidden" and not _is_variation(row)
    return row.values.get("published", "") not in HIDDEN and not hidden


@cache
def _english(name: str) -> str:
    """The English heading of a plain name in any of the languages."""
    number = _NUMBER.search(name)
    known = _ENGLISH.get(_NUMBER.sub("#", name), name)
    return known.replace("#", number[0]) if number else known


def _translated(row: Record) -> Record:
    """The row with its values under English headings, too."""
    english = {own: text for name, text in row.values.items() if (own := _english(name)) != name}
    return replace(row, values={**row.values, **english}) if english else row


def _labelled(records: Collection[Record]) -> Iterator[tuple[str, Record]]:
    """Rows with a label of their product, which variations name by its SKU or its id.

    Shops tell no capital letters of a SKU apart.
    """
    lines: dict[str, str] = {}
    for row in records:
        if not _is_variation(row):
            lines.setdefault(f"id:{row.values.get('id', '')}", str(row.line))
            lines.setdefault(row.values.get("sku", "").lower(), str(row.line))
    for row in records:
        parent = row.values.get("parent", "").lower() if _is_variation(row) else ""
        label = lines.get(parent) or lines.get(f"id:{parent}") if parent else None
        yield label or str(row.line), row


def _is_variation(row: Record) -> bool:
    return row.values.get("type", "").startswith("variation")


def woocommerce_product(
    rows: list[Record],
    mapped: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    decimal_mark: str | None = None,
) -> Record:
    """Join a parent and its variations.

    Args:
        decimal_mark: of the prices; None: as the shop's language has it.
    """
    own = rows[0].values
    values = cells_of(own, SOURCES)
    sellable = [row for row in rows[1:] if row.values.get("in_stock", "")] or rows[:1]
    brands = _listed(own.get("brands", ""))
    values |= {
        # Line ends are exported as a backslash and "n".
        "description": values["description"].replace("\\n", "\n"),
        "brand": brands[0].partition(" > ")[0] if brands else "",
        "category": deepest(_listed(own.get("categories", ""))),
        "price": lowest_price((row.values.get("regular_price", "") for row in rows), decimal_mark),
        **lowest_sale(rows, _FIELDS, decimal_mark),
        "availability": best_availability(_stock(row) for row in sellable),
        "photos": distinct_lines(row.values.get("images", "") for row in rows),
        "tags": ", ".join(_listed(own.get("tags", ""))),
    }
    values |= options_of(pair for row in rows for pair in _attributes(row))
    values |= cells_of(own, mapped)
    values = without_absent(values, own, SOURCES)
    numbers = point_prices(values) if decimal_mark else frozenset[str]()
    return Record(rows[0].line, values, numbers, rows[0].damaged)


def _listed(cell: str) -> list[str]:
    """The values of a cell; a comma inside one is written with a backslash."""
    parts = (part.replace("\\,", ",").strip() for part in _COMMA.split(cell))
    return [part for part in parts if part]


def _stock(row: Record) -> str:
    return row.values.get("in_stock", "") or row.values.get("stock", "")


def _attributes(row: Record) -> Iterable[tuple[str, str]]:
    for column, name in row.values.items():
        if name and (found := _ATTRIBUTE.fullmatch(column)):
            listed = row.values.get(f"attribute_{found[1]}_value_s", "")
            yield from ((name, value) for value in _listed(listed))
