"""Photos/s and processor time of workers: one, two, and tasks of Ray, on the same photos.

    python -m tests.indexing.bulk.speed PHOTOS [1 2 ray] [--threads 1] [--count 960] [--pin]

Each indexes into a new PostgreSQL database of one server. The first shard, which waits for the
models, is left out. CPU is that of this process and all that it started (workers, Ray), and that
of PostgreSQL; Ray's own processes, which take theirs by the second, are also told apart. With
--pin N workers have N cores, else all: one worker alone decodes on a second one. The last line is
JSON.
"""

import argparse
import os
import tempfile
import time
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import psutil
from sqlalchemy import text

from catalog.database import Database
from catalog.feeds.folder import read_folder
from indexing.benchmarks.photos import write_photos
from indexing.benchmarks.report import log, print_document
from indexing.benchmarks.scale.pgvector import own_server
from indexing.collection import IndexProgress, open_collection
from search_app.jobs.worker_processes import load_models, workers_of
from search_app.settings import Settings
from tests.databases import migrated_database
from tests.indexing.bulk.kills import RayCluster, processes_of, seconds_of


@dataclass(frozen=True)
class Speed:
    """Figures of one kind of workers."""

    workers: str
    threads: int
    photos_per_second: float
    cpu_ms_a_photo: float
    postgresql_ms_a_photo: float
    ray_ms_a_second: float
    load: float


@dataclass
class _Clock:
    """Wall and processor time from the first shard's end."""

    server: psutil.Process
    cluster: RayCluster | None
    ticks: list[tuple[int, float, float, float, float]] = field(default_factory=list)

    def tick(self, progress: IndexProgress) -> None:
        own, server = (seconds_of(processes_of(each)) for each in (psutil.Process(), self.server))
        ray = self.cluster.own_seconds() if self.cluster else 0.0
        self.ticks.append((progress.done, time.monotonic(), own, server, ray))

    def speed(self, workers: str, threads: int) -> Speed:
        first, last = self.ticks[0], self.ticks[-1]
        photos, seconds, own, server, ray = (b - a for a, b in zip(first, last, strict=True))
        return Speed(
            workers, threads, round(photos / seconds, 2), round(1e3 * own / photos, 1),
            round(1e3 * server / photos, 1), round(1e3 * ray / seconds, 1),
            round(os.getloadavg()[0], 1),
        )  # fmt: skip


def measure(
    photos: Path, server: str, workers: str, threads: int, folder: Path, cores: int | None
) -> Speed:
    """Index the photos with some workers, on so many cores or on all."""
    url = migrated_database(server, "pgvector")
    cluster = RayCluster(folder, processors=2, nodes=1) if workers == "ray" else None
    with closing(cluster) if cluster else nullcontext():
        settings = Settings(data=folder / "data", database_url=url, threads=threads)
        start = workers_of(cluster.address if cluster else workers, settings)
        embedder = load_models(settings)
        if cores is not None:  # after OpenVINO, which keeps to the cores of its first use
            os.sched_setaffinity(0, range(cores))
        with closing(open_collection(folder / "data", embedder, url, engine="pgvector")) as opened:
            clock = _Clock(_postmaster(opened.database), cluster)
            opened.index(read_folder(photos), on_progress=clock.tick, workers=start)
    return clock.speed(workers, threads)


def _postmaster(database: Database) -> psutil.Process:
    with database.session() as session:
        backend = psutil.Process(session.scalar(text("SELECT pg_backend_pid()")))
    server = backend.parent()
    assert server is not None
    return server


def main() -> None:
    """Entry of `python -m tests.indexing.bulk.speed`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("photos", type=Path)
    parser.add_argument("workers", nargs="*", default=["1", "2"])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--count", type=int, default=960)
    parser.add_argument("--pin", action="store_true")
    arguments = parser.parse_args()
    found = []
    with own_server() as server, tempfile.TemporaryDirectory(prefix="speed-", dir="/tmp") as name:
        write_photos(Path(name) / "photos", arguments.count, arguments.photos)
        for number, workers in enumerate(arguments.workers):
            folder = Path(name) / str(number)
            folder.mkdir()
            photos = Path(name) / "photos"
            cores = int(workers) if arguments.pin else None
            found.append(measure(photos, server, workers, arguments.threads, folder, cores))
            log(str(found[-1]))
    print_document({"speed": found})


if __name__ == "__main__":
    main()
