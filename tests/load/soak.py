"""Many clients, hostile files, cut connections and a `kill -9` now and then; prints JSON.

    python -m tests.load.soak [--clients 32] [--seconds 600] [--kill 30] [--drawn SECONDS]
        [--plot FILE.png]      (needs matplotlib)

Ends with 1 when an answer was none of 2xx, 3xx, 4xx and 503, when a product that was acknowledged
is not there at the end, or when the later lives of the server took more memory than the first.
"""

import argparse
import json
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path

import httpx2
from sqlalchemy import select

from catalog.models import Product
from indexing.collection import open_collection
from tests.fakes import FakeEmbedder
from tests.hostile_photos import hostile_files
from tests.load.run import drawn_catalogue, real_catalogue
from tests.load.server import megabytes, served
from tests.ports import free_port

GROWTH = 1.25
LEAST_LIFE = 5.0
"""Seconds; the end of the run may cut the last life shorter."""


@dataclass
class Soak:
    """What all clients saw; `lost` are acknowledged products that are gone.

    Attributes:
        memory: moments in seconds, with the megabytes of the server that ran then.
        problems: those `verify` finds after the sweep of the next start.
    """

    statuses: dict[str, int] = field(default_factory=Counter)
    acknowledged: set[str] = field(default_factory=set)
    peaks_mb: list[float] = field(default_factory=list)
    memory: list[tuple[float, float]] = field(default_factory=list)
    kills: int = 0
    lost: int = 0
    problems: list[str] = field(default_factory=list)


class _Client:
    """Sends one request after the other; a server that is down is waited for."""

    def __init__(
        self, port: int, seed: int, photos: list[bytes], hostile: list[bytes], soak: Soak
    ) -> None:
        self._http = httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)
        self._port = port
        self._rng = random.Random(seed)
        self._photos = photos
        self._hostile = hostile
        self._soak = soak
        self._name = f"client{seed}"
        self._sent = 0

    def run(self, until: float) -> None:
        while time.monotonic() < until:
            try:
                self._soak.statuses[str(self._request())] += 1
            except (httpx2.TransportError, OSError):
                self._soak.statuses["no answer"] += 1
                time.sleep(0.2)

    def _request(self) -> int:
        kind = self._rng.random()
        if kind < 0.3:
            return self._search(self._rng.choice(self._photos))
        if kind < 0.6:
            return self._search(self._rng.choice(self._hostile))
        if kind < 0.75:
            return self._add_product()
        if kind < 0.85:
            return self._cut_connection()
        paths = ("/", "/catalogue", "/api/v1/products", "/readyz", "/metrics")
        return self._http.get(self._rng.choice(paths)).status_code

    def _search(self, photo: bytes) -> int:
        return self._http.post("/api/v1/search", files={"photo": ("a.jpg", photo)}).status_code

    def _add_product(self) -> int:
        self._sent += 1
        product = f"{self._name}-{self._sent}"
        photo = ("a.jpg", self._rng.choice(self._photos))
        answer = self._http.post(
            "/api/v1/products", files={"photos": photo}, data={"id": product, "title": product}
        )
        if answer.status_code == 201:
            self._soak.acknowledged.add(product)
        return answer.status_code

    def _cut_connection(self) -> int:
        with socket.create_connection(("127.0.0.1", self._port), timeout=5) as connection:
            connection.sendall(
                b"POST /api/v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n"
                b"Content-Type: multipart/form-data; boundary=b\r\n\r\n--b\r\n"
            )
        return 0


def run_soak(
    data: Path, photos: list[bytes], clients: int, seconds: float, kill: float, drawn: float | None
) -> Soak:
    """Serve `data` again and again, each time for `kill` seconds, under all clients."""
    soak, port = Soak(), free_port()
    hostile = [file.data for file in hostile_files().values()]
    started = time.monotonic()
    until = started + seconds
    with ThreadPoolExecutor(clients) as pool:
        running = [
            pool.submit(_Client(port, seed, photos, hostile, soak).run, until)
            for seed in range(clients)
        ]
        while time.monotonic() < until:
            environment = {
                "APPAREL_RATE_LIMIT": "6000/minute",
                "APPAREL_INSECURE_LOCAL_WRITES": "true",
            }
            with served(data, port, drawn, **environment) as process:
                _watch(process, soak, started, min(until, time.monotonic() + kill))
                process.kill()
                soak.kills += 1
    for each in running:
        each.result()
    _check(data, soak, drawn)
    return soak


def _watch(process: "subprocess.Popen[bytes]", soak: Soak, started: float, until: float) -> None:
    """Note the memory of a server every second, and its peak unless it lived a moment only."""
    began = time.monotonic()
    while time.monotonic() < until:
        soak.memory.append((round(time.monotonic() - started, 1), round(megabytes(process), 1)))
        time.sleep(1)
    if time.monotonic() - began > LEAST_LIFE:
        soak.peaks_mb.append(round(megabytes(process, "VmHWM"), 1))


def plot(memory: list[tuple[float, float]], path: Path) -> None:
    """Plot the server's memory over time; needs matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 2.6), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(*zip(*memory, strict=True), ".", markersize=3, color="#205080")
    axes.set(xlabel="seconds; a kill -9 ends each life", ylabel="MB", ylim=(0, None))
    axes.grid(color="#dddddd")
    figure.savefig(path, dpi=100)


def _check(data: Path, soak: Soak, drawn: float | None) -> None:
    from indexing.embedding.wiring import load_embedder

    collection = open_collection(data, FakeEmbedder() if drawn is not None else load_embedder())
    with collection.database.session() as session:
        there = set(session.scalars(select(Product.id)))
    soak.lost = len(soak.acknowledged - there)
    collection.sweep()
    soak.problems = [str(problem) for problem in collection.verify()]
    collection.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--kill", type=float, default=30, help="seconds of each life")
    parser.add_argument("--drawn", type=float, help="no networks, but a pause of so many seconds")
    parser.add_argument("--plot", type=Path, help="PNG of the server's memory")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        if arguments.drawn is None:
            data, photos = real_catalogue(Path(folder), 100)
        else:
            data, photos = drawn_catalogue(Path(folder))
        soak = run_soak(
            data, photos, arguments.clients, arguments.seconds, arguments.kill, arguments.drawn
        )
    answers = {status for status in soak.statuses if status not in ("no answer", "0")}
    wrong = {status for status in answers if status >= "500" and status != "503"}
    half = max(1, len(soak.peaks_mb) // 2)
    flat = max(soak.peaks_mb[-half:]) <= GROWTH * max(soak.peaks_mb[:half])
    soak.statuses = dict(soak.statuses)
    report = asdict(soak) | {"acknowledged": len(soak.acknowledged), "wrong": sorted(wrong)}
    print(json.dumps(report))
    if arguments.plot:
        plot(soak.memory, arguments.plot)
    sys.exit(bool(wrong or soak.lost or soak.problems or not flat))


if __name__ == "__main__":
    main()
