"""The table of dialects in catalog/feeds/README.md says what their samples give."""

import json
from pathlib import Path

import pytest

import catalog.feeds
from catalog.feeds.reader import read_source
from tests.catalog.feeds import test_as_shopify as as_shopify
from tests.catalog.feeds import test_dialects as dialects
from tests.catalog.feeds import test_feed_kinds as kinds
from tests.catalog.feeds import test_other_shops as others

README = Path(catalog.feeds.__file__).with_name("README.md")
TABLE = (
    "sep=;\nid;title;price;image\n1;Kleid;1.299,00;a.jpg|b.jpg\n2;Hose;zwei;c.jpg\n;Rock;9;d.jpg\n"
)
PHOTO_ROWS = "id,title,image\n1,Dress,a.jpg\n1,Dress,b.jpg\n2,Skirt,c.jpg\n"
SIZE_ROWS = "id,title,size,price,stock,image\n1,Dress,S,29,0,a.jpg\n1,Dress,M,24,2,a.jpg\n"
AGENTIC = (
    '{"item_id":"A1","title":"Coat","enable_search":true,"image_url":"https://s/c.jpg",'
    '"additional_image_urls":["https://s/d.jpg"],"price":"79.99 USD"}\n'
)
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:g="http://base.google.com/ns/1.0">'
    "<entry><g:id>1</g:id><title>Tee</title><g:image_link>https://s/1.jpg</g:image_link>"
    "<g:availability>perhaps</g:availability></entry></feed>"
)
PAGE = '<html><script type="application/ld+json">{}</script></html>'
SAMPLES: dict[str, tuple[str, object]] = {
    "table": ("shop.csv", TABLE),
    "a row for each photo": ("rows.csv", PHOTO_ROWS),
    "a row for each size or colour": ("rows.csv", SIZE_ROWS),
    "Squarespace CSV": ("products.csv", as_shopify.SQUARESPACE),
    "BigCommerce CSV": ("products.csv", as_shopify.BIGCOMMERCE),
    "Wix CSV": ("products.csv", as_shopify.WIX),
    "Google Merchant TSV": (
        "google.tsv",
        "\t".join(kinds.GOOGLE_NAMES) + "\n" + "\t".join(kinds.GOOGLE_VALUES) + "\n",
    ),
    "Google Merchant RSS": ("google.xml", kinds.RSS),
    "Google Merchant Atom": ("atom.xml", ATOM),
    "XML of Heureka, Ceneo, Yandex or plain products": ("heureka.xml", others.HEUREKA),
    "Shopify CSV": ("products_export.csv", kinds.SHOPIFY_OLD),
    "Shopify CSV, newer header": ("products_export.csv", dialects.SHOPIFY),
    "Shopify products.json": ("products.json", dialects.PRODUCTS_JSON),
    "Shopify bulk JSON lines": ("bulk.jsonl", dialects.BULK),
    "WooCommerce CSV": ("woo.csv", dialects.WOO),
    "WooCommerce REST": ("woo.json", dialects.WOO_REST),
    "Magento 2 CSV": ("magento.csv", dialects.MAGENTO),
    "schema.org JSON-LD": ("products.json", dialects.JSON_LD),
    "schema.org in web pages": ("page.html", PAGE.format(json.dumps(dialects.JSON_LD))),
    "Agentic Commerce feed": ("agentic.jsonl", AGENTIC),
    "JSON with nested variants": ("agentic.json", {"products": [others.AGENTIC]}),
    "JSON array": ("feed.json", [{"id": "1", "title": "Tee", "images": ["a.jpg", "b.jpg"]}]),
}


def _stated() -> dict[str, tuple[str, ...]]:
    """Dialect -> the numbers of its line in the README."""
    lines = [line for line in README.read_text().splitlines() if line.startswith("| ")]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return {row[0]: tuple(row[-4:]) for row in cells if row[0] in SAMPLES}


@pytest.mark.parametrize("dialect", SAMPLES)
def test_a_sample_gives_what_the_table_says(dialect: str, tmp_path: Path) -> None:
    name, content = SAMPLES[dialect]
    text = content if isinstance(content, str) else json.dumps(content)
    (tmp_path / name).write_text(text)
    feed = read_source(tmp_path / name)
    numbers = (
        len(feed.rows),
        sum(len(row.photos) for row in feed.rows),
        len(feed.warnings),
        len(feed.rejects),
    )
    assert _stated()[dialect] == tuple(map(str, numbers))


def test_every_sample_has_its_line() -> None:
    assert set(_stated()) == set(SAMPLES)
