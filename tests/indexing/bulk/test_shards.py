"""Shards: the same catalogue as one process, killed workers, parked shards, a run anew."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy import update

from catalog.database import Database, guarded
from catalog.feeds.folder import read_folder
from catalog.importing.records import PendingPhoto
from catalog.models import ShardRow
from indexing.bulk.shards import ShardedRun, ShardLost, by_content, claim, split_products
from indexing.collection import Collection, open_collection
from indexing.errors import IndexingError
from indexing.types import EmbeddedPhoto
from search_app.errors import CommandFailed
from search_app.jobs.worker_processes import workers_of
from search_app.settings import Settings
from segmentation.photos import Photo
from tests.databases import migrated_database
from tests.fakes import FakeEmbedder, draw_photo
from tests.indexing.bulk.kills import fingerprint

PHOTOS = 60


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("photos")
    for number in range(PHOTOS):
        draw_photo(path / f"{number:02}.png", (number * 4, 90, 160), notch=number % 20)
    return path


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory, folder: Path) -> tuple[int, str]:
    """The fingerprint of the catalogue that one process makes."""
    collection = open_collection(tmp_path_factory.mktemp("alone"), FakeEmbedder())
    collection.index(read_folder(folder))
    made = fingerprint(collection)
    assert made[0] == PHOTOS
    collection.close()
    return made


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    yield collection
    collection.close()


class KilledOnce(FakeEmbedder):
    """Kills its process at the first photos that any such process embeds."""

    def __init__(self, mark: Path) -> None:
        super().__init__()
        self._mark = mark

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        try:
            self._mark.touch(exist_ok=False)
        except FileExistsError:
            return super().embed(photos)
        os.kill(os.getpid(), signal.SIGKILL)
        return []


def killed_once(mark: Path, _settings: Settings) -> KilledOnce:
    return KilledOnce(mark)


def test_workers_make_the_same_catalogue_though_one_is_killed(
    folder: Path, alone: tuple[int, str], tmp_path: Path, postgresql_server: str
) -> None:
    url = migrated_database(postgresql_server, "pgvector")
    collection = open_collection(tmp_path / "data", FakeEmbedder(), url, engine="pgvector")
    settings = Settings(data=tmp_path / "data", database_url=url)
    start = workers_of("1", settings, partial(killed_once, tmp_path / "killed"))

    @contextmanager
    def workers(run: str) -> Iterator[Callable[[], None]]:
        with start(run) as check:

            def check_and_help() -> None:
                check()
                if (tmp_path / "killed").exists():
                    expire_leases(collection.database)
                    while collection.shard_worker().work(run):
                        pass

            yield check_and_help

    with closing(collection):
        summary = collection.index(read_folder(folder), workers=workers)
        assert (summary.indexed, summary.skipped) == (PHOTOS, 0)
        assert (tmp_path / "killed").exists()
        assert fingerprint(collection) == alone
        assert collection.verify() == []


def expire_leases(database: Database) -> None:
    with database.side_transaction() as session:
        running = update(ShardRow).where(ShardRow.state == "running")
        session.execute(running.values(lease_until=datetime(2026, 1, 1, tzinfo=UTC)))


class Broken(FakeEmbedder):
    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        raise ValueError("no power")


def test_a_shard_that_fails_three_times_is_parked_with_its_reason(
    collection: Collection, folder: Path
) -> None:
    worker = replace(collection.shard_worker(), embedder=Broken())

    @contextmanager
    def workers(run: str) -> Iterator[Callable[[], None]]:
        yield lambda: not worker.work(run) or None

    summary = collection.index(read_folder(folder), workers=workers)
    assert {(each.code, each.stage) for each in summary.skips} == {("parked", "index")}
    assert len(summary.skips) == PHOTOS
    assert "ValueError: no power; run the import again" in summary.skips[0].reason
    assert collection.status().photos_pending == PHOTOS


def test_a_later_run_takes_the_place_of_an_earlier_one(
    collection: Collection, folder: Path
) -> None:
    database, model_id = collection.database, collection.shard_worker().model_id
    photos = [PendingPhoto(each, f"p{each}", folder / "x.png", 0) for each in range(40)]

    def plan() -> ShardedRun:
        return ShardedRun.plan(database, "shop", model_id, photos, False)

    first = plan()
    claimed = claim(database, model_id, first.run)
    assert claimed is not None
    assert len(claimed.photos) == 32
    second = plan()
    with pytest.raises(ShardLost):
        claimed.renew()
    with pytest.raises(ShardLost), guarded(claimed.check), database.batch_transaction():
        pass
    with pytest.raises(IndexingError, match="another run"):
        list(first.outcomes(lambda: None))
    assert claim(database, model_id + 1) is None
    assert claim(database, model_id, first.run) is None
    assert claim(database, model_id, second.run) is not None
    assert split_products(photos) == set()
    assert split_products([replace(each, product_id="p") for each in photos]) == {"p"}


def test_photos_with_the_same_bytes_lie_in_one_shard(tmp_path: Path) -> None:
    shared = [f"https://shop.example/{name}.jpg" for name in "ab"]
    photos = []
    for number in range(12):
        path = draw_photo(tmp_path / f"{number}.png", ("red", "blue")[number % 2])
        photos.append(PendingPhoto(number, f"p{number}", path, 0))
        url = shared[number % 2]
        photos.append(PendingPhoto(100 + number, f"u{number}", tmp_path / "gone", 0, url=url))
    ordered = by_content(photos)
    contents = [each.url or each.photo_id % 2 for each in ordered]
    assert sum(one != other for one, other in pairwise(contents)) == 3
    assert sorted(each.photo_id for each in ordered) == sorted(each.photo_id for each in photos)


def test_workers_need_a_shared_database(tmp_path: Path) -> None:
    with pytest.raises(CommandFailed, match="APPAREL_DATABASE_URL"):
        workers_of("2", Settings(data=tmp_path))
    with pytest.raises(ValueError, match="at least one"):
        workers_of("0", Settings(data=tmp_path, database_url="postgresql+psycopg://x/y"))
