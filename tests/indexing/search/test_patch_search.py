"""Searches among garments with equal vectors, which only patches tell apart."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import func, select

from catalog.feeds.reader import Feed
from catalog.filtering.filters import Filters
from catalog.importing.importer import ProductRow
from catalog.models import GarmentPatchesRow
from indexing.bulk.reembed import reembed
from indexing.collection import Collection, open_collection
from indexing.embedding.patches import UNIT
from indexing.search.query import Query
from indexing.types import NO_PATCHES, EmbeddedGarment, EmbeddedPhoto, Hit
from segmentation.classes import GarmentClass
from segmentation.photos import Photo
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo, drawn_photo

PRODUCTS, RERANK_DEPTH = 40, 20
UPPER = GarmentClass.UPPER
OTHER = replace(FAKE_FINGERPRINT, encoder="fake-encoder/2")


class PatchEmbedder(FakeEmbedder):
    """Gives each red one patch of its own, though all have the same vector."""

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        return [
            replace(photo, garments=tuple(_with_patch(each) for each in photo.garments))
            for photo in super().embed(photos)
        ]


def _with_patch(garment: EmbeddedGarment) -> EmbeddedGarment:
    red = int(garment.colours[0].hex[1:3], 16)
    return replace(garment, patches=(UNIT * np.eye(64, dtype=np.int8))[[red - 180]])


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Collection]:
    rows = []
    for number in range(PRODUCTS):
        draw_photo(tmp_path / f"{number}.png", (180 + number, 20, 20))
        brand = "Acme" if number % 2 else "Rare"
        rows.append(ProductRow(f"p{number}", "Red", (f"{number}.png",), brand=brand))
    collection = open_collection(tmp_path / "data", PatchEmbedder())
    collection.index(Feed(rows=tuple(rows), folder=tmp_path))
    yield collection
    collection.close()


def _hits(shop: Collection, number: int, k: int = PRODUCTS, **options: Any) -> list[Hit]:
    """Search with that red in another cut: all reds have the same vector."""
    photo = np.asarray(drawn_photo((180 + number, 20, 20), notch=12))
    garment = PatchEmbedder().embed([photo])[0].garments[0]
    query = Query(
        garment.vector, garment.patches, classes=(UPPER,), count=k, rerank_depth=RERANK_DEPTH
    )
    return shop.search(replace(query, **options))


def _found(shop: Collection, number: int, k: int = PRODUCTS, **options: Any) -> list[str]:
    return [card.product_id for card in shop.cards(_hits(shop, number, k, **options))]


def test_the_garment_with_matching_patches_comes_first(shop: Collection) -> None:
    vectors_alone = _found(shop, 0, patches=NO_PATCHES)
    reranked = vectors_alone[:RERANK_DEPTH]
    wanted = reranked[-1]
    found = _found(shop, int(wanted[1:]))
    assert found[0] == wanted
    assert sorted(found) == sorted(vectors_alone), "nobody is lost or found twice"
    assert found[RERANK_DEPTH:] == vectors_alone[RERANK_DEPTH:], (
        "hits behind the depth stay in place"
    )
    for k in (1, 3, 25):
        assert _found(shop, int(wanted[1:]), k) == found[:k]


def test_scores_stay_in_order_and_hits_have_their_patch_similarity(shop: Collection) -> None:
    seen = int(_found(shop, 0, 1, patches=NO_PATCHES)[0][1:])
    first, *others = _hits(shop, seen)
    scores = [first.score, *(hit.score for hit in others)]
    assert scores == sorted(scores, reverse=True)
    assert first.patch_similarity == pytest.approx(1)
    assert [hit.patch_similarity for hit in others] == [0.0] * (RERANK_DEPTH - 1) + [None] * (
        PRODUCTS - RERANK_DEPTH
    )
    assert {hit.style for hit in others} == {first.style}, "the cosine stays as it is"


def test_colour_alone_compares_no_patches(shop: Collection) -> None:
    assert all(hit.patch_similarity is None for hit in _hits(shop, 7, colour_weight=1.0))


def test_under_a_filter_the_nearest_that_pass_are_reranked(
    shop: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    exact = _found(shop, 39, 5, filters=Filters(brand="Acme"))
    assert exact[0] == "p39"
    for module in ("index.exact", "index.class_index", "index.filtered"):
        monkeypatch.setattr(f"indexing.{module}.EXACT_LIMIT", 5)
    monkeypatch.setattr("indexing.index.filtered.SCAN_LIMIT", 5)
    monkeypatch.setattr("indexing.index.filtered.FIRST_FETCH", 6)
    assert _found(shop, 39, 5, filters=Filters(brand="Acme")) == exact


def test_patches_are_removed_with_their_garment_and_made_by_another_encoder(
    shop: Collection, tmp_path: Path
) -> None:
    shop.remove("p3")
    assert _stored(shop) == PRODUCTS - 1
    other = PatchEmbedder(OTHER)
    reembed(shop.database, shop._store, other, lambda done, total: None)
    assert _stored(shop) == 2 * (PRODUCTS - 1)
    with_other = open_collection(tmp_path / "data", other)
    # Of reduced copies, whose reds JPEG has moved a little.
    assert any(_hits(with_other, red)[0].patch_similarity == 1 for red in range(20, 40))
    (like,) = with_other.search(replace(with_other.query_like(8), count=1))
    assert like.patch_similarity == pytest.approx(1)
    with_other.close()


def _stored(shop: Collection) -> int:
    with shop.database.session() as session:
        return session.scalar(select(func.count()).select_from(GarmentPatchesRow)) or 0
