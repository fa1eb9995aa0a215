"""Magento 2 product exports: default rows, store-view rows, configurable and simple products.

Columns: https://experienceleague.adobe.com/en/docs/commerce-admin/systems/data-transfer
"""

import csv
from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Final

from catalog.feeds.columns import plain_name
from catalog.feeds.dialects.variants import (
    amount_of,
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
from catalog.feeds.rows import Findings, Record

SOURCES: Final = {
    "id": ("sku",), "title": ("name",), "description": ("description", "short_description"),
    "category": ("categories",), "price": ("price",), "sale_price": ("special_price",),
    "sale_start": ("special_price_from_date",), "sale_end": ("special_price_to_date",),
    "availability": ("is_in_stock", "qty"), "photos": ("base_image", "additional_images"),
    "brand": (), "url": ("url_key",),
    "": ("store_view_code", "product_online", "additional_attributes", "configurable_variations",
         "configurable_variation_labels", "visibility", "product_type"),
}  # fmt: skip
"""Field -> plain names of its columns."""
_BRANDS: Final = ("brand", "manufacturer")
_ROOT: Final = ("default category", "root catalog")
_NO_PHOTO: Final = "no_selection"
_HIDDEN: Final = "not visible individually"


def is_magento(columns: Iterable[str]) -> bool:
    """Whether a header is that of Magento's product export."""
    names = {plain_name(name) for name in columns}
    return {"sku", "product_type", "attribute_set_code", "base_image"} <= names


def magento_products(
    records: Collection[Record], mapped: Mapping[str, tuple[str, ...]], findings: Findings
) -> Iterator[Record]:
    """Join simple products to their configurable ones."""
    for rows in grouped(_labelled(records, findings)):
        rows.sort(key=lambda row: not _variants(row))
        sku = _sku(rows[0])
        variants = [row for row in rows if _sku(row) != sku]
        for row in (each for each in rows if _sku(each) == sku):
            if not _is_online(row):
                findings.left_out["products are disabled"] += 1
            elif not variants and _is_part(row):
                findings.left_out[
                    "products are parts without photos, not visible individually"
                ] += 1
            else:
                yield _product([row, *filter(_is_online, variants)], mapped)


def _is_online(row: Record) -> bool:
    return row.values.get("product_online", "1") not in ("0", "2")


def _is_part(row: Record) -> bool:
    """Whether a product is shown in a bundle or another product only, and not there either."""
    return row.values.get("visibility", "").lower() == _HIDDEN and not any(_photos(row))


def _sku(row: Record) -> str:
    """A row's SKU; shops tell no capital letters of it apart."""
    return row.values.get("sku", "").lower()


def _labelled(records: Collection[Record], findings: Findings) -> Iterator[tuple[str, Record]]:
    """Each product's row with the SKUs of the configurable products it is a variant of, or its own.

    A product without a row for all store views is read from its first one.
    """
    parents: dict[str, list[str]] = {}
    known: set[str] = set()
    for row in records:
        own = _sku(row)
        if not row.values.get("store_view_code", ""):
            known.add(own)
        for sku in _variants(row):
            parents.setdefault(sku, []).append(own)
    for row in records:
        own = _sku(row) or f"line {row.line}"
        if row.values.get("store_view_code", ""):
            if own in known:
                findings.left_out["rows are of store views"] += 1
                continue
            known.add(own)
        for label in dict.fromkeys(parents.get(own, [own])):
            yield label, row


def _variants(row: Record) -> list[str]:
    listed = row.values.get("configurable_variations", "")
    skus = (dict(_pairs(each)).get("sku", "").lower() for each in listed.split("|") if each)
    return [sku for sku in skus if sku and sku != _sku(row)]


def _product(rows: list[Record], mapped: Mapping[str, tuple[str, ...]]) -> Record:
    own = rows[0].values
    values = cells_of(own, SOURCES)
    sold = rows[1:] or rows
    own_attributes = dict(_pairs(own.get("additional_attributes", "")))
    values |= {
        "category": _category(own.get("categories", "")),
        "price": lowest_price(map(_price, sold), "."),
        **{name: _iso_date(text) for name, text in lowest_sale(rows, SOURCES, ".").items()},
        "availability": best_availability(_stock(row) for row in sold),
        "photos": distinct_lines(photo for row in rows for photo in _photos(row)),
        "brand": next((own_attributes[name] for name in _BRANDS if name in own_attributes), ""),
    }
    values |= options_of(pair for row in rows for pair in _attributes(row))
    values |= cells_of(own, mapped)
    values = without_absent(values, own, SOURCES)
    return Record(rows[0].line, values, point_prices(values), rows[0].damaged)


def _iso_date(text: str) -> str:
    """The date of "11/30/26, 12:00 AM", month first whatever the shop's language; others stay."""
    try:
        return datetime.strptime(text.partition(",")[0], "%m/%d/%y").date().isoformat()
    except ValueError:
        return text


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """Pairs of "name=value,name=value"; a comma inside a value stays in it.

    Each pair may be in quotes (the export's option "Fields Enclosure").
    """
    if text.startswith('"'):
        pairs = (part.partition("=") for part in next(csv.reader([text])))
        yield from ((name.strip(), value) for name, equals, value in pairs if equals)
        return
    name = value = ""
    for part in text.split(","):
        before, equals, after = part.partition("=")
        if not equals:
            value += f",{part}"
            continue
        if name:
            yield name, value.strip('"')
        name, value = before.strip(), after
    if name:
        yield name, value.strip('"')


def _attributes(row: Record) -> Iterator[tuple[str, str]]:
    for name, text in _pairs(row.values.get("additional_attributes", "")):
        if name not in _BRANDS:
            yield from ((name, value.strip()) for value in text.split("|"))


def _category(text: str) -> str:
    """The longest path without the root: "Women > Tops"."""
    paths = ([part.strip() for part in path.split("/")] for path in text.split(","))
    return deepest(" > ".join(part for part in path if part.lower() not in _ROOT) for path in paths)


def _price(row: Record) -> str:
    """The price; a bundle or group has one of 0 where its parts have the prices."""
    price = row.values.get("price", "")
    is_whole = row.values.get("product_type", "") in ("bundle", "grouped", "configurable")
    return "" if is_whole and not amount_of(price, ".") else price


def _stock(row: Record) -> str:
    return row.values.get("is_in_stock", "") or row.values.get("qty", "")


def _photos(row: Record) -> Iterator[str]:
    """Photo names without the leading slash of paths below pub/media/catalog/product."""
    listed = (row.values.get("base_image", ""), *row.values.get("additional_images", "").split(","))
    for name in listed:
        if name.strip() and name.strip() != _NO_PHOTO:
            yield name.strip().lstrip("/") if not name.strip().startswith("//") else name.strip()
