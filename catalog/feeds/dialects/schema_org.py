"""schema.org products in JSON-LD, from a file or from the scripts of web pages.

https://schema.org/Product
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from lxml import etree

from catalog.feeds.dialects.variants import best_availability, lowest_price
from catalog.feeds.json_text import Entry, JsonEntries, cell_of, parse_json
from catalog.feeds.rows import Record, Reject

PAGE_SUFFIXES: Final = (".html", ".htm")
_PRODUCTS: Final = frozenset({"Product", "ProductGroup", "IndividualProduct", "ProductModel"})
_TEXTS: Final = {
    "title": "name", "description": "description", "colour": "color", "category": "category",
    "group": "inProductGroupWithID", "size": "size", "material": "material", "pattern": "pattern",
    "gtin": "gtin13", "sku": "sku",
}  # fmt: skip
"""Field or attribute -> property."""
_DEPTH: Final = 8


def is_schema_org(entry: Entry) -> bool:
    """Whether an object is JSON-LD of schema.org."""
    return "@type" in entry or "@graph" in entry or "schema.org" in str(entry.get("@context", ""))


def is_page(text: str) -> bool:
    """Whether text is a web page."""
    start = text.lstrip()[:200].lower()
    return start.startswith(("<!doctype html", "<html"))


def read_schema_org(entries: JsonEntries) -> list[Record | Reject]:
    """A record for each product anywhere in the objects."""
    found: list[Record | Reject] = list(entries.rejects)
    for line, entry in entries.entries:
        products = list(_products(entry))
        found += [_record(line, product) for product in products]
        if not products:
            found.append(Reject(line, "no schema.org Product"))
    return found


def read_pages(pages: list[tuple[Path, str]]) -> list[Record | Reject]:
    """A record for each product in the pages' JSON-LD scripts; a page without one is a reject."""
    records: list[Record | Reject] = []
    for number, (path, text) in enumerate(pages, start=1):
        products = [
            product for script in _scripts(text) for product in _products(parse_json(script))
        ]
        records += [_record(number, product) for product in products]
        if not products:
            records.append(Reject(number, f"{path.name} has no schema.org Product in JSON-LD"))
    return records


def _scripts(page: str) -> list[str]:
    """Texts of a page's JSON-LD scripts."""
    document = etree.fromstring(page.encode("utf-8", "replace"), etree.HTMLParser(encoding="utf-8"))
    if document is None:
        return []
    scripts = document.iter("script")
    return [
        each.text for each in scripts if each.get("type") == "application/ld+json" and each.text
    ]


def _products(value: Any, depth: int = 0) -> Iterator[Entry]:
    """Products in lists, graphs and list items; a group yields its variants if it has any."""
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for each in value:
            yield from _products(each, depth + 1)
    elif isinstance(value, dict):
        if _PRODUCTS & set(_listed(value.get("@type"))):
            variants = [each for each in _listed(value.get("hasVariant")) if isinstance(each, dict)]
            shared = {
                key: each for key, each in value.items() if key not in ("hasVariant", "@type")
            }
            group = (
                {"inProductGroupWithID": value["productGroupID"]}
                if "productGroupID" in value
                else {}
            )
            yield from ({**shared, **group, **each} for each in variants or [{}])
            return
        for key in ("@graph", "itemListElement", "item", "mainEntity"):
            yield from _products(value.get(key), depth + 1)


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _record(line: int, product: Entry) -> Record:
    values = {
        field: cell_of(_text(product[key])) for field, key in _TEXTS.items() if key in product
    }
    offers = [each for each in _listed(product.get("offers")) if isinstance(each, dict)]
    nested = [each for offer in offers for each in _listed(offer.get("offers"))]
    offers += [each for each in nested if isinstance(each, dict)]
    prices = [_price(offer) for offer in offers]
    ids = (product.get(key) for key in ("sku", "productID", "mpn", "@id", "url"))
    photos = (cell_of(_address(image)) for image in _listed(product.get("image")))
    urls = (each.get("url") for each in (product, *offers))
    currencies = (each.get("priceCurrency") for each in offers)
    values |= {
        "id": cell_of(next(filter(None, ids), "")),
        "photos": "\n".join(filter(None, photos)),
        "brand": cell_of(_text(product.get("brand"))),
        "url": cell_of(next(filter(None, urls), "")),
        "price": lowest_price(prices),
        "currency": cell_of(next(filter(None, currencies), "")),
        "availability": best_availability(cell_of(each.get("availability")) for each in offers),
    }
    numbers = frozenset({"price"}) if values["price"].replace(".", "", 1).isdigit() else frozenset()
    return Record(line, {name: value for name, value in values.items() if value}, numbers)


def _price(offer: Entry) -> str:
    """An offer's price; in JSON-LD the decimal mark is a point, in strings too."""
    specified = [
        each for each in _listed(offer.get("priceSpecification")) if isinstance(each, dict)
    ]
    found = [offer.get("price"), offer.get("lowPrice"), *(each.get("price") for each in specified)]
    return next((cell_of(each) for each in found if each not in (None, "")), "")


def _text(value: Any) -> Any:
    """The name of an object, or the text itself."""
    value = next(iter(value), None) if isinstance(value, list) else value
    return value.get("name") or value.get("value") if isinstance(value, dict) else value


def _address(value: Any) -> Any:
    return value.get("url") or value.get("contentUrl") if isinstance(value, dict) else value
