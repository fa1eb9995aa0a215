"""Kill what works on a run's shards, again and again; compare with the catalogue of one process.

    python -m tests.indexing.bulk.kills worker|actor|node [--kills 20] [--photos 320]

A worker is a process of `--workers 2`; an actor is Ray's process of a task, a node all processes of
the second of two Ray nodes on this machine (needs ray). A round ends with its run; rounds go on
until so many kills were made. The last line is JSON; ends with 1 when a catalogue differs.
"""

import argparse
import hashlib
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from sqlalchemy import func, select

from catalog.database import Database
from catalog.feeds.folder import read_folder
from catalog.models import GarmentRow, PhotoRow, ShardRow, VectorRow
from indexing.benchmarks.scale.pgvector import own_server
from indexing.collection import Collection, open_collection
from indexing.types import EmbeddedPhoto
from search_app.jobs.worker_processes import workers_of
from search_app.settings import Settings
from segmentation.photos import Photo
from tests.databases import migrated_database
from tests.fakes import FakeEmbedder, draw_photo
from tests.ports import free_port

SECONDS_A_BATCH = 1.0
WORKERS = 2
Victims = Callable[[], list[psutil.Process]]
"""The processes that die together at the next kill; none while nothing works."""


@dataclass
class Report:
    """Kills, the rounds of them, and how often a run was begun again for parked shards."""

    kind: str
    photos: int
    kills: int = 0
    rounds: int = 0
    again: int = 0
    same: bool = True


class SlowEmbedder(FakeEmbedder):
    """Takes its time, as networks do."""

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        time.sleep(SECONDS_A_BATCH)
        return super().embed(photos)


def slow(_: Settings) -> SlowEmbedder:
    return SlowEmbedder()


def fingerprint(collection: Collection) -> tuple[int, str]:
    """Number of garments, and an MD5 over product, class, box and vector of each."""
    box = (GarmentRow.x0, GarmentRow.y0, GarmentRow.x1, GarmentRow.y1)
    query = (
        select(PhotoRow.product_id, GarmentRow.garment_class, *box, VectorRow.values)
        .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
        .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
    )
    with collection.database.session() as session:
        rows = sorted(repr(tuple(row)) for row in session.execute(query))
    return len(rows), hashlib.md5("\n".join(rows).encode()).hexdigest()


def draw_photos(folder: Path, count: int) -> None:
    """Photos that differ."""
    for number in range(count):
        draw_photo(
            folder / f"{number:04}.png", (number % 250, number // 250, 160), notch=number % 20
        )


def kill_during_runs(
    folder: Path, server: str, workers: str, victims: Victims, report: Report, kills: int
) -> None:
    """Index the same photos into new databases until `kills` were made."""
    photos, random_ = folder / "photos", random.Random(0)
    draw_photos(photos, report.photos)
    with closing(open_collection(folder / "alone", FakeEmbedder())) as collection:
        collection.index(read_folder(photos))
        alone = fingerprint(collection)
    while report.kills < kills:
        report.rounds += 1
        data, url = folder / f"data{report.rounds}", migrated_database(server, "pgvector")
        start = workers_of(workers, Settings(data=data, database_url=url), slow)
        with closing(open_collection(data, FakeEmbedder(), url, engine="pgvector")) as collection:
            ended = threading.Event()
            killer = threading.Thread(
                target=_kill, args=(collection.database, victims, report, kills, random_, ended)
            )
            killer.start()
            try:
                while collection.index(read_folder(photos), workers=start).skipped:
                    report.again += 1
            finally:
                ended.set()
                killer.join()
            report.same &= fingerprint(collection) == alone and collection.verify() == []
        print(report, file=sys.stderr, flush=True)


def _kill(
    database: Database, victims: Victims, report: Report, kills: int, random_: random.Random,
    ended: threading.Event,
) -> None:  # fmt: skip
    """Kill the victims at random moments while shards are worked on."""
    running = select(func.count()).select_from(ShardRow).where(ShardRow.state == "running")
    while report.kills < kills and not ended.wait(random_.uniform(0.5, 2.5)):
        with database.session() as session:
            if not session.scalar(running):
                continue
        if chosen := victims():
            for process in chosen:
                with suppress(psutil.NoSuchProcess):
                    process.kill()
            report.kills += 1
            print(f"kill {report.kills}", file=sys.stderr, flush=True)


def _one_worker() -> list[psutil.Process]:
    children = psutil.Process().children()
    workers = [each for each in children if "spawn_main" in " ".join(each.cmdline())]
    return random.sample(workers, min(1, len(workers)))


class RayCluster:
    """Nodes of Ray on this machine."""

    def __init__(self, folder: Path, processors: int = 1, nodes: int = 2) -> None:
        self._folder, self._port, self._client = folder, free_port(), free_port()
        self._processors = processors
        head = ("--head", f"--port={self._port}", f"--ray-client-server-port={self._client}")
        self._head = self._started(*head, "--include-dashboard=false", f"--temp-dir={folder}/ray")
        while not _is_open(self._client):
            if self._head.poll() is not None:
                raise RuntimeError((folder / "ray.log").read_text())
            time.sleep(1)
        self._node = self._head
        if nodes > 1:
            self._node = self._started(f"--address=127.0.0.1:{self._port}")
            time.sleep(20)

    @property
    def address(self) -> str:
        return f"ray://127.0.0.1:{self._client}"

    def _started(self, *options: str) -> "subprocess.Popen[bytes]":
        small = (
            f"--num-cpus={self._processors}", "--object-store-memory=80000000",
            "--disable-usage-stats",
            "--node-ip-address=127.0.0.1", "--min-worker-port=31000", "--max-worker-port=31200",
        )  # fmt: skip
        ray = (sys.executable, "-m", "ray.scripts.scripts")
        command = [*ray, "start", "--block", *small, *options]
        with (self._folder / "ray.log").open("ab") as log:
            environment = os.environ | {
                "PYTHONPATH": os.pathsep.join(sys.path),  # the tests' embedders
                "GRPC_ENABLE_FORK_SUPPORT": "0",  # see indexing/benchmarks/scale/README.md
            }
            return subprocess.Popen(command, stdout=log, stderr=log, env=environment)

    def one_actor(self) -> list[psutil.Process]:
        """A process that works on shards."""
        found = [
            each
            for node in (self._head, self._node)
            for each in psutil.Process(node.pid).children(recursive=True)
            if _has_title(each, "ray::work_on")
        ]
        return random.sample(found, min(1, len(found)))

    def second_node(self) -> list[psutil.Process]:
        """All processes of the second node, which is started again after this kill."""
        if self._node.poll() is not None:
            self._node = self._started(f"--address=127.0.0.1:{self._port}")
            return []
        node = psutil.Process(self._node.pid)
        children = node.children(recursive=True)
        if not any(_has_title(each, "ray::work_on") for each in children):
            return []
        return [*children, node]

    def own_seconds(self) -> float:
        """Processor time of what runs beside the tasks."""
        tree = processes_of(psutil.Process(self._head.pid))
        return seconds_of(
            each for each in tree if not _has_title(each, "ray::work_on", "ray::IDLE")
        )

    def close(self) -> None:
        for node in (self._node, self._head):
            with suppress(psutil.NoSuchProcess):
                for each in psutil.Process(node.pid).children(recursive=True):
                    with suppress(psutil.NoSuchProcess):
                        each.kill()
            node.kill()
            node.wait()


def processes_of(process: psutil.Process) -> list[psutil.Process]:
    """A process and all that it started."""
    return [process, *process.children(recursive=True)]


def seconds_of(processes: Iterable[psutil.Process]) -> float:
    """Processor time of processes and of their children that ended."""
    times = [each.cpu_times() for each in processes]
    return sum(sum(each[:4]) for each in times)


def _has_title(process: psutil.Process, *titles: str) -> bool:
    """Whether Ray calls a process so: by its task, or idle after one."""
    with suppress(psutil.Error):
        return "".join(process.cmdline()).startswith(titles)
    return False


def _is_open(port: int) -> bool:
    with closing(socket.socket()) as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextmanager
def victims_of(kind: str, folder: Path) -> Iterator[tuple[str, Victims]]:
    """What `--workers` names, and what dies at each kill."""
    if kind == "worker":
        yield str(WORKERS), _one_worker
        return
    with closing(RayCluster(folder)) as cluster:
        yield cluster.address, cluster.one_actor if kind == "actor" else cluster.second_node


def main() -> None:
    """Entry of `python -m tests.indexing.bulk.kills`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kind", choices=("worker", "actor", "node"))
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--photos", type=int, default=320)
    arguments = parser.parse_args()
    report = Report(arguments.kind, arguments.photos)
    with (
        own_server() as server,
        tempfile.TemporaryDirectory(prefix="kills-", dir="/tmp") as name,
        victims_of(arguments.kind, Path(name)) as (workers, victims),
    ):
        kill_during_runs(Path(name), server, workers, victims, report, arguments.kills)
    print(json.dumps(asdict(report)))
    sys.exit(not report.same)


if __name__ == "__main__":
    main()
