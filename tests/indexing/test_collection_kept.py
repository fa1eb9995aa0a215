"""A data folder over time: opened again, damaged, behind, shared, of another model, mended."""

import logging
import shutil
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sqlalchemy import delete, func, select

from catalog.feeds.folder import read_folder
from catalog.feeds.reader import read_feed
from catalog.feeds.rows import Feed, ProductRow
from catalog.filtering.filters import parse_filters
from catalog.models import DATABASE_NAME, VectorRow
from indexing.bulk.records import GarmentChange
from indexing.bulk.writer import _write_vectors
from indexing.collection import Collection, open_collection
from indexing.errors import IndexingError, ModelMismatch
from indexing.index.indices import REFRESH_SECONDS
from indexing.search.query import Query
from indexing.types import ModelFingerprint
from segmentation.classes import GARMENT_CLASSES
from tests.databases import migrated_database
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo
from tests.indexing.looking import any_vector, found_by, query_of

UPPER, WHOLE, LOWER = GARMENT_CLASSES


def test_opening_again_gives_the_same_hits(tmp_path: Path, photos: Path) -> None:
    first = open_collection(tmp_path / "data", FakeEmbedder())
    first.index(read_folder(photos))
    before = first.search(Query(any_vector(), classes=(UPPER,), count=9))
    first.close()
    second = open_collection(tmp_path / "data")
    assert second.search(Query(any_vector(), classes=(UPPER,), count=9)) == before
    assert second.fingerprint == FAKE_FINGERPRINT
    with pytest.raises(IndexingError, match="no model"):
        second.index(read_folder(photos))
    second.close()


def test_a_deleted_or_damaged_index_is_made_anew_without_a_model(
    tmp_path: Path, photos: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = open_collection(tmp_path / "data", FakeEmbedder())
    first.index(read_folder(photos))
    before = first.search(Query(any_vector(), classes=(UPPER,), count=9))
    first.close()
    index = tmp_path / "data" / "index"
    for path in index.glob("lower*"):
        path.unlink()
    (path,) = index.glob("upper-*.vectors.npy")
    flipped = bytearray(path.read_bytes())
    flipped[len(flipped) // 2] ^= 1
    path.write_bytes(flipped)
    with caplog.at_level(logging.WARNING):
        second = open_collection(tmp_path / "data")
    assert "checksum" in caplog.text
    assert second.search(Query(any_vector(), classes=(UPPER,), count=9)) == before
    assert second.status().searchable == {UPPER: 6, WHOLE: 1, LOWER: 2}
    (problem,) = second.verify()
    assert "checksum" in problem
    second.close()
    third = open_collection(tmp_path / "data")
    assert third.verify() == []
    third.close()


def test_a_vector_of_another_length_holds_nothing_up_and_its_product_can_be_removed(
    tmp_path: Path, photos: Path
) -> None:
    with closing(open_collection(tmp_path / "data", FakeEmbedder())) as first:
        first.index(read_folder(photos))
    with closing(sqlite3.connect(tmp_path / "data" / DATABASE_NAME)) as database, database:
        database.execute("UPDATE vector SET \"values\" = x'00' WHERE garment_id = 1")
        product = database.execute(
            "SELECT product_id FROM photo JOIN garment ON photo_id = photo.id WHERE garment.id = 1"
        ).fetchone()[0]
    shutil.rmtree(tmp_path / "data" / "index")
    with closing(open_collection(tmp_path / "data", FakeEmbedder())) as second:
        second.rebuild()
        (problem,) = second.verify()
        assert problem.startswith("vector.values: 1 ")
        second.remove(product)
        assert second.verify() == []


def test_an_index_that_lags_behind_catches_up(tmp_path: Path, photos: Path) -> None:
    """As after a kill: the files are older than the database."""
    data = tmp_path / "data"
    first = open_collection(data, FakeEmbedder())
    first.index(read_folder(photos))
    first.close()
    saved = {path.name: path.read_bytes() for path in (data / "index").iterdir()}
    second = open_collection(data, FakeEmbedder())
    draw_photo(photos / "new.png", "yellow")
    second.index(read_folder(photos))
    second.remove("red-shirt.png")
    second.close()
    for path in (data / "index").iterdir():
        path.unlink()
    for name, content in saved.items():
        (data / "index" / name).write_bytes(content)
    third = open_collection(data)
    assert found_by(third, photos / "new.png", 1) == ["new.png"]
    assert "red-shirt.png" not in found_by(third, photos / "red-shirt.png", 9)
    assert third.verify() == []
    third.close()


def test_refresh_takes_over_another_process_work(tmp_path: Path, photos: Path) -> None:
    serving = open_collection(tmp_path / "data", FakeEmbedder())
    indexing = open_collection(tmp_path / "data", FakeEmbedder())
    indexing.index(read_folder(photos))
    indexing.close()
    assert serving.refresh() == 9
    assert len(serving.search(Query(any_vector(), classes=(UPPER,), count=9))) == 6
    assert serving.refresh() == 0
    serving.close()


def test_searches_see_another_process_work_within_a_second(tmp_path: Path, photos: Path) -> None:
    serving = open_collection(tmp_path / "data", FakeEmbedder())
    indexing = open_collection(tmp_path / "data", FakeEmbedder())
    indexing.index(read_folder(photos))
    time.sleep(REFRESH_SECONDS)
    assert len(serving.search(Query(any_vector(), classes=(UPPER,), count=9))) == 6
    indexing.remove("red-shirt.png")
    time.sleep(REFRESH_SECONDS)
    assert len(serving.search(Query(any_vector(), classes=(UPPER,), count=9))) == 5
    indexing.close()
    serving.close()


def test_a_collection_on_postgresql(tmp_path: Path, photos: Path, postgresql_server: str) -> None:
    """Index, search, change from another process's side, reopen: the same on a real server."""
    url = migrated_database(postgresql_server)
    first = open_collection(tmp_path / "data", FakeEmbedder(), url)
    assert first.index(read_folder(photos)).indexed == 9
    serving = open_collection(tmp_path / "other", FakeEmbedder(), url)
    assert (
        len(
            serving.search(
                Query(
                    any_vector(), classes=(UPPER,), count=9, filters=parse_filters(["colour!=red"])
                )
            )
        )
        == 5
    )
    first.remove("red-shirt.png")
    time.sleep(REFRESH_SECONDS)
    assert len(serving.search(Query(any_vector(), classes=(UPPER,), count=9))) == 5
    assert serving.status().database_bytes > 0
    before = first.search(Query(any_vector(), classes=(UPPER,), count=9))
    first.close()
    serving.close()
    again = open_collection(tmp_path / "data", None, url)
    assert again.search(Query(any_vector(), classes=(UPPER,), count=9)) == before
    assert again.verify() == []
    again.close()


def test_what_another_server_commits_within_a_batch_is_seen(
    tmp_path: Path, photos: Path, postgresql_server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = migrated_database(postgresql_server)
    ours = open_collection(tmp_path / "ours", FakeEmbedder(), url)
    ours.index(read_folder(photos))
    theirs = open_collection(tmp_path / "theirs", None, url)

    def write_vectors(*batch: Any) -> GarmentChange:
        with theirs.database.batch_transaction() as session:
            first = session.scalar(select(func.min(VectorRow.garment_id)))
            session.execute(delete(VectorRow).where(VectorRow.garment_id == first))
        return _write_vectors(*batch)

    monkeypatch.setattr("indexing.bulk.writer._write_vectors", write_vectors)
    monkeypatch.setattr("indexing.collection.SECONDS_TO_VISIBLE", 0.0)
    draw_photo(tmp_path / "new" / "new.png", "green")
    with closing(ours), closing(theirs):
        ours.index(read_folder(tmp_path / "new"))
        assert sum(ours.status().searchable.values()) == 9


def test_another_models_vectors_are_refused_by_both_names(tmp_path: Path, photos: Path) -> None:
    first = open_collection(tmp_path / "data", FakeEmbedder())
    first.index(read_folder(photos))
    first.close()
    other = ModelFingerprint("fake-segmenter/2", "fake-encoder/1", 16, 27)
    with pytest.raises(ModelMismatch) as caught:
        open_collection(tmp_path / "data", FakeEmbedder(other))
    assert FAKE_FINGERPRINT.key in str(caught.value)
    assert other.key in str(caught.value)
    again = open_collection(tmp_path / "data", FakeEmbedder())
    assert len(again.search(Query(any_vector(), classes=(UPPER,), count=9))) == 6
    again.close()


def test_a_folder_without_vectors_takes_a_new_model(tmp_path: Path, photos: Path) -> None:
    open_collection(tmp_path / "data", FakeEmbedder()).close()
    other = ModelFingerprint("fake-segmenter/2", "fake-encoder/1", 16, 27)
    collection = open_collection(tmp_path / "data", FakeEmbedder(other))
    assert collection.index(read_folder(photos)).indexed == 9
    assert collection.fingerprint == other
    collection.close()


def test_rebuild_mends_a_wrong_index(collection: Collection, photos: Path) -> None:
    collection.index(read_folder(photos))
    before = collection.search(Query(any_vector(), classes=(UPPER,), count=9))
    for path in (collection.data / "index").iterdir():
        path.unlink()
    assert len(collection.verify()) == 3
    assert collection.rebuild() == 9
    assert collection.verify() == []
    assert collection.search(Query(any_vector(), classes=(UPPER,), count=9)) == before


def test_verify_finds_a_damaged_vector_and_a_lost_photo(
    collection: Collection, photos: Path
) -> None:
    collection.index(read_folder(photos))
    collection.photo_file(2).unlink()
    with sqlite3.connect(collection.data / DATABASE_NAME) as connection:
        connection.execute(
            'UPDATE vector SET "values" = zeroblob(length("values")) WHERE garment_id = 3'
        )
    connection.close()
    problems = collection.verify()
    assert len(problems) == 2
    assert any("photo 2" in problem and "stored copy" in problem for problem in problems)
    assert any("garment 3" in problem and "damaged" in problem for problem in problems)


def test_export_imports_again_and_holds_the_vectors(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    row = ProductRow("a", 'Shirt, "red"', ("red-shirt.png",), attributes={"size": "M"})
    collection.index(Feed((row,)), photos)
    assert collection.export(tmp_path / "out.csv") == 1
    assert read_feed(tmp_path / "out.csv").rows == (row,)
    assert collection.export(tmp_path / "out.npz") == 1
    with np.load(tmp_path / "out.npz") as arrays:
        np.testing.assert_array_equal(arrays["vector"][0], query_of(photos / "red-shirt.png")[1])
        assert arrays["product_id"].tolist() == ["a"]
        assert arrays["box"].shape == (1, 4)
    with pytest.raises(IndexingError, match=r"\.csv or a \.npz"):
        collection.export(tmp_path / "out.xml")
