"""Squarespace's product export, read as rows of Shopify's.

A product's first row has its id, title and photos; each further row without an id is a variant.
https://support.squarespace.com/hc/en-us/articles/115000378108
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from catalog.feeds.columns import plain_name
from catalog.feeds.dialects import shopify
from catalog.feeds.dialects.variants import deepest
from catalog.feeds.large.store import stored
from catalog.feeds.names import HIDDEN
from catalog.feeds.rows import Findings, Record

_ID: Final = "product_id_non_editable"
_COLUMNS: Final = {
    "title": "title", "body_html": "description", "tags": "tags", "published": "visible",
    **{f"option{n}_{part}": f"option_{part}_{n}" for n in "123" for part in ("name", "value")},
}  # fmt: skip
"""Column of Shopify's export -> the one of Squarespace's."""
SOURCES: Final = {
    "id": (_ID,), "title": ("title",), "description": ("description",), "tags": ("tags",),
    "category": ("categories",), "photos": ("hosted_image_urls",), "price": ("price",),
    "sale_price": ("sale_price",), "availability": ("stock",), "": ("visible", "on_sale"),
}  # fmt: skip
"""Field -> plain names of its columns."""


def is_squarespace(columns: Iterable[str]) -> bool:
    """Whether a header is that of Squarespace's product export."""
    return {_ID, "title", "on_sale"} <= set(map(plain_name, columns))


def squarespace_products(
    records: Collection[Record], mapped: Mapping[str, tuple[str, ...]], findings: Findings
) -> Iterator[Record]:
    """Join variants to their product."""
    return shopify.shopify_products(stored(_translated(records)), mapped, findings)


def _translated(records: Iterable[Record]) -> Iterator[Record]:
    handle = ""
    for record in records:
        own = record.values
        # Without a title it may belong to a product that was damaged: then it is reported.
        handle = own.get(_ID, "") or ("" if own.get("title") or record.damaged else handle)
        is_reduced = own.get("on_sale", "").lower() not in ("", *HIDDEN)
        sale, price = own.get("sale_price", ""), own.get("price", "")
        values = {name: own.get(column, "") for name, column in _COLUMNS.items()} | {
            "handle": handle,
            "type": deepest(map(_path, own.get("categories", "").split(","))),
            "image_src": "\n".join(own.get("hosted_image_urls", "").split()),
            "variant_price": sale if is_reduced and sale else price,
            "variant_compare_at_price": price if is_reduced and sale else "",
            "variant_inventory_qty": own.get("stock", ""),
            "variant_inventory_tracker": "counted" if own.get("stock", "").isdecimal() else "",
        }
        yield Record(record.line, {**own, **values}, damaged=record.damaged)


def _path(category: str) -> str:
    """The category of "/women/shirts"."""
    return " > ".join(filter(None, category.strip().split("/")))
