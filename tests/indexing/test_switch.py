"""Another encoder while the catalogue is open: the old one serves, the new one takes over whole."""

import dataclasses
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import Collection, open_collection
from indexing.errors import IndexingError
from indexing.switch import switched
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo

OTHER = dataclasses.replace(FAKE_FINGERPRINT, encoder="fake-encoder/2")
PRODUCTS = 10


class Stopped(Exception):
    pass


def stop(done: int, total: int) -> None:
    raise Stopped


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    rows = []
    for number in range(PRODUCTS):
        draw_photo(tmp_path / f"{number}.png", "red", notch=number)
        rows.append(ProductRow(f"p{number}", "Red", (f"{number}.png",)))
    with closing(open_collection(tmp_path / "data", FakeEmbedder())) as collection:
        collection.index(Feed(rows=tuple(rows), folder=tmp_path))
        yield collection


def test_old_one_answers_on_and_cannot_spoil_the_new_ones_files(collection: Collection) -> None:
    query = replace(collection.query_like(1), count=50)
    steps = []
    new, summary = switched(
        collection, FakeEmbedder(OTHER), lambda done, total: steps.append((done, total))
    )
    assert (summary.garments, steps[-1]) == (PRODUCTS, (PRODUCTS, PRODUCTS))
    assert new.fingerprint == OTHER
    for each in (collection, new):
        assert len(each.search(query)) == PRODUCTS
    with pytest.raises(IndexingError, match="try again"):
        collection.index(Feed(rows=()))
    new.remove("p0")
    new.close()
    collection.close()
    with closing(open_collection(collection.data, FakeEmbedder(OTHER))) as again:
        assert again.verify() == []
        assert len(again.search(query)) == PRODUCTS - 1


def test_stopped_in_the_middle_nothing_has_changed(collection: Collection) -> None:
    with pytest.raises(Stopped):
        switched(collection, FakeEmbedder(OTHER), stop)
    embedder = FakeEmbedder(OTHER)
    assert collection.index(Feed(rows=())).products.new == 0
    new, _ = switched(collection, embedder, lambda done, total: None)
    assert embedder.photos_embedded == PRODUCTS - 8
    new.close()


def test_rebuild_tells_how_far_it_is_and_takes_changes_meanwhile(collection: Collection) -> None:
    query = replace(collection.query_like(1), count=50)
    told = []

    def change(done: int, total: int) -> None:
        if not told:
            collection.remove("p0")
            assert len(collection.search(query)) == PRODUCTS - 1
        told.append((done, total))

    assert collection.rebuild(change) == PRODUCTS - 1
    assert told[-1] == (PRODUCTS, PRODUCTS)
    assert len(collection.search(query)) == PRODUCTS - 1
    assert collection.verify() == []
