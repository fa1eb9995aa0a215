"""schema.org products in JSON-LD, from a file or from web pages, there also as microdata.

https://schema.org/Product
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final
from urllib.parse import urljoin

from lxml import etree

from catalog.feeds.dialects.variants import (
    best_availability,
    lowest_price,
    options_of,
    point_prices,
)
from catalog.feeds.json_text import Entry, NumberedEntry, cell_of, objects_of
from catalog.feeds.large.json_document import parse_json
from catalog.feeds.rows import Findings, Record, Reject

NO_PRODUCT: Final = "pages describe no schema.org Product"
PAGE_SUFFIXES: Final = (".html", ".htm")
_PRODUCTS: Final = frozenset({"Product", "ProductGroup", "IndividualProduct", "ProductModel"})
_TEXTS: Final = {
    "title": "name", "description": "description", "colour": "color", "category": "category",
    "group": "inProductGroupWithID", "size": "size", "material": "material", "pattern": "pattern",
    "gtin": "gtin13", "sku": "sku",
}  # fmt: skip
"""Field or attribute -> property."""
_HIDING: Final = re.compile(
    r"^\s*(/[/*]\s*)?(<!--|<!\[CDATA\[)\s*(\*/)?|(/[/*]\s*)?(-->|\]\]>)\s*(\*/)?\s*;?\s*$"
)
_LIST_PRICES: Final = frozenset({"ListPrice", "StrikethroughPrice", "RegularPrice", "MSRP", "SRP"})
_TRAILING_COMMA: Final = re.compile(r",(?=\s*[}\]])")
_DEPTH: Final = 8


def is_schema_org(entry: Entry) -> bool:
    """Whether an object is JSON-LD of schema.org."""
    return "@type" in entry or "@graph" in entry or "schema.org" in str(entry.get("@context", ""))


def is_page(text: str) -> bool:
    """Whether text is a web page."""
    start = text.lstrip()[:200].lower()
    return start.startswith(("<!doctype html", "<html"))


def may_have_product(page: str) -> bool:
    """Whether a page seems to describe a product."""
    is_described = "ld+json" in page or "itemtype" in page
    return is_described and any(each in page for each in _PRODUCTS)


def schema_org_products(entries: Iterable[NumberedEntry], findings: Findings) -> Iterator[Record]:
    """A record for each product anywhere in the objects."""
    for line, entry in entries:
        products = list(_products(entry))
        yield from (_record(line, product) for product in products)
        if not products:
            findings.rejects.append(Reject(line, "no schema.org Product"))


def read_pages(pages: Iterable[tuple[Path, str]], findings: Findings) -> Iterator[Record]:
    """A record for each product of the pages.

    A page that seems to describe one, but cannot be read, is a reject; others are left out.
    """
    for number, (path, text) in enumerate(pages, start=1):
        products: dict[str, Record] = {}
        for product in _described(text):
            record = _record(number, product)
            products[record.values.get("id", "")] = _joined(products, record)
        yield from products.values()
        if not products and may_have_product(text):
            reason = f"the schema.org Product of {path.name} cannot be read; correct its JSON-LD"
            findings.rejects.append(Reject(number, reason))
        elif not products:
            findings.left_out[NO_PRODUCT] += 1


def _described(page: str) -> list[Entry]:
    """The products in a page's JSON-LD scripts, else in its microdata."""
    document = etree.fromstring(page.encode("utf-8", "replace"), etree.HTMLParser(encoding="utf-8"))
    if document is None:
        return []
    contents = (
        parse_json(script) or parse_json(_TRAILING_COMMA.sub("", script))
        for script in _scripts(document)
    )
    products = [each for content in contents for each in _products(content)] or [
        product
        for node in document.iter()
        if "itemscope" in node.attrib and "itemprop" not in node.attrib
        for product in _products(_item(node))
    ]
    address = document.xpath("string(//link[@rel='canonical']/@href)")
    return [{"url": address, **products[0]}] if len(products) == 1 and address else products


def _item(node: Any) -> Entry:
    """A microdata item as an object of JSON-LD."""
    item: Entry = {"@type": node.get("itemtype", "").split()}
    for each in node.iterfind(".//*[@itemprop]"):
        if next(inner for inner in each.iterancestors() if "itemscope" in inner.attrib) is node:
            value = _item(each) if "itemscope" in each.attrib else _property_text(each)
            for name in each.get("itemprop").split():
                item[name] = [*_listed(item[name]), value] if name in item else value
    return item


def _property_text(node: Any) -> str:
    given = [node.get(name) for name in ("content", "href", "src") if node.get(name)]
    return str(given[0]) if given else " ".join("".join(node.itertext()).split())


def _joined(before: dict[str, Record], record: Record) -> Record:
    """The record, joined to the one of the same product: themes and plugins describe it twice."""
    first = before.get(record.values.get("id", ""))
    if first is None:
        return record
    values = {**record.values, **first.values}
    return Record(first.line, values, point_prices(values))


def _scripts(document: Any) -> list[str]:
    """Texts of a page's JSON-LD scripts."""
    scripts = ((each.get("type", ""), each.text or "") for each in document.iter("script"))
    kinds = ((kind.partition(";")[0].strip().lower(), text) for kind, text in scripts)
    return [_bare(text) for kind, text in kinds if kind == "application/ld+json"]


def _bare(script: str) -> str:
    """A script without the comment or CDATA marks that hide it from old browsers."""
    return _HIDING.sub("", script)


def _products(value: Any, depth: int = 0) -> Iterator[Entry]:
    """Products in lists, graphs and list items; a group yields its variants if it has any."""
    if depth > _DEPTH:
        return
    if isinstance(value, list):
        for each in value:
            yield from _products(each, depth + 1)
    elif isinstance(value, dict):
        if _PRODUCTS & set(map(_term, _listed(value.get("@type")))):
            variants = _objects(value.get("hasVariant"))
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


def _term(value: Any) -> str:
    """The last part of "https://schema.org/Product" or "schema:Product"."""
    return str(value).rpartition("/")[2].rpartition(":")[2]


def _record(line: int, product: Entry) -> Record:
    values = {
        field: ", ".join(cell_of(_text(each)) for each in _listed(product[key]))
        for field, key in _TEXTS.items()
        if key in product
    }
    offers = _objects(product.get("offers"))
    offers += [each for offer in offers for each in _objects(offer.get("offers"))]
    ids = (product.get(key) for key in ("sku", "productID", "mpn", "@id", "url"))
    urls = (each.get("url") for each in (product, *offers))
    url = cell_of(next(filter(None, urls), ""))
    photos = (cell_of(_address(image)) for image in _listed(product.get("image")))
    currencies = (each.get("priceCurrency") for offer in offers for each in _priced(offer))
    groups = (each.get("productGroupID") for each in _objects(product.get("isVariantOf")))
    values |= {
        "id": cell_of(next(filter(None, ids), "")),
        "group": values.get("group") or cell_of(next(filter(None, groups), "")),
        "photos": "\n".join(_absolute(url, photo) for photo in photos if photo),
        "brand": cell_of(_text(product.get("brand"))),
        "url": url,
        "price": lowest_price(map(_price, offers), "."),
        "regular_price": lowest_price(map(_list_price, offers), "."),
        "currency": cell_of(next(filter(None, currencies), "")),
        "availability": best_availability(cell_of(each.get("availability")) for each in offers),
    }
    properties = _objects(product.get("additionalProperty"))
    named = ((cell_of(each.get("name")), cell_of(each.get("value"))) for each in properties)
    values = options_of(named) | values
    # A page that shows no list price says that there is no sale.
    kept = {name: value for name, value in values.items() if value or name == "regular_price"}
    return Record(line, kept, point_prices(kept))


def _objects(value: Any) -> list[Entry]:
    return objects_of(_listed(value))


def _priced(offer: Entry) -> list[Entry]:
    """An offer and its specifications of prices."""
    return [offer, *_objects(offer.get("priceSpecification"))]


def _price(offer: Entry) -> str:
    """An offer's price; of several the first that is not a list price."""
    current = [each for each in _priced(offer) if _term(each.get("priceType")) not in _LIST_PRICES]
    found = [each.get(key) for each in current for key in ("price", "lowPrice")]
    return next((cell_of(each) for each in found if each not in (None, "")), "")


def _list_price(offer: Entry) -> str:
    """The price before a reduction."""
    listed = [each for each in _priced(offer) if _term(each.get("priceType")) in _LIST_PRICES]
    return next((cell_of(each.get("price")) for each in listed), "")


def _text(value: Any) -> Any:
    """The name of an object, or the text itself."""
    value = next(iter(value), None) if isinstance(value, list) else value
    return value.get("name") or value.get("value") if isinstance(value, dict) else value


def _absolute(page: str, photo: str) -> str:
    """A photo's address; one from the root of the host ("/media/1.jpg") is on its page's host."""
    is_of_host = photo.startswith("/") and page.startswith(("http://", "https://"))
    return urljoin(page, photo) if is_of_host else photo


def _address(value: Any) -> Any:
    return value.get("url") or value.get("contentUrl") if isinstance(value, dict) else value
