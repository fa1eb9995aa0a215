"""Transfer of a feed row's values to a stored product."""

from datetime import datetime
from typing import Any, Final

from catalog.feeds.rows import ProductRow
from catalog.importing.articles import article_of
from catalog.models import Product
from catalog.sale import rounded_price, utc

_FIELDS: Final = (
    "title", "brand", "category", "colour", "price", "currency", "url", "availability",
    "description", "sale_price", "sale_start", "sale_end",
)  # fmt: skip
_TELLING: Final = frozenset({"title", "brand", "category", "colour", "group_id"})
"""Columns that tell a product's article."""
_SALE: Final = ("sale_price", "sale_start", "sale_end")


def replace_values(product: Product, row: ProductRow) -> set[str]:
    """Set a product's values to exactly the row's; return the names of changed columns."""
    values = {name: getattr(row, name) for name in _FIELDS}
    values["title"] = row.title or product.title or row.id
    values["group_id"] = row.group
    values["attributes"] = dict(row.attributes or {})
    return _assign(product, values)


def change_values(product: Product, row: ProductRow, clear_empty: bool) -> set[str]:
    """Set the values that the row has; return the names of changed columns.

    A field without a column stays, and so does one with an empty cell unless `clear_empty`.
    """
    given = {name: getattr(row, name) for name in _FIELDS} | {"group_id": row.group}
    values = {name: value for name, value in given.items() if value not in (None, "")}
    cleared = row.empty if clear_empty else frozenset[str]()
    values |= {name: None for name in given if name in cleared and name != "title"}
    if "group" in cleared:
        values["group_id"] = None
    remaining = {name: text for name, text in product.attributes.items() if name not in cleared}
    values["attributes"] = remaining | dict(row.attributes or {})
    return _assign(product, values | _sale(product, row))


def _sale(product: Product, row: ProductRow) -> dict[str, Any]:
    """Sale values of a row; an empty cell or a regular price not above it ends a sale."""
    if row.sale_price is not None:
        return {name: getattr(row, name) for name in _SALE}
    price, sale = row.price or product.price, product.sale_price
    if "sale_price" in row.empty or (sale is not None and price is not None and price <= sale):
        return dict.fromkeys(_SALE)
    return {}


def _assign(product: Product, values: dict[str, Any]) -> set[str]:
    currency = values.get("currency") or product.currency
    for name in ("price", "sale_price"):
        if values.get(name) is not None:
            values[name] = rounded_price(values[name], currency)
    changes = {name for name, value in values.items() if not _equal(getattr(product, name), value)}
    for name in changes:
        setattr(product, name, values[name])
    if product.article is None or changes & _TELLING:
        article = article_of(product)
        if article != product.article:  # an assignment alone costs a check for changes
            product.article = article
    return changes


def _equal(stored: Any, value: Any) -> bool:
    if isinstance(stored, datetime) and isinstance(value, datetime):
        return utc(stored) == value  # SQLite returns datetimes without their time zone
    return bool(stored == value)
