"""Ray's tasks make the same catalogue as one process, though one is killed."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from catalog.feeds.folder import read_folder
from indexing.collection import open_collection
from search_app.errors import CommandFailed
from search_app.jobs.worker_processes import workers_of
from search_app.settings import Settings
from tests.databases import migrated_database
from tests.fakes import FakeEmbedder
from tests.indexing.bulk.kills import RayCluster, draw_photos, fingerprint
from tests.indexing.bulk.test_shards import expire_leases, killed_once

PHOTOS = 40


@pytest.mark.filterwarnings("ignore")
def test_tasks_make_the_same_catalogue_though_one_is_killed(
    tmp_path: Path, postgresql_server: str
) -> None:
    photos = tmp_path / "photos"
    draw_photos(photos, PHOTOS)
    with closing(open_collection(tmp_path / "alone", FakeEmbedder())) as alone:
        alone.index(read_folder(photos))
        made = fingerprint(alone)
    url, killed = migrated_database(postgresql_server, "pgvector"), tmp_path / "killed"
    settings = Settings(data=tmp_path / "data", database_url=url)
    with (
        # Short: a socket's path may have 107 bytes.
        tempfile.TemporaryDirectory(prefix="ray-", dir="/tmp") as folder,
        closing(RayCluster(Path(folder), nodes=1)) as cluster,
        closing(open_collection(settings.data, FakeEmbedder(), url, engine="pgvector")) as opened,
    ):
        start = workers_of(cluster.address, settings, partial(killed_once, killed))

        @contextmanager
        def workers(run: str) -> Iterator[Callable[[], None]]:
            with start(run) as check:

                def check_and_expire() -> None:
                    check()
                    if killed.exists():
                        expire_leases(opened.database)

                yield check_and_expire

        summary = opened.index(read_folder(photos), workers=workers)
        assert (summary.indexed, summary.skipped) == (PHOTOS, 0)
        assert killed.exists()
        assert fingerprint(opened) == made
        assert opened.verify() == []


def test_without_ray_nothing_is_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    settings = Settings(data=tmp_path, database_url="postgresql+psycopg://nobody@127.0.0.1:1/none")
    with pytest.raises(CommandFailed, match=r"pip install 'apparel-search\[ray\]'"):
        workers_of("ray://127.0.0.1:1", settings)
