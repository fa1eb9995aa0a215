"""Shopify's products.json, a product's .js and the JSON lines of its bulk operations.

A child object names its parent in `__parentId`:
https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, Final

from catalog.feeds.dialects.shopify import LEFT_OUT
from catalog.feeds.dialects.variants import (
    best_availability,
    options_of,
    point_prices,
    variant_prices,
    without_absent,
)
from catalog.feeds.json_text import Entry, NumberedEntry, cell_of, cells_of, objects_of
from catalog.feeds.large.groups import grouped
from catalog.feeds.names import HIDDEN
from catalog.feeds.rows import Findings, Record, Reject

_PARENT: Final = "__parentId"
_PRICES: Final = ("variants", "priceRangeV2", "priceRange")
_SOURCES: Final = {
    "title": ("title",), "description": ("body_html", "descriptionHtml", "description"),
    "brand": ("vendor",), "category": ("product_type", "productType", "type"), "price": _PRICES,
    "regular_price": _PRICES, "availability": (), "photos": ("images", "media"),
    "url": ("onlineStoreUrl",), "tags": ("tags",),
}  # fmt: skip
"""Field -> its keys."""


def is_shopify_json(entry: Entry) -> bool:
    """Whether an object is a product of products.json or a line of a bulk operation."""
    is_bulk = _PARENT in entry or str(entry.get("id", "")).startswith("gid://shopify/")
    return is_bulk or {"handle", "variants", "images"} <= entry.keys()


def shopify_json_products(
    entries: Collection[NumberedEntry], findings: Findings
) -> Iterator[Record]:
    """A record for each product on sale, variants and photos joined."""
    for (line, entry), *children in grouped(_labelled(entries)):
        if _PARENT in entry:
            lines = (line, *(number for number, _ in children))
            reason = f"{entry[_PARENT]} is not in the file"
            findings.rejects += (Reject(each, reason) for each in lines)
        elif is_on_sale(entry):
            yield _product(line, entry, [child for _, child in children])
        else:
            findings.left_out[LEFT_OUT] += 1


def _labelled(entries: Collection[NumberedEntry]) -> Iterator[tuple[str, NumberedEntry]]:
    """Entries with the id of the product that they belong to, also as children of a variant."""
    parents = {str(entry[_PARENT]) for _, entry in entries if _PARENT in entry}
    product_of: dict[str, str] = {}
    for line, entry in entries:
        own = str(entry.get("id", "")) or str(line)
        if _PARENT not in entry:
            yield own if own in parents else f"line {line}", (line, entry)
            continue
        parent = str(entry[_PARENT])
        product = product_of.get(parent, parent)
        if own in parents:
            product_of[own] = product
        yield product, (line, entry)


def is_on_sale(entry: Entry) -> bool:
    """Whether visitors find a product in the online shop."""
    unpublished = "published_at" in entry and not entry["published_at"]
    return str(entry.get("status", "")).lower() not in HIDDEN and not unpublished


def product_id(entry: Entry) -> str:
    """The id under which a product is read."""
    return cell_of(entry.get("handle") or entry.get("id"))


def _product(line: int, entry: Entry, children: list[Entry]) -> Record:
    nested = [each for key in ("variants", "images", "media") for each in _objects(entry.get(key))]
    parts = [*nested, *children]
    variants = [each for each in parts if "price" in each] or _price_range(entry)
    compared = (each.get("compare_at_price") or each.get("compareAtPrice") for each in variants)
    before = [_money(entry, each) if each else "" for each in compared]
    values = cells_of(entry, _SOURCES)
    values |= {
        "id": product_id(entry),
        **variant_prices([_money(entry, each["price"]) for each in variants], before),
        "availability": best_availability(_stock(each) for each in variants),
        "photos": "\n".join(dict.fromkeys(filter(None, _photos(entry, parts)))),
        "tags": values["tags"].replace("\n", ", "),
    }
    metafields = [each for each in [*parts, *_objects(entry.get("metafields"))] if _is_field(each)]
    named = ((str(each["key"]), cell_of(each["value"])) for each in metafields)
    values |= options_of([*_options(entry, variants), *named])
    values = without_absent(values, entry, _SOURCES)
    return Record(line, values, point_prices(values))


def _price_range(entry: Entry) -> list[Entry]:
    """The only variant of a product that was exported without variants."""
    price = entry.get("priceRangeV2") or entry.get("priceRange")
    before = entry.get("compareAtPriceRange")
    if not isinstance(price, dict):
        return []
    return [
        {
            "price": price.get("minVariantPrice"),
            "compareAtPrice": isinstance(before, dict) and before.get("minVariantCompareAtPrice"),
            "inventoryQuantity": entry.get("totalInventory"),
            "inventoryItem": {"tracked": entry.get("tracksInventory")},
        }
    ]


def _money(entry: Entry, value: Any) -> str:
    """A price as text; GraphQL gives an object, a product's .js cents."""
    if isinstance(value, dict):
        return f"{cell_of(value.get('amount'))} {cell_of(value.get('currencyCode'))}".strip()
    text = cell_of(value)
    return str(Decimal(text) / 100) if "price_min" in entry and text.isdecimal() else text


def _object(value: Any) -> Entry:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def _is_field(part: Entry) -> bool:
    return {"namespace", "key", "value"} <= part.keys()


def _objects(value: Any) -> list[Entry]:
    """Objects of a list, or of GraphQL's nodes or edges."""
    if isinstance(value, dict):
        value = value.get("nodes") or [each.get("node") for each in objects_of(value.get("edges"))]
    return objects_of(value)


def _stock(variant: Entry) -> str:
    """Whether a variant can be bought, or how many are left; empty where it is not said."""
    for key in ("available", "availableForSale", "inventory_quantity", "inventoryQuantity"):
        if variant.get(key) is None:
            continue
        policy = variant.get("inventory_policy") or variant.get("inventoryPolicy")
        item = variant.get("inventoryItem")
        is_counted = variant.get("inventory_management", True) is not None
        is_counted &= not isinstance(item, dict) or item.get("tracked") is not False
        is_always = not is_counted or str(policy).lower() == "continue"
        return "in stock" if is_always and key.startswith("inventory") else cell_of(variant[key])
    return ""


def _photos(entry: Entry, parts: list[Entry]) -> Iterator[str]:
    """Addresses of the product's photos, those of its variants last."""
    first = [entry.get("featuredImage") or entry.get("image"), entry.get("featuredMedia")]
    images = entry.get("images")
    if isinstance(images, list):
        yield from (cell_of(each) for each in images if isinstance(each, str))
    for part in [*first, *sorted(parts, key=lambda each: "price" in each)]:
        if isinstance(part, dict):
            media = _object(part.get("preview")) or part
            image = _object(media.get("image")) or media
            yield cell_of(image.get("src") or image.get("url") or image.get("originalSrc"))


def _options(entry: Entry, variants: list[Entry]) -> Iterator[tuple[str, str]]:
    for option in _objects(entry.get("options")):
        listed = option.get("values")
        for value in listed if isinstance(listed, list) else ():
            yield str(option.get("name", "")), cell_of(value)
    for variant in variants:
        for option in _objects(variant.get("selectedOptions")):
            yield str(option.get("name", "")), cell_of(option.get("value"))
