"""The whole path with the shipped weights on drawn photos: nothing stands in for anything."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np

from catalog.filtering.filters import Filters
from indexing.collection import Collection, open_collection
from indexing.embedding.embedder import PhotoEmbedder
from indexing.search.query import Query
from search_app.search.search import SearchOptions
from search_app.search.search_document import search_photo
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.photos import read_photo
from tests.end_to_end.conftest import COUNT


def _first_photos(demo: Path) -> list[tuple[str, Path]]:
    """Products that can be bought, a search leaves out the others, and their first photos."""
    with demo.open(newline="") as lines:
        return [
            (row["id"], demo.parent / row["photos"].split("|")[0])
            for row in csv.DictReader(lines)
            if row["availability"] != "out of stock"
        ]


def test_nearly_every_drawn_photo_has_a_garment(collection: Collection) -> None:
    status = collection.status()
    assert status.products == COUNT
    assert status.photos_indexed >= 0.9 * (status.photos_indexed + status.photos_skipped)


def test_a_photo_of_the_catalogue_finds_itself_first(collection: Collection, demo: Path) -> None:
    found = 0
    for product_id, path in _first_photos(demo)[:8]:
        document = search_photo(collection, read_photo(path), SearchOptions(k=3))
        # A garment worn with the product does not answer: the one that is sold does.
        firsts = [garment.results[0] for garment in document.garments if garment.results]
        if any(first.product_id == product_id and first.score > 0.99 for first in firsts):
            found += 1
    assert found >= 7


def test_bulk_and_query_give_the_same_vector(
    collection: Collection, embedder: PhotoEmbedder, demo: Path
) -> None:
    compared = 0
    for product_id, path in _first_photos(demo)[:6]:
        (embedded,) = embedder.embed([read_photo(path)])
        for garment in embedded.garments:
            # Garments worn with the product too: a fragment of the photo may be taken for one.
            everything = replace(Query.of(garment), count=1, filters=Filters(worn_with=True))
            hits = collection.search(everything)
            card = collection.cards(hits)[0]
            if card.product_id == product_id:
                stored = collection.query_like(hits[0].garment_id).vector
                assert np.abs(stored - garment.vector).max() < 1e-3
                compared += 1
    assert compared >= 5


def test_deleted_index_files_come_back_without_a_model(
    collection: Collection, embedder: PhotoEmbedder
) -> None:
    before = {each: len(_all_hits(collection, embedder, each)) for each in GARMENT_CLASSES}
    collection.close()
    for path in (collection.data / "index").iterdir():
        path.unlink()
    reopened = open_collection(collection.data)
    after = {each: len(_all_hits(reopened, embedder, each)) for each in GARMENT_CLASSES}
    reopened.close()
    assert before == after
    assert sum(after.values()) >= COUNT


def _all_hits(
    collection: Collection, embedder: PhotoEmbedder, garment_class: GarmentClass
) -> list[int]:
    vector = np.ones(embedder.fingerprint.dimension, np.float32)
    return [
        hit.garment_id
        for hit in collection.search(Query(vector, classes=(garment_class,), count=1000))
    ]
