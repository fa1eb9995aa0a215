"""Magento 2 product exports: default rows, store-view rows, configurable and simple products.

Columns: https://experienceleague.adobe.com/en/docs/commerce-admin/systems/data-transfer
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from catalog.feeds.columns import plain_name
from catalog.feeds.dialects.variants import (
    best_availability,
    distinct_lines,
    lowest_price,
    options_of,
)
from catalog.feeds.rows import Record, Reject

USED: Final = {
    "id": "sku", "title": "name", "description": "description", "category": "categories",
    "price": "price", "sale_price": "special_price", "sale_start": "special_price_from_date",
    "sale_end": "special_price_to_date", "availability": "is_in_stock", "photos": "base_image",
    "url": "url_key",
}  # fmt: skip
"""Field -> plain name of its column."""
MORE_USED: Final = (
    "store_view_code", "short_description", "product_online", "qty", "additional_images",
    "additional_attributes", "configurable_variations", "configurable_variation_labels",
)  # fmt: skip
_BRANDS: Final = ("brand", "manufacturer")
_ROOT: Final = ("default category", "root catalog")
_NO_PHOTO: Final = "no_selection"


def is_magento(columns: Iterable[str]) -> bool:
    """Whether a header is that of Magento's product export."""
    names = {plain_name(name) for name in columns}
    return {"sku", "product_type", "attribute_set_code", "base_image"} <= names


def read_magento(
    records: Sequence[Record | Reject], mapped: Mapping[str, tuple[str, ...]]
) -> tuple[list[Record | Reject], tuple[str, ...]]:
    """Join simple products to their configurable ones; notes report products left out."""
    joined: list[Record | Reject] = [each for each in records if isinstance(each, Reject)]
    rows = [each for each in records if isinstance(each, Record)]
    default = [row for row in rows if not row.values.get("store_view_code", "")]
    by_sku = {row.values.get("sku", ""): row for row in default}
    variants = {row.line: _variants(row, by_sku) for row in default}
    children = {child.line for found in variants.values() for child in found}
    offline = [row for row in default if row.values.get("product_online", "1") == "2"]
    left_out = {row.line for row in offline} | children
    joined += [
        _product([row, *variants[row.line]], mapped) for row in default if row.line not in left_out
    ]
    notes = []
    if len(default) < len(rows):
        notes.append(f"{len(rows) - len(default)} rows of store views were left out")
    if offline:
        notes.append(f"{len(offline)} products are disabled and were left out")
    return joined, tuple(notes)


def _variants(row: Record, by_sku: Mapping[str, Record]) -> list[Record]:
    listed = row.values.get("configurable_variations", "")
    skus = [dict(_pairs(each)).get("sku", "") for each in listed.split("|") if each]
    return [by_sku[sku] for sku in skus if sku in by_sku and by_sku[sku] is not row]


def _product(rows: list[Record], mapped: Mapping[str, tuple[str, ...]]) -> Record:
    own = rows[0].values
    values = {field: own[column] for field, column in USED.items() if column in own}
    sold = rows[1:] or rows
    own_attributes = dict(_pairs(own.get("additional_attributes", "")))
    values |= {
        "description": own.get("description", "") or own.get("short_description", ""),
        "category": _category(own.get("categories", "")),
        "price": lowest_price(row.values.get("price", "") for row in sold),
        "sale_price": lowest_price(row.values.get("special_price", "") for row in rows),
        "availability": best_availability(_stock(row) for row in sold),
        "photos": distinct_lines(photo for row in rows for photo in _photos(row)),
        "brand": next((own_attributes[name] for name in _BRANDS if name in own_attributes), ""),
    }
    values |= options_of(pair for row in rows for pair in _attributes(row))
    values |= {
        name: next((own[column] for column in columns if own.get(column)), "")
        for name, columns in mapped.items()
    }
    return Record(rows[0].line, values, damaged=rows[0].damaged)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of "name=value,name=value"; a comma inside a value stays in it."""
    name = value = ""
    for part in text.split(","):
        before, equals, after = part.partition("=")
        if not equals:
            value += f",{part}"
            continue
        if name:
            yield name, value
        name, value = before.strip(), after
    if name:
        yield name, value


def _attributes(row: Record) -> Iterator[tuple[str, str]]:
    for name, text in _pairs(row.values.get("additional_attributes", "")):
        if name not in _BRANDS:
            yield from ((name, value.strip()) for value in text.split("|"))


def _category(text: str) -> str:
    """The longest path without the root: "Women > Tops"."""
    paths = [[part.strip() for part in path.split("/")] for path in text.split(",")]
    return " > ".join(part for part in max(paths, key=len) if part.lower() not in _ROOT)


def _stock(row: Record) -> str:
    return row.values.get("is_in_stock", "") or row.values.get("qty", "")


def _photos(row: Record) -> Iterator[str]:
    """Photo names without the leading slash of paths below pub/media/catalog/product."""
    listed = (row.values.get("base_image", ""), *row.values.get("additional_images", "").split(","))
    for name in listed:
        if name.strip() and name.strip() != _NO_PHOTO:
            yield name.strip().lstrip("/") if not name.strip().startswith("//") else name.strip()
