"""A server removes what has no entry while it runs, but nothing of a request in progress."""

import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from catalog.errors import FolderInUse
from catalog.models import DATABASE_NAME, PhotoRow, Product
from indexing.collection import Collection, open_collection
from search_app.jobs.sweeping import SPARED_SECONDS, Sweeper
from tests.databases import migrated_database
from tests.fakes import FakeEmbedder


@pytest.fixture(params=["sqlite", "postgresql"])
def collection(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Collection]:
    url = None
    if request.param == "postgresql":
        url = migrated_database(request.getfixturevalue("postgresql_server"))
    collection = open_collection(tmp_path, FakeEmbedder(), url)
    yield collection
    collection.close()


def test_what_has_no_entry_is_gone_after_a_pause(collection: Collection, tmp_path: Path) -> None:
    written = time.time() - SPARED_SECONDS - 1
    paths = {each: tmp_path / "photos" / "ab" / f"{each * 64}.jpg" for each in "ab"}
    paths["a"].parent.mkdir(parents=True)
    for path in paths.values():
        path.write_bytes(b"of no product")
    os.utime(paths["a"], (written, written))
    with collection.database.transaction() as session:
        for name, seconds in (("cut", SPARED_SECONDS + 1), ("being added", 0)):
            begun = datetime.now(UTC) - timedelta(seconds=seconds)
            session.add(Product(id=name, title=name, updated_at=begun))
            session.add(PhotoRow(product_id=name, source=name, status="pending"))
    thread = Sweeper(lambda: collection, pause=0.5).thread
    assert paths["a"].exists()
    ends = time.monotonic() + 30
    while paths["a"].exists() and time.monotonic() < ends:
        time.sleep(0.05)
    thread.close()
    assert [path.exists() for path in paths.values()] == [False, True]
    with collection.database.session() as session:
        assert session.get(Product, "cut") is None
        assert session.get(Product, "being added") is not None


def test_nothing_is_removed_beside_a_catalogue_in_sqlite(
    tmp_path: Path, postgresql_server: str
) -> None:
    open_collection(tmp_path, FakeEmbedder()).close()
    photo = tmp_path / "photos" / "ab" / f"{'ab' * 32}.jpg"
    photo.parent.mkdir(parents=True)
    photo.write_bytes(b"of the other catalogue")
    collection = open_collection(tmp_path, FakeEmbedder(), migrated_database(postgresql_server))
    with pytest.raises(FolderInUse, match=f"{DATABASE_NAME} is a catalogue of its own"):
        collection.sweep()
    collection.close()
    assert photo.exists()
