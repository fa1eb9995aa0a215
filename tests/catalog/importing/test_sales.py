"""A sale ends where a feed that tells sales no longer has it; a list of prices leaves it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog.database import open_database
from catalog.feeds.reader import read_feed
from catalog.importing.importer import import_feed
from catalog.importing.records import ImportOptions
from catalog.models import Product


def _xml(sale: str) -> str:
    element = f"<sale_price>{sale} EUR</sale_price>" if sale else ""
    item = f"<id>1</id><image_link>a.jpg</image_link><price>50 EUR</price>{element}"
    return f"<rss><channel><item>{item}</item></channel></rss>"


def _json_lines(sale: str) -> str:
    own = {"id": "1", "image": "a.jpg", "price": 50, **({"sale_price": sale} if sale else {})}
    other = {"id": "2", "image": "b.jpg", "price": 30, "sale_price": 20}
    return f"{json.dumps(own)}\n{json.dumps(other)}\n"


def _shopify(sale: str) -> str:
    variant = {"price": sale or "50.00", "compare_at_price": "50.00" if sale else None}
    entry = {"handle": "1", "title": "T", "variants": [variant], "images": [{"src": "a.jpg"}]}
    return json.dumps({"products": [entry]})


def _schema_org(sale: str) -> str:
    listed = [{"priceType": "ListPrice", "price": "50"}] if sale else []
    offer = {"priceSpecification": [*listed, {"price": sale or "50"}]}
    return json.dumps({"@type": "Product", "sku": "1", "image": "a.jpg", "offers": offer})


def _table(sale: str) -> str:
    return f"id,photo,price,sale_price\n1,a.jpg,50,{sale}\n"


def _woocommerce(sale: str) -> str:
    header = "ID,Type,SKU,Name,Published,Regular price,Sale price,Images"
    return f"{header}\n1,simple,A,T,1,50,{sale},a.jpg\n"


@pytest.mark.parametrize("feed", [_xml, _json_lines, _shopify, _schema_org, _table, _woocommerce])
def test_a_sale_ends_with_its_price(tmp_path: Path, feed: Callable[[str], str]) -> None:
    database = open_database(tmp_path / "data")
    path = tmp_path / "feed"
    found = []
    for text in (feed("40"), "id,price\n1,48\n", feed(""), feed("40").replace("50", "60")):
        path.write_text(text)
        with database.transaction() as session:
            import_feed(session, read_feed(path), options=ImportOptions(source="shop"))
            product = session.get_one(Product, "1")
            found.append(
                (float(product.price or 0), product.sale_price and int(product.sale_price))
            )
    database.close()
    # The list of prices alone says nothing of sales.
    assert found == [(50.0, 40), (48.0, 40), (50.0, None), (60.0, 40)]
