"""Garments whose vectors are all alike are told apart by their tiles."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import func, select

from catalog.feeds import Feed
from catalog.filters import Filters
from catalog.importer import ProductRow
from catalog.models import GarmentTiles
from indexing.collection import Collection, open_collection
from indexing.records import EmbeddedGarment, EmbeddedPhoto, Hit, Vector
from indexing.reembed import reembed
from indexing.tiles import FORGIVEN, NO_TILES, UNIT
from segmentation.classes import GarmentClass
from segmentation.photos import Photo
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo, drawn_photo

PRODUCTS = 40
UPPER = GarmentClass.UPPER
OTHER = replace(FAKE_FINGERPRINT, encoder="fake-encoder/2")


class TiledEmbedder(FakeEmbedder):
    """Sees what the fake vectors blur: of each red, one tile of its own."""

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        return [
            replace(photo, garments=tuple(_tiled(each) for each in photo.garments))
            for photo in super().embed(photos)
        ]


def _tiled(garment: EmbeddedGarment) -> EmbeddedGarment:
    red = int(garment.colours[0].hex[1:3], 16)
    return replace(garment, tiles=(UNIT * np.eye(64, dtype=np.int8))[[red - 180]])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Collection]:
    rows = []
    for number in range(PRODUCTS):
        draw_photo(tmp_path / f"{number}.png", (180 + number, 20, 20))
        brand = "Acme" if number % 2 else "Rare"
        rows.append(ProductRow(f"p{number}", "Red", (f"{number}.png",), brand=brand))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("indexing.question.LOOKED_AT", 20)
        collection = open_collection(tmp_path / "data", TiledEmbedder())
        collection.index(Feed(rows=tuple(rows), folder=tmp_path))
        yield collection
        collection.close()


def _hits(shop: Collection, number: int, k: int = PRODUCTS, **options: object) -> list[Hit]:
    """What is nearest to a garment of that red in another cut: the same vector for all reds."""
    photo = np.asarray(drawn_photo((180 + number, 20, 20), notch=12))
    garment = TiledEmbedder().embed([photo])[0].garments[0]
    options = {"tiles": garment.tiles, **options}
    return shop.search(garment.vector, UPPER, k, **options)  # type: ignore[arg-type]


def _found(shop: Collection, number: int, k: int = PRODUCTS, **options: object) -> list[str]:
    return [card.product_id for card in shop.cards(_hits(shop, number, k, **options))]


def test_the_one_whose_tiles_agree_comes_first(shop: Collection) -> None:
    vectors_alone = _found(shop, 0, tiles=NO_TILES)
    looked_at = vectors_alone[:20]
    wanted = looked_at[-1]
    found = _found(shop, int(wanted[1:]))
    assert found[0] == wanted
    assert sorted(found) == sorted(vectors_alone), "nobody is lost or found twice"
    assert found[20:] == vectors_alone[20:], "what is not looked at stays in its place"
    for k in (1, 3, 25):
        assert _found(shop, int(wanted[1:]), k) == found[:k]


def test_scores_stay_in_order_and_say_how_well_details_agree(shop: Collection) -> None:
    seen = int(_found(shop, 0, 1, tiles=NO_TILES)[0][1:])
    first, *others = _hits(shop, seen)
    scores = [first.score, *(hit.score for hit in others)]
    assert scores == sorted(scores, reverse=True)
    assert first.details == pytest.approx(1)
    assert [hit.details for hit in others] == [0.0] * 19 + [None] * 20
    assert {hit.style for hit in others} == {first.style}, "the cosine is told as it is"


def test_the_same_garment_may_look_paler_unless_another_colour_is_wanted(shop: Collection) -> None:
    cut = FAKE_FINGERPRINT.style_dimension
    (looked_at, *_) = shop.search(shop.vector_of(1)[1], UPPER, 1)
    red = shop.vector_of(looked_at.garment_id)[1]
    tiles = shop.tiles_of(looked_at.garment_id)
    blue = TiledEmbedder().colour_half("blue")
    blueish = 0.8 * red[cut:] + 0.6 * blue

    def best(colour: Vector, own_colour: bool = True) -> Hit:
        vector = np.concatenate([red[:cut], colour])
        (hit,) = shop.search(vector, UPPER, 1, tiles=tiles, own_colour=own_colour)
        return hit

    paler, steered = best(blueish), best(blueish, own_colour=False)
    assert paler.details == steered.details == pytest.approx(1)
    assert paler.colour == steered.colour == pytest.approx(0.8, abs=0.02)
    assert paler.score - steered.score == pytest.approx(FORGIVEN * 0.5 * (1 - paler.colour))
    assert best(blue).score == best(blue, own_colour=False).score, "a variant is another"


def test_in_colour_alone_details_do_not_count(shop: Collection) -> None:
    assert all(hit.details is None for hit in _hits(shop, 7, colour_weight=1.0))


def test_under_a_filter_the_nearest_that_pass_are_looked_at(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = _found(shop, 39, 5, filters=Filters(brand="Acme"))
    assert exact[0] == "p39"
    for module in ("base", "index", "searcher"):
        monkeypatch.setattr(f"indexing.{module}.EXACT_LIMIT", 5)
    monkeypatch.setattr("indexing.searcher.NARROW", 5)
    monkeypatch.setattr("indexing.searcher.LOOKED_FIRST", 6)
    assert _found(shop, 39, 5, filters=Filters(brand="Acme")) == exact


def test_tiles_go_with_their_garment_and_come_with_another_encoder(
    shop: Collection, tmp_path: Path
) -> None:
    shop.remove("p3")
    assert _stored(shop) == PRODUCTS - 1
    other = TiledEmbedder(OTHER)
    reembed(shop.database, shop._store, other, lambda done, total: None)
    assert _stored(shop) == 2 * (PRODUCTS - 1)
    with_other = open_collection(tmp_path / "data", other)
    # Of reduced copies, whose reds JPEG has moved a little.
    assert any(_hits(with_other, red)[0].details == 1 for red in range(20, 40))
    (like,) = with_other.search(with_other.vector_of(8)[1], UPPER, 1, tiles=with_other.tiles_of(8))
    assert like.garment_id == 8
    with_other.close()


def _stored(shop: Collection) -> int:
    with shop.database.session() as session:
        return session.scalar(select(func.count()).select_from(GarmentTiles)) or 0
