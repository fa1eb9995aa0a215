"""WooCommerce products: the CSV export and the REST API's list.

The CSV has a row for each product and each variation; variations are joined to their parent.
Columns: https://github.com/woocommerce/woocommerce/wiki/Product-CSV-Import-Schema
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from catalog.feeds.columns import plain_name
from catalog.feeds.dialects.variants import (
    best_availability,
    distinct_lines,
    lowest_price,
    options_of,
)
from catalog.feeds.json_text import Entry, JsonEntries, cell_of
from catalog.feeds.rows import Record, Reject

USED: Final = {
    "id": "id", "title": "name", "brand": "brands", "category": "categories",
    "price": "regular_price", "sale_price": "sale_price",
    "sale_start": "date_sale_price_starts", "sale_end": "date_sale_price_ends",
    "availability": "in_stock", "photos": "images", "url": "external_url", "tags": "tags",
    "sku": "sku",
}  # fmt: skip
"""Field -> plain name of its column in the CSV export."""
MORE_USED: Final = ("description", "short_description", "parent", "type", "published", "stock")
_ATTRIBUTE: Final = re.compile(r"attribute_(\d{1,3})_name")
LEFT_OUT: Final = "{} products are drafts or private and were left out"
HIDDEN_LEFT_OUT: Final = "{} products are drafts, private or hidden and were left out"


def is_woocommerce(columns: Iterable[str]) -> bool:
    """Whether a header is that of WooCommerce's product export."""
    names = {plain_name(name) for name in columns}
    return {"type", "sku", "name", "published", "regular_price", "images"} <= names


def read_woocommerce(
    records: Sequence[Record | Reject], mapped: Mapping[str, tuple[str, ...]]
) -> tuple[list[Record | Reject], tuple[str, ...]]:
    """Join variations to their parents; a note reports products that are not on sale."""
    taken: list[Record | Reject] = [each for each in records if isinstance(each, Reject)]
    rows = [each for each in records if isinstance(each, Record)]
    drafts = {id(row) for row in rows if row.values.get("published", "1") in ("-1", "0")}
    parents = {_reference(row): row for row in rows if not _parent(row)}
    by_id = {f"id:{row.values.get('id', '')}": row for row in rows if not _parent(row)}
    children: dict[int, list[Record]] = {}
    for row in rows:
        parent = parents.get(_parent(row)) or by_id.get(_parent(row)) if _parent(row) else None
        if parent is not None:
            children.setdefault(id(parent), []).append(row)
        elif id(row) not in drafts:
            taken.append(row)
    joined = [
        each if isinstance(each, Reject) else _product([each, *children.get(id(each), [])], mapped)
        for each in taken
    ]
    left_out = sum(1 for row in rows if id(row) in drafts and not _parent(row))
    return joined, (LEFT_OUT.format(left_out),) if left_out else ()


def _parent(row: Record) -> str:
    is_variation = row.values.get("type", "").startswith("variation")
    return row.values.get("parent", "") if is_variation else ""


def _reference(row: Record) -> str:
    return row.values.get("sku", "") or f"id:{row.values.get('id', '')}"


def _product(rows: list[Record], mapped: Mapping[str, tuple[str, ...]]) -> Record:
    """Join a parent and its variations."""
    own = rows[0].values
    values = {field: own[column] for field, column in USED.items() if column in own}
    prices = [row.values for row in rows]
    sellable = [row for row in rows[1:] if row.values.get("in_stock", "")] or rows[:1]
    values |= {
        "id": own.get("id", "") or own.get("sku", ""),
        "description": own.get("description", "") or own.get("short_description", ""),
        "category": own.get("categories", "").split(",")[0].strip(),
        "price": lowest_price(each.get("regular_price", "") for each in prices),
        "sale_price": lowest_price(each.get("sale_price", "") for each in prices),
        "availability": best_availability(_stock(row) for row in sellable),
        "photos": distinct_lines(row.values.get("images", "") for row in rows),
    }
    values |= options_of(pair for row in rows for pair in _attributes(row))
    values |= {
        name: next((own[column] for column in columns if own.get(column)), "")
        for name, columns in mapped.items()
    }
    return Record(rows[0].line, values, damaged=rows[0].damaged)


def _stock(row: Record) -> str:
    return row.values.get("in_stock", "") or row.values.get("stock", "")


def _attributes(row: Record) -> Iterable[tuple[str, str]]:
    for column, name in row.values.items():
        if name and (found := _ATTRIBUTE.fullmatch(column)):
            listed = row.values.get(f"attribute_{found[1]}_value_s", "")
            yield from ((name, value.strip()) for value in listed.split(","))


def is_woocommerce_json(entry: Entry) -> bool:
    """Whether an object is a product of WooCommerce's REST API."""
    return {"permalink", "regular_price", "stock_status"} <= entry.keys()


def is_published(entry: Entry) -> bool:
    """Whether a product is neither draft nor private, and may be seen in the shop."""
    hidden = entry.get("catalog_visibility", "visible") == "hidden"
    return entry.get("status", "publish") == "publish" and not hidden


def read_woocommerce_json(entries: JsonEntries) -> tuple[list[Record | Reject], tuple[str, ...]]:
    """Records of the products that are published; a note counts the others."""
    taken: list[Record | Reject] = list(entries.rejects)
    taken += [_rest_product(line, entry) for line, entry in entries.entries if is_published(entry)]
    left_out = len(entries.entries) + len(entries.rejects) - len(taken)
    return taken, (HIDDEN_LEFT_OUT.format(left_out),) if left_out else ()


def _rest_product(line: int, entry: Entry) -> Record:
    names = {
        "id": "id", "title": "name", "url": "permalink", "price": "regular_price",
        "sale_price": "sale_price", "sale_start": "date_on_sale_from_gmt",
        "sale_end": "date_on_sale_to_gmt", "availability": "stock_status", "sku": "sku",
    }  # fmt: skip
    values = {field: cell_of(entry[key]) for field, key in names.items() if key in entry}
    values["price"] = values.get("price") or cell_of(entry.get("price"))
    values["description"] = cell_of(entry.get("description") or entry.get("short_description"))
    values["category"] = next(iter(_names(entry.get("categories"))), "")
    values["brand"] = next(iter(_names(entry.get("brands"))), "")
    values["tags"] = ", ".join(_names(entry.get("tags")))
    values["photos"] = cell_of(entry.get("images"))
    options = [each for each in entry.get("attributes") or [] if isinstance(each, dict)]
    values |= options_of(
        (str(each.get("name", "")), str(value))
        for each in options
        for value in each.get("options") or [each.get("option", "")]
    )
    return Record(line, values)


def _names(listed: Any) -> list[str]:
    return [str(each.get("name", "")) for each in listed or [] if isinstance(each, dict)]
