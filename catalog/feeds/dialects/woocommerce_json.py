"""WooCommerce products in JSON: the lists of its REST API and of its public Store API.

https://woocommerce.github.io/woocommerce-rest-api-docs/#products
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

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
from catalog.feeds.dialects.woocommerce import LEFT_OUT
from catalog.feeds.json_text import Entry, NumberedEntry, cell_of, cells_of, objects_of
from catalog.feeds.rows import Findings, Record

_SOURCES: Final = {
    "id": ("id",), "title": ("name",), "url": ("permalink",), "sku": ("sku",),
    "description": ("description", "short_description"), "category": ("categories",),
    "brand": ("brands",), "tags": ("tags",), "price": ("regular_price", "price"),
    "sale_price": ("sale_price",), "sale_start": ("date_on_sale_from_gmt",),
    "sale_end": ("date_on_sale_to_gmt",), "availability": ("stock_status",),
    "photos": ("images",),
}  # fmt: skip
"""Field -> its keys in the REST API."""


def is_woocommerce_json(entry: Entry) -> bool:
    """Whether an object is a product of WooCommerce's REST API, or of its public Store API."""
    return "permalink" in entry and (
        {"regular_price", "stock_status"} <= entry.keys() or "currency_minor_unit" in _prices(entry)
    )


def is_published(entry: Entry) -> bool:
    """Whether a product is neither draft nor private, and may be seen in the shop."""
    hidden = entry.get("catalog_visibility", "visible") == "hidden"
    return entry.get("status", "publish") == "publish" and not hidden


def woocommerce_json_products(
    entries: Iterable[NumberedEntry], findings: Findings
) -> Iterator[Record]:
    """Records of the products that are published."""
    for line, entry in entries:
        if is_published(entry):
            yield _product(line, entry)
        else:
            findings.left_out[LEFT_OUT] += 1


def _product(line: int, entry: Entry) -> Record:
    """Join a product and its variations, where the list holds them (`catalog.syncing.shops`)."""
    variations = [each for each in objects_of(entry.get("variations")) if is_published(each)]
    sold = [each for each in variations if "regular_price" in each] or [entry]
    values = cells_of(entry, _SOURCES)
    regular = [cell_of(each.get("regular_price") or each.get("price")) for each in sold]
    values |= {
        "category": deepest(_names(entry.get("categories"))),
        "brand": next(iter(_names(entry.get("brands"))), ""),
        "tags": ", ".join(_names(entry.get("tags"))),
        "price": lowest_price(regular, "."),
        **lowest_sale(map(_sale, sold), "."),
        "availability": best_availability(cell_of(each.get("stock_status")) for each in sold),
        "photos": distinct_lines(
            cell_of(each) for each in (entry.get("images"), [v.get("image") for v in variations])
        ),
        **_store_prices(entry),
    }
    values |= options_of(pair for each in (entry, *variations) for pair in _options(each))
    values = without_absent(values, entry, _SOURCES)
    return Record(line, values, point_prices(values))


def _sale(entry: Entry) -> tuple[str, str, str]:
    keys = (_SOURCES[name][0] for name in ("sale_price", "sale_start", "sale_end"))
    price, start, end = (cell_of(entry.get(key)) for key in keys)
    return price, start, end


def _store_prices(entry: Entry) -> dict[str, str]:
    """Price, currency and stock as the Store API has them, in the currency's smallest unit."""
    prices = _prices(entry)
    if not prices:
        return {}
    unit = Decimal(1).scaleb(-int(prices.get("currency_minor_unit", 2)))
    amounts = {"price": "regular_price", "sale_price": "sale_price"}
    return {
        "currency": cell_of(prices.get("currency_code")),
        "availability": "backorder"
        if entry.get("is_on_backorder")
        else cell_of(entry.get("is_in_stock", True)),
        **{
            field: str(Decimal(prices[key]) * unit) if str(prices.get(key, "")).isdecimal() else ""
            for field, key in amounts.items()
        },
    }


def _prices(entry: Entry) -> Entry:
    prices = entry.get("prices")
    return prices if isinstance(prices, dict) else {}


def _options(entry: Entry) -> Iterator[tuple[str, str]]:
    for each in objects_of(entry.get("attributes")):
        values = each.get("options") or _names(each.get("terms")) or [each.get("option") or ""]
        yield from ((str(each.get("name", "")), str(value)) for value in values)


def _names(listed: Any) -> list[str]:
    return [str(each.get("name", "")) for each in objects_of(listed)]
