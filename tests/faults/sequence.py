"""Seeded sequences of operations, each broken by a fault or a kill, and what must hold after each.

The folder is opened as at the next start. What was acknowledged before is there, every indexed
photo has one garment and one vector, `verify` finds nothing once unreferenced files are swept, and
opening takes at most five seconds of processor time.
"""

import multiprocessing
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from math import inf
from pathlib import Path
from typing import Final

from sqlalchemy import func, select

from catalog.models import DATABASE_NAME, GarmentRow, Product
from indexing.collection import Collection, open_collection
from tests.fakes import FakeEmbedder, draw_photo
from tests.faults.clients import Clients
from tests.faults.operations import OPERATIONS, Outcome, Work, lowered_limits, run_child
from tests.faults.points import KILLED, KINDS, Fault, Point
from tests.photo_server import Answer, PhotoServer, serving
from tests.ports import free_port

PHOTOS: Final = 9
IMPORTED: Final = 3
SERVED_SECONDS: Final = 0.5
"""A server is killed within so long, of its start or, mostly, of its first answer."""
STARTING: Final = 0.2
"""Share of the servers that are killed near their start."""
START_SECONDS: Final = 5.0
POINTS: Final[dict[str, tuple[Point, ...]]] = {
    "index": ("fsync", "rename", "commit"),
    "import": ("fsync", "rename", "commit", "network"),
    "prune": ("fsync", "rename", "commit"),
    "rebuild": ("fsync", "rename", "commit"),
    "backup": ("fsync", "rename"),
    "restore": ("fsync", "rename"),
}
Products = frozenset[str]
Strike = Fault | float | None
"""A fault at a named point, a `kill -9` so many seconds after the start, or neither."""


@dataclass
class Report:
    """What a sequence did: faults and kills that struck by name, problems, slowest start.

    The start is in seconds of processor time; `answered` counts changes that killed servers had
    acknowledged.
    """

    struck: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    answered: int = 0
    slowest_start: float = 0.0
    problems: list[str] = field(default_factory=list)


def run_faults(folder: Path, count: int, seed: int, seconds: float = inf) -> Report:
    """Break operations, chosen by the seed, until `count` faults have struck or time is up."""
    until = time.monotonic() + seconds
    with _sequence(folder, seed) as sequence:
        while sequence.report.struck.total() < count and time.monotonic() < until:
            sequence.break_one()
    return sequence.report


def run_kills(
    folder: Path, count: int, seed: int, names: Sequence[str], seconds: float = inf
) -> Report:
    """Kill each of the named operations, in turn, `count` times at random moments."""
    until = time.monotonic() + seconds
    with _sequence(folder, seed) as sequence:
        for place in range(count):
            for name in names:
                while (
                    sequence.report.struck[f"{name}: kill -9"] <= place and time.monotonic() < until
                ):
                    sequence.kill_one(name)
    return sequence.report


@contextmanager
def _sequence(folder: Path, seed: int) -> Iterator["_Sequence"]:
    with lowered_limits(), serving() as server:
        yield _Sequence(folder, random.Random(seed), server)


class _Sequence:
    """The folders of one run, what was acknowledged in them, and the report."""

    def __init__(self, folder: Path, rng: random.Random, server: PhotoServer) -> None:
        self.report = Report()
        self._folder = folder
        self._work = Work(folder / "data", folder / "photos", folder / "shop.backup", free_port())
        self._rng = rng
        self._server = server
        self._there: Products = frozenset()
        self._saved: set[Products] = set()
        """What the backup may hold: one set, or two after a backup that failed."""
        self._calls: dict[str, Counter[Point]] = {}
        self._seconds: dict[str, float] = {}
        self._number = 0
        # Not one of the folder's photos: a prune may have taken it away.
        self._sent = folder / "sent.png"
        draw_photo(self._sent, (180, 60, 120), notch=3)
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.faults.sequence"])
        for name in ("index", "import", "backup", "restore", "prune", "rebuild") * 2:
            self._run(name, None)

    def break_one(self) -> None:
        """Run one operation with one fault."""
        name = self._rng.choice(list(OPERATIONS))
        point = self._rng.choice(POINTS[name])
        calls = max(1, self._calls[name][point])
        self._run(name, Fault(point, self._rng.randint(1, calls), self._rng.choice(KINDS)))

    def kill_one(self, name: str) -> None:
        """Run an operation and kill it, a while after as long as it last took at most."""
        self._run(name, self._rng.uniform(0, self._seconds.get(name, SERVED_SECONDS)))

    def _run(self, name: str, strike: Strike) -> None:
        self._number += 1
        wanted = self._prepare(name)
        outcome, clients = self._child(name, strike)
        if outcome.fired:
            kind = "kill -9" if isinstance(strike, float) else f"{strike}".rsplit(" ", 1)[0]
            self.report.struck[f"{name}: {kind}"] += 1
        self.report.finished += outcome.finished
        self.report.answered += len(clients.added | clients.removed)
        told = f"{self._number} {name}, {strike}: "
        if outcome.bug or (outcome.error and not outcome.fired):
            self.report.problems.append(told + outcome.error)
        if outcome.finished:
            self._calls[name] = outcome.calls
        found = self._check(name, wanted, outcome, clients)
        self.report.problems += [told + each for each in (*found, *clients.problems)]

    def _prepare(self, name: str) -> Products:
        """Make work for an operation; return the products there are once it is done."""
        photos = self._work.photos
        if name == "prune":
            present = sorted(photos.glob("*.png"))
            for path in self._rng.sample(present, max(0, min(2, len(present) - 4))):
                path.unlink()
        elif name == "index":
            for place in range(PHOTOS):
                if not (photos / f"{place:02}.png").exists() or self._rng.random() < 0.3:
                    self._draw(photos / f"{place:02}.png")
        elif name == "import":
            self._publish()
        in_folder = {path.name for path in photos.glob("*.png")}
        imported = {each for each, _ in self._work.addresses}
        by_name = {
            "index": self._there | in_folder,
            "prune": frozenset(in_folder | {each for each in self._there if each[0] in "su"}),
            "import": self._there | imported,
        }
        return frozenset(by_name.get(name, self._there))

    def _draw(self, path: Path) -> None:
        colour = (self._rng.randrange(256), self._rng.randrange(200), 120)
        draw_photo(path, colour, notch=self._rng.randrange(20))

    def _publish(self) -> None:
        """Put photos on the server, some of them under a new address."""
        addresses = dict(self._work.addresses)
        for place in range(IMPORTED):
            name = f"u{place}"
            if name not in addresses or self._rng.random() < 0.4:
                path = f"/{name}-{self._number}.png"
                drawn = self._folder / "served.png"
                self._draw(drawn)
                self._server.answers[path] = Answer(drawn.read_bytes())
                addresses[name] = self._server.url(path)
        work = self._work
        self._work = replace(work, addresses=tuple(addresses.items()))

    def _child(self, name: str, strike: Strike) -> tuple[Outcome, Clients]:
        """Run an operation in a process of its own, struck or not."""
        fault = strike if isinstance(strike, Fault) else None
        receiving, sending = self._context.Pipe(duplex=False)
        process = self._context.Process(target=run_child, args=(sending, name, self._work, fault))
        process.start()
        sending.close()
        receiving.recv()
        started = time.monotonic()
        clients = Clients(self._work.port, f"s{self._number}", self._sent)
        with clients if name == "serve" else nullcontext():
            if name == "serve" and self._rng.random() > STARTING:
                clients.first_answer.wait()
            if isinstance(strike, float) and not receiving.poll(strike):
                process.kill()
            try:
                outcome: Outcome = receiving.recv()
            except EOFError:
                outcome = Outcome(Counter(), fired=True)
            process.join()
        if outcome.finished:
            self._seconds[name] = time.monotonic() - started
        if process.exitcode not in (0, KILLED, -signal.SIGKILL):
            outcome = Outcome(Counter(), error=f"the child ended with {process.exitcode}", bug=True)
        return outcome, clients

    def _check(
        self, name: str, wanted: Products, outcome: Outcome, clients: Clients
    ) -> Iterator[str]:
        """Open the folder as the next start does, and compare it with what was acknowledged."""
        before, expected = self._there, self._expected(name, wanted, outcome.finished, clients)
        started = time.process_time()
        with closing(open_collection(self._work.data, FakeEmbedder())) as collection:
            seconds = time.process_time() - started
            collection.sweep()
            yield from collection.verify()
            yield from _miscounts(collection)
            with collection.database.session() as session:
                self._there = frozenset(session.scalars(select(Product.id)))
        self.report.slowest_start = max(self.report.slowest_start, seconds)
        if seconds > START_SECONDS:
            yield f"the start took {seconds:.1f} s"
        if not any(least <= self._there <= most for least, most in expected):
            yield f"{sorted(before)} and {sorted(wanted)} became {sorted(self._there)}"
        if not (self._work.data / DATABASE_NAME).is_file():
            yield "there is no database"
        self._note_backup(name, before, outcome.finished)

    def _expected(
        self, name: str, wanted: Products, finished: bool, clients: Clients
    ) -> list[tuple[Products, Products]]:
        """Bounds of the products there may be: at least, at most; any pair of them."""
        if name == "restore":
            old = [] if finished else [(self._there, self._there)]
            return [*old, *((saved, saved) for saved in self._saved)]
        if name == "serve":
            return [clients.bounds(self._there)]
        if finished:
            return [(wanted, wanted)]
        return [(self._there & wanted, self._there | wanted)]

    def _note_backup(self, name: str, before: Products, finished: bool) -> None:
        if name == "backup":
            self._saved = {before} if finished else self._saved | {before}
        elif name == "restore" and finished:
            self._saved = {self._there}


def _miscounts(collection: Collection) -> Iterator[str]:
    """What is there twice or not at all: a drawn photo has one garment, a garment one vector."""
    with collection.database.session() as session:
        garments = session.scalar(select(func.count(GarmentRow.id)))
        photos = session.scalar(select(func.count(GarmentRow.photo_id.distinct())))
    searchable = sum(collection.searchable().values())
    if not photos == garments == searchable:
        yield f"{photos} photos have {garments} garments, {searchable} of them searchable"
