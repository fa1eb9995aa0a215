"""A server removes files without an entry while it runs, but not those of a request in progress."""

import os
import time
from pathlib import Path

from indexing.collection import open_collection
from search_app.jobs.sweeping import SPARED_SECONDS, Sweeper
from tests.fakes import FakeEmbedder


def test_files_of_removed_rows_are_gone_after_a_pause(tmp_path: Path) -> None:
    collection = open_collection(tmp_path, FakeEmbedder())
    old, young = (tmp_path / "photos" / "ab" / f"{each * 64}.jpg" for each in "ab")
    old.parent.mkdir(parents=True)
    for path in (old, young):
        path.write_bytes(b"of no product")
    written = time.time() - SPARED_SECONDS - 1
    os.utime(old, (written, written))
    thread = Sweeper(lambda: collection, pause=0.5).thread
    assert old.exists()
    ends = time.monotonic() + 30
    while old.exists() and time.monotonic() < ends:
        time.sleep(0.05)
    thread.close()
    collection.close()
    assert (old.exists(), young.exists()) == (False, True)
