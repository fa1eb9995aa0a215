"""Kill an indexing process at random moments, again and again, and see what is lost.

    python -m tests.indexing.killed 200     (minutes; the last line is JSON)

The database, the index and its files are the real ones, only the networks are drawn photos'
stand-ins. The limits of the index are set so low that merges and publishing are hit too.
"""

import argparse
import json
import multiprocessing
import sqlite3
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from catalog.feeds.reader import read_folder
from catalog.models import DATABASE_NAME
from indexing.collection import open_collection
from indexing.index import building as base
from indexing.index import class_index as index
from indexing.index import indices
from tests.fakes import FakeEmbedder, draw_photo

PHOTOS = 120
FIRST_SPAN = 1.0
"""Seconds within which the first child is killed; the span follows how long runs last."""


@dataclass(frozen=True)
class Report:
    """What `kill_often` saw. `slowest_restart` is of opening, catching up included; seconds."""

    kills: int
    finished_runs: int
    photos_acknowledged: int
    slowest_restart: float
    problems: tuple[str, ...]


def kill_often(folder: Path, kills: int, seed: int = 1) -> Report:
    """Index drawn photos in a process that is killed `kills` times, then once to the end.

    When all is indexed half of the photos are drawn anew, so that there is always work.
    """
    generator = np.random.default_rng(seed)
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    data, photos = folder / "data", folder / "photos"
    _draw(photos, 0, range(PHOTOS))
    problems: list[str] = []
    acknowledged, finished, slowest, span = 0, 0, 0.0, FIRST_SPAN
    for moment in range(kills):
        receiving, sending = context.Pipe(duplex=False)
        process = context.Process(target=_index, args=(sending, data, photos))
        process.start()
        sending.close()
        receiving.recv()
        start = time.monotonic()
        told = _listen(receiving, generator.uniform(0, span))
        process.kill()
        process.join()
        told += _listen(receiving, 0)
        opened = [value for name, value in told if name == "opened"]
        slowest = max([slowest, *(float(value) for value in opened)])
        problems += [str(value) for name, value in told if name == "problem"]
        done = max([0, *(int(value) for name, value in told if name == "done")])
        acknowledged += done
        problems += _rows_lost(data)
        if any(name == "end" for name, _ in told):
            finished += 1
            span = 1.1 * (time.monotonic() - start)
            _draw(photos, moment + 1, range(moment % 2, PHOTOS, 2))
        elif not done:
            span *= 1.3
    problems += _last_run(data, photos)
    return Report(kills, finished, acknowledged, round(slowest, 3), tuple(problems))


def _draw(photos: Path, round_number: int, numbers: range) -> None:
    for number in numbers:
        colour = (number * 2 % 256, round_number * 37 % 200, 120)
        draw_photo(photos / f"{number:03}.png", colour, notch=(number + round_number) % 20)


def _index(sending: Connection, data: Path, photos: Path) -> None:
    """What the killed process does: open, look for damage, index."""
    base.EXACT_LIMIT = index.EXACT_LIMIT = 50
    index.MIN_DELTA = 12
    indices.MAX_LOG_LENGTH, indices.MIN_PRUNED = 30, 1
    sending.send(("started", 0))
    start = time.perf_counter()
    collection = open_collection(data, FakeEmbedder())
    sending.send(("opened", time.perf_counter() - start))
    collection.sweep()  # A kill leaves files that no row names yet; they are no loss.
    for problem in collection.verify():
        sending.send(("problem", problem))
    collection.index(
        read_folder(photos), on_progress=lambda progress: sending.send(("done", progress.done))
    )
    collection.close()
    sending.send(("end", 0))


def _listen(receiving: Connection, seconds: float) -> list[tuple[str, float | str]]:
    """What a child tells within some time, or until it ends."""
    told = []
    until = time.monotonic() + seconds
    try:
        while receiving.poll(max(0.0, until - time.monotonic())):
            told.append(receiving.recv())
    except EOFError:
        pass
    return told


def _rows_lost(data: Path) -> list[str]:
    """Whether photos and garments in the database fit each other: none half, none twice."""
    if not (data / DATABASE_NAME).is_file():
        return []
    connection = sqlite3.connect(data / DATABASE_NAME)
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master")}
    checks = {
        "indexed photos without exactly one garment": """
            SELECT count(*) FROM photo WHERE status = 'indexed' AND
            (SELECT count(*) FROM garment WHERE photo_id = photo.id) != 1""",
        "garments without exactly one vector": """
            SELECT count(*) FROM garment WHERE
            (SELECT count(*) FROM vector WHERE garment_id = garment.id) != 1""",
        "photos twice": """
            SELECT count(*) - count(DISTINCT source) FROM photo""",
    }
    found = []
    if "vector" in tables:
        counts = {name: connection.execute(query).fetchone()[0] for name, query in checks.items()}
        found = [f"{count} {name}" for name, count in counts.items() if count]
    connection.close()
    return found


def _last_run(data: Path, photos: Path) -> list[str]:
    """Index to the end and compare with what there should be."""
    collection = open_collection(data, FakeEmbedder())
    collection.index(read_folder(photos))
    status = collection.status()
    collection.sweep()  # A kill leaves files that no row names yet; they are no loss.
    problems = collection.verify() + _rows_lost(data)
    for name, count in {
        "photos indexed": status.photos_indexed,
        "garments": sum(status.garments.values()),
        "searchable": sum(status.searchable.values()),
    }.items():
        if count != PHOTOS:
            problems.append(f"{count} {name} of {PHOTOS}")
    collection.close()
    return problems


def main() -> None:
    """Entry of `python -m tests.indexing.killed`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", nargs="?", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="apparel-killed-") as folder:
        report = kill_often(Path(folder), arguments.kills, arguments.seed)
    print(json.dumps(asdict(report)))
    sys.exit(bool(report.problems))


if __name__ == "__main__":
    main()
