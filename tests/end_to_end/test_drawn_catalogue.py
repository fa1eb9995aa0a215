"""The whole path with the shipped weights on drawn photos: nothing stands in for anything."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from catalog.importer import read_feed
from indexing.collection import Collection, open_collection
from indexing.embed import PhotoEmbedder
from indexing.wiring import load_embedder
from search_app.demo import draw_demo
from search_app.search import search_photo
from search_app.search_options import SearchOptions
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.photos import read_photo

COUNT = 24


@pytest.fixture(scope="module")
def embedder() -> PhotoEmbedder:
    return load_embedder()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return draw_demo(tmp_path_factory.mktemp("demo"), COUNT, 3, lambda done, total: None)


@pytest.fixture(scope="module")
def collection(
    demo: Path, embedder: PhotoEmbedder, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Collection]:
    opened = open_collection(tmp_path_factory.mktemp("data"), embedder)
    opened.index(read_feed(demo))
    yield opened
    opened.close()


def _first_photos(demo: Path) -> list[tuple[str, Path]]:
    with demo.open(newline="") as lines:
        return [
            (row["id"], demo.parent / row["photos"].split("|")[0]) for row in csv.DictReader(lines)
        ]


def test_nearly_every_drawn_photo_has_a_garment(collection: Collection) -> None:
    status = collection.status()
    assert status.products == COUNT
    assert status.photos_indexed >= 0.9 * (status.photos_indexed + status.photos_skipped)


def test_a_photo_of_the_catalogue_finds_itself_first(collection: Collection, demo: Path) -> None:
    found = 0
    for product_id, path in _first_photos(demo)[:8]:
        document = search_photo(collection, read_photo(path), SearchOptions(k=3))
        results = document.garments[0].results
        if results and results[0].product_id == product_id and results[0].score > 0.99:
            found += 1
    assert found >= 7


def test_bulk_and_query_give_the_same_vector(
    collection: Collection, embedder: PhotoEmbedder, demo: Path
) -> None:
    compared = 0
    for product_id, path in _first_photos(demo)[:6]:
        (embedded,) = embedder.embed([read_photo(path)])
        for garment in embedded.garments:
            asked = garment.vector, garment.garment.garment_class, 1
            hits = collection.search(*asked, tiles=garment.tiles)
            card = collection.cards(hits)[0]
            if card.product_id == product_id:
                assert card.details is not None
                assert card.details > 0.97
                _, stored = collection.vector_of(hits[0].garment_id)
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
    return [hit.garment_id for hit in collection.search(vector, garment_class, 1000)]
