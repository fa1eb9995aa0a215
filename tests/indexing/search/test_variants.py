"""Variants of one article, as feeds group them, answer as one."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from catalog.feeds.reader import read_feed
from catalog.feeds.rows import ProductRow
from catalog.filtering.filters import Filters, parse_filters
from indexing.collection import Collection, open_collection
from indexing.search.query import Query
from segmentation.classes import GarmentClass
from segmentation.photos import read_photo
from tests.fakes import FakeEmbedder, draw_photo

FEED = """\
id,title,image_link,size,item_group_id,description
S,Red tee,red.png,S,tee,<p>Soft &amp; warm</p>
M,Red tee,red.png,M,tee,
blue,Blue tee,blue.png,M,tee,
other,Orange tee,orange.png,M,,
last,Green tee,green.png,L,,
"""


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Collection]:
    for colour in ("red", "blue", "orange", "green"):
        draw_photo(tmp_path / f"{colour}.png", colour)
    (tmp_path / "feed.csv").write_text(FEED)
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    assert collection.index(read_feed(tmp_path / "feed.csv")).indexed == 5
    yield collection
    collection.close()


def _found(shop: Collection, photo: Path, k: int, **options: object) -> list[str]:
    (embedded,) = FakeEmbedder().embed([read_photo(photo)])
    vector = embedded.garments[0].vector
    hits = shop.search(Query(vector, classes=(GarmentClass.UPPER,), count=k, **options))  # type: ignore[arg-type]
    return [card.product_id for card in shop.cards(hits)]


def test_the_best_variant_answers_and_places_are_filled(shop: Collection, tmp_path: Path) -> None:
    found = _found(shop, tmp_path / "red.png", 3)
    assert found[0] in ("S", "M")
    assert set(found[1:]) == {"other", "last"}
    assert _found(shop, tmp_path / "blue.png", 1) == ["blue"]
    assert len(_found(shop, tmp_path / "red.png", 50)) == 3


def test_colours_told_by_titles_are_one_result_with_their_number(tmp_path: Path) -> None:
    colours = ("red", "blue", "orange", "green")
    lines = "".join(
        f"{colour}-{size},Ribbed cotton tank {colour} {size},{colour}.png\n"
        for colour in colours
        for size in "SM"
    )
    for colour in colours:
        draw_photo(tmp_path / f"{colour}.png", colour)
    draw_photo(tmp_path / "other.png", "red", notch=8)
    lines += "other,Linen shirt red,other.png\n"
    (tmp_path / "feed.csv").write_text(f"id,title,photo\n{lines}")
    for group_titles, count, more in ((True, 2, 3), (False, 9, 0)):
        shop = open_collection(tmp_path / "data", FakeEmbedder(), group_titles=group_titles)
        shop.index(read_feed(tmp_path / "feed.csv"))
        (embedded,) = FakeEmbedder().embed([read_photo(tmp_path / "red.png")])
        found = shop.results(Query(embedded.garments[0].vector, count=20))
        assert len(found) == count
        assert found[0].product_id.startswith("red")
        assert found[0].more_colours == more
        assert {card.more_colours for card in found if card.product_id == "other"} == {0}
        shop.close()


def test_a_filter_chooses_the_variant(shop: Collection, tmp_path: Path) -> None:
    size: Filters = parse_filters(["size=M"])
    assert _found(shop, tmp_path / "red.png", 9, filters=size)[0] == "M"


def test_more_like_a_variant_leaves_out_its_article(shop: Collection, tmp_path: Path) -> None:
    found = _found(shop, tmp_path / "red.png", 9, exclude_product="S")
    assert set(found) == {"other", "last"}


def test_a_sale_comes_back_from_an_export(shop: Collection, tmp_path: Path) -> None:
    start = datetime(2026, 11, 1, tzinfo=UTC)
    row = ProductRow("S", "Tee", (), price=Decimal(49), sale_price=Decimal(35), sale_start=start)
    coming = replace(row, id="other", sale_start=datetime(2999, 1, 1, tzinfo=UTC))
    for each in (row, coming):
        shop.update(each)
    shop.export(tmp_path / "out.csv")
    with (tmp_path / "out.csv").open(newline="") as file:
        written = {cells["id"]: cells for cells in csv.DictReader(file)}
    assert (written["S"]["price"], written["S"]["regular_price"]) == ("35", "49")
    assert (written["other"]["price"], written["other"]["sale_price"]) == ("49", "35")
    read = {each.id: each for each in read_feed(tmp_path / "out.csv").rows}
    for each in (row, coming):
        again = read[each.id]
        assert (again.price, again.sale_price) == (each.price, each.sale_price)
        assert (again.sale_start, again.sale_end) == (each.sale_start, None)


def test_group_and_description_come_back_from_an_export(shop: Collection, tmp_path: Path) -> None:
    shop.export(tmp_path / "out.csv")
    rows = {row.id: row for row in read_feed(tmp_path / "out.csv").rows}
    assert (rows["S"].group, rows["S"].description) == ("tee", "Soft & warm")
    assert (rows["other"].group, rows["other"].attributes) == (None, {"size": "M"})
