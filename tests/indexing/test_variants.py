"""Variants of one article, as feeds group them, answer as one."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog.feeds import read_feed
from catalog.filters import Filters, parse_filters
from indexing.collection import Collection, open_collection
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
    hits = shop.search(vector, GarmentClass.UPPER, k, **options)  # type: ignore[arg-type]
    return [card.product_id for card in shop.cards(hits)]


def test_the_best_variant_answers_and_places_are_filled(shop: Collection, tmp_path: Path) -> None:
    found = _found(shop, tmp_path / "red.png", 3)
    assert found[0] in ("S", "M")
    assert set(found[1:]) == {"other", "last"}
    assert _found(shop, tmp_path / "blue.png", 1) == ["blue"]
    assert len(_found(shop, tmp_path / "red.png", 50)) == 3


def test_a_filter_chooses_the_variant(shop: Collection, tmp_path: Path) -> None:
    size: Filters = parse_filters(["size=M"])
    assert _found(shop, tmp_path / "red.png", 9, filters=size)[0] == "M"


def test_more_like_a_variant_leaves_out_its_article(shop: Collection, tmp_path: Path) -> None:
    found = _found(shop, tmp_path / "red.png", 9, exclude_product="S")
    assert set(found) == {"other", "last"}


def test_group_and_description_come_back_from_an_export(shop: Collection, tmp_path: Path) -> None:
    shop.export(tmp_path / "out.csv")
    rows = {row.id: row for row in read_feed(tmp_path / "out.csv").rows}
    assert (rows["S"].group, rows["S"].description) == ("tee", "Soft & warm")
    assert (rows["other"].group, rows["other"].attributes) == (None, {"size": "M"})
