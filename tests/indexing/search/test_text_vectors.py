"""Search by words where the encoder takes texts: vectors, full text and attributes together."""

from collections.abc import Iterator

import numpy as np
import pytest
from sqlalchemy import select

from catalog.feeds.reader import read_feed
from catalog.filtering.filters import Filters
from catalog.models import GarmentRow, PhotoRow, VectorRow
from indexing.benchmarks.light import LightSegmenter
from indexing.collection import Collection, open_collection
from indexing.embedding.wiring import load_embedder
from indexing.index.vector_rows import vector_from_bytes
from search_app.search.search import SearchOptions, find_by_words, words_find_any
from search_app.search.search_document import search_words
from tests.fakes import draw_photo
from tests.small_clip import DIMENSION, save_small_clip

SOLD = {
    "tee": ("Checkout tee", "red"),
    "hoodie": ("Red hoodie", "blue"),
    "coat": ("Winter coat", "green"),
    "dress": ("Linda", "black"),
    "top": ("Sun", "orange"),
}


@pytest.fixture(scope="module")
def collection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    folder = tmp_path_factory.mktemp("text")
    lines = ["id,title,photos"]
    for product_id, (title, colour) in SOLD.items():
        draw_photo(folder / f"{product_id}.png", colour)
        lines.append(f"{product_id},{title},{product_id}.png")
    (folder / "feed.csv").write_text("\n".join(lines))
    clip = save_small_clip(folder / "clip")
    embedder = load_embedder(LightSegmenter(), f"local-dir:{clip}")
    collection = open_collection(folder / "data", embedder)
    collection.index(read_feed(folder / "feed.csv"), folder)
    yield collection
    collection.close()


def found(collection: Collection, words: str) -> list[str]:
    """Product ids that words find, the best first."""
    document = search_words(collection, SearchOptions(words=words))
    assert document.words is not None
    assert not document.words.unknown_words
    return [result.product_id for result in document.results]


def by_cosine(collection: Collection, words: str) -> list[str]:
    """Product ids by the cosine of their best garment with a text's vector."""
    half = collection.embedder.text_half(words)  # type: ignore[union-attr]
    best: dict[str, float] = {}
    with collection.database.session() as session:
        rows = session.execute(
            select(PhotoRow.product_id, VectorRow.values)
            .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
            .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
        ).all()
    for product_id, values in rows:
        cosine = float(vector_from_bytes(values)[:DIMENSION] @ half)
        best[product_id] = max(best.get(product_id, -1.0), cosine)
    return sorted(best, key=lambda each: -best[each])


def test_words_that_no_text_has_are_searched_by_their_vector(collection: Collection) -> None:
    assert collection.takes_text
    assert found(collection, "flurbly boho") == by_cosine(collection, "flurbly boho")


def test_what_is_called_so_comes_before_what_only_looks_so(collection: Collection) -> None:
    assert by_cosine(collection, "hoodie")[0] != "hoodie"
    assert found(collection, "hoodie")[0] == "hoodie"
    assert set(found(collection, "linda")) == set(SOLD)


def test_exclusions_and_missing_goods_hold(collection: Collection) -> None:
    assert "hoodie" not in found(collection, "boho -hoodie")
    assert found(collection, "white sneakers") == []


@pytest.mark.parametrize("words", ["flurbly boho", "hoodie", "boho -hoodie", "white sneakers"])
@pytest.mark.parametrize("brand", [None, "Nobody"])
def test_any_is_found_where_a_search_finds_some(
    collection: Collection, words: str, brand: str | None
) -> None:
    options = SearchOptions(words=words, filters=Filters(brand=brand))
    _, some = find_by_words(collection, options, None)
    assert words_find_any(collection, options, None) == bool(some)


def test_scores_are_fused_ranks(collection: Collection) -> None:
    results = search_words(collection, SearchOptions(words="hoodie", k=3)).results
    scores = [result.score for result in results]
    assert len(results) == 3
    assert scores == sorted(scores, reverse=True)
    assert np.isclose(
        scores[0],
        0.5 + 0.5 * 60 / (60 + by_cosine(collection, "hoodie").index("hoodie")),
        atol=1e-3,
    )
