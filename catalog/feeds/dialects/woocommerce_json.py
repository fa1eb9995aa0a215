"""WooCommerce products in JSON: the lists of its REST API and of its public Store API.

They are read as rows of its CSV export.
https://woocommerce.github.io/woocommerce-rest-api-docs/#products
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any, Final

from catalog.feeds.dialects.variants import distinct_lines, without_absent
from catalog.feeds.dialects.woocommerce import LEFT_OUT, woocommerce_product
from catalog.feeds.json_text import Entry, NumberedEntry, cell_of, cells_of, objects_of
from catalog.feeds.rows import Findings, Record

_KEYS: Final = {
    "id": ("id",), "name": ("name",), "external_url": ("permalink",), "sku": ("sku",),
    "description": ("description", "short_description"),
    "regular_price": ("regular_price", "price"),
    "sale_price": ("sale_price",), "date_sale_price_starts": ("date_on_sale_from_gmt",),
    "date_sale_price_ends": ("date_on_sale_to_gmt",), "in_stock": ("stock_status",),
}  # fmt: skip
"""Column of the CSV export -> its keys in the REST API."""
_LISTS: Final = ("categories", "brands", "tags")


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
            # Where the list holds the variations (`catalog.syncing.shops`), they have the prices.
            variations = list(filter(is_published, objects_of(entry.get("variations"))))
            if any("regular_price" in each for each in variations):
                entry = {**entry, "regular_price": "", "price": ""}
            rows = [_row(line, each) for each in (entry, *variations)]
            yield woocommerce_product(rows, decimal_mark=".")
        else:
            findings.left_out[LEFT_OUT] += 1


def _row(line: int, entry: Entry) -> Record:
    """A product or a variation as a row of the CSV export."""
    values = without_absent(cells_of(entry, _KEYS), entry, _KEYS)
    values |= {name: _listed(_names(entry[name])) for name in _LISTS if name in entry}
    if "images" in entry or "image" in entry:
        photos = (entry.get("images"), [entry.get("image")])
        values["images"] = distinct_lines(map(cell_of, photos))
    for number, each in enumerate(objects_of(entry.get("attributes")), start=1):
        options = each.get("options") or _names(each.get("terms")) or each.get("option") or ""
        values[f"attribute_{number}_name"] = str(each.get("name", ""))
        values[f"attribute_{number}_value_s"] = _listed(cell_of(options).split("\n"))
    return Record(line, values | _store_prices(entry))


def _listed(texts: Iterable[str]) -> str:
    """Several values as a cell."""
    return ",".join(text.replace(",", "\\,") for text in texts)


def _store_prices(entry: Entry) -> dict[str, str]:
    """Price, currency and stock as the Store API has them, in the currency's smallest unit."""
    prices = _prices(entry)
    if not prices:
        return {}
    unit = Decimal(1).scaleb(-int(prices.get("currency_minor_unit", 2)))
    return {
        "currency": cell_of(prices.get("currency_code")),
        "in_stock": "backorder"
        if entry.get("is_on_backorder")
        else cell_of(entry.get("is_in_stock", True)),
        **{
            name: str(Decimal(prices[name]) * unit) if str(prices.get(name, "")).isdecimal() else ""
            for name in ("regular_price", "sale_price")
        },
    }


def _prices(entry: Entry) -> Entry:
    prices = entry.get("prices")
    return prices if isinstance(prices, dict) else {}


def _names(listed: Any) -> list[str]:
    return [str(each.get("name", "")) for each in objects_of(listed)]
