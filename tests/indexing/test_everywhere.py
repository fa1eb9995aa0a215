"""The same garment is found where the segmenter gave it another class."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from catalog.feeds import Feed, ProductRow
from catalog.filters import Filters
from indexing.collection import Collection, open_collection
from indexing.everywhere import search_everywhere
from indexing.records import EmbeddedGarment
from indexing.tiles import NO_TILES
from segmentation.classes import GarmentClass
from tests.fakes import draw_photo, drawn_photo
from tests.indexing.test_details import TiledEmbedder

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER
PRODUCTS = {"top": UPPER, "tee": UPPER, "dress": WHOLE, "skirt": LOWER}
ACME = ("top", "dress")
REDS = {name: 200 + number for number, name in enumerate(PRODUCTS)}


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Collection]:
    for name, garment_class in PRODUCTS.items():
        draw_photo(tmp_path / f"{name}.png", (REDS[name], 20, 20), garment_class)
    rows = tuple(
        ProductRow(name, name, (f"{name}.png",), brand="Acme" if name in ACME else "Rare")
        for name in PRODUCTS
    )
    collection = open_collection(tmp_path / "data", TiledEmbedder())
    collection.index(Feed(rows=rows, folder=tmp_path))
    yield collection
    collection.close()


def _top_like(name: str) -> EmbeddedGarment:
    """An upper garment with the tiles of this product."""
    photo = np.asarray(drawn_photo((REDS[name], 20, 20), UPPER))
    return TiledEmbedder().embed([photo])[0].garments[0]


@pytest.mark.parametrize("name", ["dress", "skirt"])
def test_one_of_another_class_comes_first_where_its_details_agree(
    shop: Collection, name: str
) -> None:
    garment = _top_like(name)
    first, *others = search_everywhere(shop, garment.vector, (UPPER,), 9, tiles=garment.tiles)
    assert first.product_id == name
    assert {card.product_id for card in others} == {"top", "tee"}, "then its own class alone"
    assert first.score > others[0].score >= others[1].score


def test_a_class_that_it_may_be_of_answers_without_details(shop: Collection) -> None:
    garment = _top_like("top")
    asked = shop, garment.vector, (UPPER, LOWER), 9
    found = {card.product_id for card in search_everywhere(*asked, tiles=garment.tiles)}
    assert found == {"top", "tee", "skirt"}


def test_filters_hold_in_every_class(shop: Collection) -> None:
    garment = _top_like("dress")
    cheap = Filters(brand="Nobody's")
    assert search_everywhere(shop, garment.vector, (UPPER,), 9, 0.5, cheap) == []
    asked = shop, garment.vector, (UPPER,), 9, 0.5, Filters(brand="Acme")
    found = [card.product_id for card in search_everywhere(*asked, tiles=garment.tiles)]
    assert found == ["dress", "top"]


def test_under_a_filter_of_a_large_catalogue_the_same_answers_come(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def found(name: str) -> list[str]:
        garment = _top_like(name)
        asked = shop, garment.vector, (UPPER,), 9, 0.5, Filters(brand="Acme")
        return [card.product_id for card in search_everywhere(*asked, tiles=garment.tiles)]

    exact = {name: found(name) for name in PRODUCTS}
    for module in ("base", "index", "searcher"):
        monkeypatch.setattr(f"indexing.{module}.EXACT_LIMIT", 0)
    monkeypatch.setattr("indexing.searcher.NARROW", 0)
    monkeypatch.setattr("indexing.searcher.LOOKED_FIRST", 1)
    assert {name: found(name) for name in PRODUCTS} == exact


def test_without_tiles_and_in_colour_alone_its_own_class_answers(shop: Collection) -> None:
    garment = _top_like("dress")
    asked = shop, garment.vector, (UPPER,), 9
    for cards in (
        search_everywhere(*asked, tiles=NO_TILES),
        search_everywhere(*asked, colour_weight=1.0, tiles=garment.tiles),
    ):
        assert {card.product_id for card in cards} == {"top", "tee"}
    both = search_everywhere(shop, garment.vector, (UPPER, LOWER), 9)
    assert {card.product_id for card in both} == {"top", "tee", "skirt"}
