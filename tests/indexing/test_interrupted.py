"""A run killed at any moment loses no committed row and doubles none."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import func, select

from catalog.feeds.folder import read_folder
from catalog.models import GarmentRow, PhotoRow
from indexing.collection import open_collection
from tests.fakes import FakeEmbedder, draw_photo

PHOTOS = 60
CHILD = """
import sys, time
from pathlib import Path
from catalog.feeds.folder import read_folder
from indexing.collection import open_collection
from tests.fakes import FakeEmbedder

class Slow(FakeEmbedder):
    def embed(self, photos):
        time.sleep(0.05)
        return super().embed(photos)

collection = open_collection(Path(sys.argv[1]), Slow())
collection.index(
    read_folder(Path(sys.argv[2])),
    on_progress=lambda progress: print(progress.done, flush=True),
)
"""


def test_kill_and_resume(tmp_path: Path) -> None:
    for number in range(PHOTOS):
        draw_photo(tmp_path / "photos" / f"{number:02}.png", (number * 4, 30, 200))
    committed = _kill_after(3, tmp_path)
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    indexed = collection.status().photos_indexed
    assert committed <= indexed < PHOTOS
    assert sum(collection.status().searchable.values()) == indexed
    summary = collection.index(read_folder(tmp_path / "photos"))
    assert (summary.indexed, summary.unchanged) == (PHOTOS - indexed, indexed)
    with collection.database.session() as session:
        garments = session.scalar(select(func.count()).select_from(GarmentRow))
        photos = session.scalar(
            select(func.count(func.distinct(PhotoRow.id))).join(PhotoRow.garments)
        )
    assert (garments, photos) == (PHOTOS, PHOTOS)
    assert collection.verify() == []
    collection.close()


def _kill_after(batches: int, folder: Path) -> int:
    """Index in a process of its own and kill it some batches on; photos it had reported."""
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(folder / "data"), str(folder / "photos")],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])},
    )
    assert process.stdout is not None
    with process.stdout as output:
        reported = [int(output.readline()) for _ in range(batches)]
        time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait()
    return reported[-1]
