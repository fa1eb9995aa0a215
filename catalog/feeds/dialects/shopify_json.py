"""Shopify's products.json and the JSON lines of its bulk operations.

A child object names its parent in `__parentId`:
https://shopify.dev/docs/api/usage/bulk-operations/queries
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from catalog.feeds.dialects.variants import (
    best_availability,
    lowest_price,
    options_of,
    point_prices,
    without_absent,
)
from catalog.feeds.json_text import Entry, NumberedEntry, cell_of
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Record, Reject

LEFT_OUT: Final = "{} products are drafts, archived or unpublished and were left out"
_PARENT: Final = "__parentId"
_SOURCES: Final = {
    "description": ("body_html", "descriptionHtml"), "brand": ("vendor",),
    "category": ("product_type", "productType"), "price": ("variants",),
    "regular_price": ("variants",), "availability": (), "photos": ("images", "media"),
    "url": ("onlineStoreUrl",), "tags": ("tags",),
}  # fmt: skip
"""Field -> its keys."""


def is_shopify_json(entry: Entry) -> bool:
    """Whether an object is a product of products.json or a line of a bulk operation."""
    is_bulk = _PARENT in entry or str(entry.get("id", "")).startswith("gid://shopify/")
    return is_bulk or {"handle", "variants", "images"} <= entry.keys()


def read_shopify_json(
    entries: Sequence[NumberedEntry | Reject],
) -> tuple[Sequence[Record | Reject], tuple[str, ...]]:
    """A record for each product on sale, variants and photos joined; a note counts the others."""
    left_out: list[int] = []
    taken = stored(_products(entries, left_out))
    return taken, (LEFT_OUT.format(len(left_out)),) if left_out else ()


def _products(
    entries: Sequence[NumberedEntry | Reject], left_out: list[int]
) -> Iterator[Record | Reject]:
    yield from (each for each in entries if isinstance(each, Reject))
    for (line, entry), *children in grouped(_labelled(entries)):
        if _PARENT in entry:
            lines = (line, *(number for number, _ in children))
            yield from (Reject(each, f"{entry[_PARENT]} is not in the file") for each in lines)
        elif is_on_sale(entry):
            yield _product(line, entry, [child for _, child in children])
        else:
            left_out.append(line)


def _labelled(
    entries: Sequence[NumberedEntry | Reject],
) -> Iterator[tuple[str, NumberedEntry]]:
    """Entries with the id of the product that they belong to, also as children of a variant."""
    parents = {str(entry[_PARENT]) for _, entry in _numbered(entries) if _PARENT in entry}
    product_of: dict[str, str] = {}
    for line, entry in _numbered(entries):
        own = str(entry.get("id", "")) or str(line)
        if _PARENT not in entry:
            yield own if own in parents else f"line {line}", (line, entry)
            continue
        parent = str(entry[_PARENT])
        product = product_of.get(parent, parent)
        if own in parents:
            product_of[own] = product
        yield product, (line, entry)


def _numbered(entries: Sequence[NumberedEntry | Reject]) -> Iterator[NumberedEntry]:
    return (each for each in entries if not isinstance(each, Reject))


def is_on_sale(entry: Entry) -> bool:
    """Whether a product is neither draft nor archived, nor taken out of the online shop."""
    unpublished = "published_at" in entry and not entry["published_at"]
    return str(entry.get("status", "")).lower() not in ("draft", "archived") and not unpublished


def product_id(entry: Entry) -> str:
    """The id under which a product is read."""
    return cell_of(entry.get("handle") or entry.get("id"))


def _product(line: int, entry: Entry, children: list[Entry]) -> Record:
    nested = [each for key in ("variants", "images", "media") for each in _objects(entry.get(key))]
    parts = [*nested, *children]
    variants = [each for each in parts if "price" in each]
    before = [
        cell_of(each.get("compare_at_price") or each.get("compareAtPrice")) for each in variants
    ]
    values = {
        "id": product_id(entry),
        "title": cell_of(entry.get("title")),
        "description": cell_of(entry.get("body_html") or entry.get("descriptionHtml")),
        "brand": cell_of(entry.get("vendor")),
        "category": cell_of(entry.get("product_type") or entry.get("productType")),
        "price": lowest_price((cell_of(each["price"]) for each in variants), "."),
        "regular_price": lowest_price(before, ".") if all(before) else "",
        "availability": best_availability(_stock(each) for each in variants),
        "photos": "\n".join(dict.fromkeys(filter(None, _photos(entry, parts)))),
        "url": cell_of(entry.get("onlineStoreUrl")),
        "tags": cell_of(entry.get("tags")).replace("\n", ", "),
    }
    metafields = [each for each in [*parts, *_objects(entry.get("metafields"))] if _is_field(each)]
    named = ((str(each["key"]), cell_of(each["value"])) for each in metafields)
    values |= options_of([*_options(entry, variants), *named])
    values = without_absent(values, entry, _SOURCES)
    return Record(line, values, point_prices(values))


def _is_field(part: Entry) -> bool:
    return {"namespace", "key", "value"} <= part.keys()


def _objects(value: Any) -> list[Entry]:
    """Objects of a list, or of GraphQL's nodes or edges."""
    if isinstance(value, dict):
        value = value.get("nodes") or [each.get("node") for each in value.get("edges") or []]
    return [each for each in value or [] if isinstance(each, dict)]


def _stock(variant: Entry) -> str:
    for key in ("available", "availableForSale", "inventory_quantity", "inventoryQuantity"):
        if variant.get(key) is not None:
            return cell_of(variant[key])
    return ""


def _photos(entry: Entry, parts: list[Entry]) -> Iterator[str]:
    """Addresses of the product's photos, those of its variants last."""
    first = [entry.get("featuredImage") or entry.get("image"), entry.get("featuredMedia")]
    for part in [*first, *sorted(parts, key=lambda each: "price" in each)]:
        if isinstance(part, dict):
            media = part.get("preview") or part
            inner = media.get("image")
            image = inner if isinstance(inner, dict) else media
            yield cell_of(image.get("src") or image.get("url") or image.get("originalSrc"))


def _options(entry: Entry, variants: list[Entry]) -> Iterator[tuple[str, str]]:
    for option in _objects(entry.get("options")):
        for value in option.get("values") or []:
            yield str(option.get("name", "")), cell_of(value)
    for variant in variants:
        for option in _objects(variant.get("selectedOptions")):
            yield str(option.get("name", "")), cell_of(option.get("value"))
