"""A price keeps its currency's decimals from the feed to every place that shows or filters it."""

import csv
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.feeds.reader import read_feed
from catalog.filtering.filters import parse_filters
from catalog.queries import list_products
from indexing.bulk.export import export_collection
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.cli.search import _result_row
from search_app.documents import SearchDocument
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_photo
from tests.search_app.conftest import local_client

FEED = """id,title,price,sale_price,image
kwd,Kuwait,12.345 KWD,9.005 KWD,kwd.png
jpy,Tokyo,1299 JPY,,jpy.png
eur,Berlin,24.90 EUR,,eur.png
none,Nowhere,7.125,,none.png
"""
"""The last price would be 7125 but for the other rows, which have points before cents."""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Collection]:
    for name in ("kwd", "jpy", "eur", "none"):
        draw_photo(tmp_path / f"{name}.png", "red")
    (tmp_path / "feed.csv").write_text(FEED)
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    collection.index(read_feed(tmp_path / "feed.csv"))
    yield collection
    collection.close()


def test_three_decimals_are_kept_and_yen_have_none(shop: Collection, tmp_path: Path) -> None:
    with local_client(create_app(Settings(data=shop.data), shop)) as client:
        page = client.get("/catalogue").text
        document = client.get("/api/v1/products/kwd").json()
        facets = client.get("/api/v1/facets").json()
        photo = {"photo": draw_photo(tmp_path / "query.png", "red").read_bytes()}
        found = client.post("/api/v1/search", files=photo)
        client.patch("/api/v1/products/eur", json={"price": 30.125})
        changed = client.get("/api/v1/products/eur").json()
    for price in ("KWD\N{NO-BREAK SPACE}9.005", "12.345", "¥1,299<", "€24.90", "7.125"):
        assert price in page
    assert (document["price"], document["regular_price"]) == (9.005, 12.345)
    assert (facets["price_min"], facets["price_max"]) == (7.125, 1299)
    (garment,) = SearchDocument.model_validate(found.json()).garments
    rows = map(_result_row, garment.results)
    assert sorted(row[4] for row in rows) == ["1299 JPY", "24.90 EUR", "7.125", "9.005 KWD"]
    assert changed["price"] == 30.13  # an amount in euro has two decimals


def test_filters_and_exports_count_the_third_decimal(shop: Collection, tmp_path: Path) -> None:
    with shop.database.session() as session:
        for bound, count in (("price_max=9.005", 2), ("price_max=9.004", 1)):
            assert list_products(session, filters=parse_filters([bound])).total == count
    export_collection(shop.database, 1, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        prices = {
            row["id"]: (row["regular_price"], row["sale_price"]) for row in csv.DictReader(file)
        }
    assert prices["kwd"] == ("12.345", "9.005")
    assert (prices["jpy"], prices["none"]) == (("1299", ""), ("7.125", ""))
    again = read_feed(tmp_path / "out.csv")
    assert {row.id: str(row.price) for row in again.rows}["kwd"] == "12.345"
