"""Many clients at once against a server of its own; the last line of output is JSON.

    python -m tests.load.run [--clients 32] [--seconds 60] [--rate 1200/minute] [--products 320]

Every client searches with photos, browses and asks for similar products without a pause. Ends
with 1 when an answer was none of 200, 429 and 503, or when the server's memory grew.
"""

import argparse
import asyncio
import json
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path
from subprocess import Popen

import httpx2
import numpy as np

from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import open_collection
from search_app.cli.demo import draw_demo
from segmentation.classes import GARMENT_CLASSES
from tests.fakes import FakeEmbedder, draw_photo
from tests.load.server import megabytes, served
from tests.ports import free_port

ALLOWED = frozenset({200, 429, 503})
WARM_UP = 4
"""Requests of each client before the measured time."""
GROWTH = 1.1
"""Memory in the last quarter may be so many times that of the second: the first warms up."""
COLOURS = ("red", "blue", "green", "black", "orange", "purple")


@dataclass
class Tally:
    """What the clients saw."""

    statuses: Counter[str] = field(default_factory=Counter)
    search_ms: list[float] = field(default_factory=list)
    memory_mb: list[float] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """The figures of a run; `photo_searches` counts those that were answered with 200."""

    clients: int
    seconds: float
    statuses: dict[str, int]
    photo_searches: int
    search_p50_ms: float
    search_p95_ms: float
    memory_mb_second_quarter: float
    memory_mb_last_quarter: float
    ok: bool


def run_load(
    data: Path, photos: list[bytes], clients: int, seconds: float, rate: str,
    drawn: float | None = None,
) -> Report:  # fmt: skip
    """Serve `data`, run the clients for some seconds and return their figures."""
    port = free_port()
    with served(data, port, drawn, APPAREL_RATE_LIMIT=rate) as process:
        tally = asyncio.run(_clients(port, process, photos, clients, seconds))
        alive = process.poll() is None
    return _report(tally, clients, seconds, alive)


async def _clients(
    port: int, process: "Popen[bytes]", photos: list[bytes], clients: int, seconds: float
) -> Tally:
    tally = Tally()
    limits = httpx2.Limits(max_connections=clients)
    async with httpx2.AsyncClient(
        base_url=f"http://127.0.0.1:{port}", timeout=60, limits=limits
    ) as http:
        choices = [random.Random(seed) for seed in range(clients)]
        await asyncio.gather(*(_warm_up(http, rng, photos, tally) for rng in choices))
        until = time.monotonic() + seconds
        asking = [ask(http, rng, photos, until, tally) for rng in choices]
        await asyncio.gather(_watch_memory(process, until, tally), *asking)
    return tally


async def _warm_up(
    http: httpx2.AsyncClient, rng: random.Random, photos: list[bytes], tally: Tally
) -> None:
    """Ask a few times, however long that takes: memory is compared from then on."""
    for _ in range(WARM_UP):
        await _ask_once(http, rng, photos, tally)


async def ask(
    http: httpx2.AsyncClient, rng: random.Random, photos: list[bytes], until: float, tally: Tally
) -> None:
    while time.monotonic() < until:
        await _ask_once(http, rng, photos, tally)


async def _ask_once(
    http: httpx2.AsyncClient, rng: random.Random, photos: list[bytes], tally: Tally
) -> None:
    try:
        status = await _one_request(http, rng, photos, tally)
    except httpx2.HTTPError as error:
        status = type(error).__name__
    tally.statuses[status] += 1
    if status != "200":
        # Not Retry-After: these clients are rude, only not so much as to starve themselves.
        await asyncio.sleep(0.05)


async def _one_request(
    http: httpx2.AsyncClient, rng: random.Random, photos: list[bytes], tally: Tally
) -> str:
    kind = rng.random()
    if kind < 0.5:
        started = time.monotonic()
        files = {"photo": ("q.jpg", rng.choice(photos))}
        answer = await http.post("/api/v1/search", files=files)
        if answer.status_code == 200:
            tally.search_ms.append((time.monotonic() - started) * 1000)
    elif kind < 0.6:
        answer = await http.post("/search", files={"photo": ("q.jpg", rng.choice(photos))})
        if answer.status_code == 303:
            answer = await http.get(answer.headers["location"])
    else:
        paths = ("/", "/catalogue", "/api/v1/products", "/api/v1/facets", "/readyz", "/metrics")
        answer = await http.get(rng.choice(paths))
    return str(answer.status_code)


async def _watch_memory(process: "Popen[bytes]", until: float, tally: Tally) -> None:
    while time.monotonic() < until:
        tally.memory_mb.append(megabytes(process))
        await asyncio.sleep(0.2)


def _report(tally: Tally, clients: int, seconds: float, alive: bool) -> Report:
    quarter = max(1, len(tally.memory_mb) // 4)
    before = max(tally.memory_mb[quarter : 2 * quarter], default=0.0)
    after = max(tally.memory_mb[-quarter:], default=0.0)
    p50, p95 = np.percentile(tally.search_ms or [0.0], [50, 95])
    expected = {int(status) for status in tally.statuses if status.isdigit()} <= ALLOWED
    failed = any(not status.isdigit() for status in tally.statuses)
    return Report(
        clients=clients,
        seconds=seconds,
        statuses=dict(tally.statuses),
        photo_searches=len(tally.search_ms),
        search_p50_ms=round(float(p50), 1),
        search_p95_ms=round(float(p95), 1),
        memory_mb_second_quarter=round(before, 1),
        memory_mb_last_quarter=round(after, 1),
        ok=alive and expected and not failed and after <= before * GROWTH,
    )


def drawn_catalogue(folder: Path) -> tuple[Path, list[bytes]]:
    """A data folder made with `FakeEmbedder`, and photos to search it with."""
    rows = []
    for garment_class in GARMENT_CLASSES:
        for colour in COLOURS:
            name = f"{colour}-{garment_class.label}.png"
            draw_photo(folder / name, colour, garment_class)
            rows.append(ProductRow(name, name, (name,), brand=colour))
    collection = open_collection(folder / "data", FakeEmbedder())
    collection.index(Feed(rows=tuple(rows), folder=folder))
    collection.close()
    return folder / "data", [(folder / row.id).read_bytes() for row in rows]


def real_catalogue(folder: Path, count: int) -> tuple[Path, list[bytes]]:
    """The demo catalogue indexed with the shipped networks, and its photos."""
    from catalog.feeds.reader import read_source
    from indexing.embedding.wiring import load_embedder

    feed = draw_demo(folder / "demo", count)
    collection = open_collection(folder / "data", load_embedder())
    collection.index(read_source(feed))
    collection.close()
    photos = sorted((folder / "demo").rglob("*.jpg"))[:20]
    return folder / "data", [photo.read_bytes() for photo in photos]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--rate", default="1200/minute", help="what APPAREL_RATE_LIMIT shall be")
    parser.add_argument("--products", type=int, default=320, help="of the drawn catalogue")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        data, photos = real_catalogue(Path(folder), arguments.products)
        report = run_load(data, photos, arguments.clients, arguments.seconds, arguments.rate)
    print(json.dumps(asdict(report)))
    sys.exit(not report.ok)


if __name__ == "__main__":
    main()
