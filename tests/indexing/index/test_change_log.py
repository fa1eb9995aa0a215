"""The log of vector changes stays short, and nobody who is behind it misses anything."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from catalog.database import Database
from catalog.feeds.folder import read_folder
from catalog.models import VectorChange
from indexing.collection import Collection, open_collection
from indexing.index import vector_rows
from indexing.index.indices import ClassIndices
from tests.fakes import FakeEmbedder, draw_photo

PHOTOS = 12
KEPT = 5


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    return _drawn(tmp_path / "photos", 0)


@pytest.fixture
def collection(
    tmp_path: Path, photos: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Collection]:
    monkeypatch.setattr(vector_rows, "MAX_LOG_LENGTH", KEPT)
    monkeypatch.setattr(vector_rows, "MIN_PRUNED", 1)
    opened = open_collection(tmp_path / "data", FakeEmbedder())
    yield opened
    opened.close()


def _drawn(folder: Path, round_number: int) -> Path:
    for number in range(PHOTOS):
        draw_photo(folder / f"{number:02}.png", (number * 20, round_number * 60, 120))
    return folder


def _log(database: Database) -> tuple[int, int]:
    """Changes in the log, and the number of the last."""
    with database.session() as session:
        row = session.execute(select(func.count(), func.max(VectorChange.id))).one()
    return row[0], row[1]


def test_a_run_leaves_only_the_last_changes(collection: Collection, photos: Path) -> None:
    collection.index(read_folder(photos))
    assert _log(collection.database) == (KEPT + 1, PHOTOS)
    assert collection.index(read_folder(_drawn(photos, 1))).indexed == PHOTOS
    # Each garment went and another came.
    assert _log(collection.database) == (KEPT + 1, 3 * PHOTOS)
    assert collection.verify() == []


def test_who_has_it_open_and_is_behind_reads_everything(
    tmp_path: Path, collection: Collection, photos: Path
) -> None:
    collection.index(read_folder(photos))
    other = open_collection(tmp_path / "data")
    collection.index(read_folder(_drawn(photos, 1)))
    other.refresh()
    assert other.verify() == []
    assert sum(other.searchable().values()) == PHOTOS
    other.close()


def test_files_older_than_the_log_are_made_anew(
    tmp_path: Path, collection: Collection, photos: Path
) -> None:
    """As after a kill between two publications, or a folder that came back from a backup."""
    collection.index(read_folder(photos))
    shutil.copytree(tmp_path / "data" / "index", tmp_path / "old")
    collection.index(read_folder(_drawn(photos, 1)))
    shutil.rmtree(tmp_path / "data" / "index")
    shutil.copytree(tmp_path / "old", tmp_path / "data" / "index")
    other = open_collection(tmp_path / "data")
    assert other.verify() == []
    assert sum(other.searchable().values()) == PHOTOS
    other.close()


def test_what_a_file_lacks_is_kept(tmp_path: Path, collection: Collection, photos: Path) -> None:
    collection.index(read_folder(photos))
    before = _log(collection.database)
    (tmp_path / "data" / "index" / "upper.json").unlink()
    with collection.database.transaction() as session:
        session.add_all(VectorChange(model_id=99, garment_id=each) for each in range(KEPT))
    engine = collection._engine
    assert isinstance(engine, ClassIndices)
    assert engine.prune_log() == 0
    assert _log(collection.database)[0] == before[0] + KEPT
