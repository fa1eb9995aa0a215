"""Seeded sequences of operations, each broken by a fault, and what must hold after every one.

After each fault the folder is opened as at the next start. What was acknowledged before is there,
`verify` finds nothing once unreferenced files are swept, and opening takes at most five seconds of
processor time.
"""

import multiprocessing
import random
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from catalog.models import DATABASE_NAME, Product
from indexing.collection import open_collection
from tests.fakes import FakeEmbedder, draw_photo
from tests.faults.operations import OPERATIONS, Outcome, Work, lower_limits, run_child
from tests.faults.points import KILLED, KINDS, Fault, Point
from tests.photo_server import Answer, PhotoServer, serving

PHOTOS: Final = 12
IMPORTED: Final = 5
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


@dataclass
class Report:
    """What a sequence did: faults that struck by name, problems, slowest start in CPU seconds."""

    faults: Counter[str] = field(default_factory=Counter)
    finished: int = 0
    slowest_start: float = 0.0
    problems: list[str] = field(default_factory=list)


def run_faults(folder: Path, count: int, seed: int) -> Report:
    """Break `count` operations, chosen by the seed, and check the folder after each."""
    lower_limits()
    with serving() as server:
        sequence = _Sequence(folder, random.Random(seed), server)
        for number in range(count):
            sequence.step(number)
    return sequence.report


class _Sequence:
    """The folders of one run, what was acknowledged in them, and the report."""

    def __init__(self, folder: Path, rng: random.Random, server: PhotoServer) -> None:
        self.report = Report()
        self._folder = folder
        self._work = Work(folder / "data", folder / "photos", folder / "shop.backup")
        self._rng = rng
        self._server = server
        self._there: Products = frozenset()
        self._saved: set[Products] = set()
        """What the backup may hold: one set, or two after a backup that failed."""
        self._calls: dict[str, Counter[Point]] = {}
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["tests.faults.operations"])
        for name in ("index", "import", "backup", "restore", "prune", "rebuild"):
            self._run(name, None)

    def step(self, number: int) -> None:
        """Run one operation with one fault."""
        name = self._rng.choice(list(OPERATIONS))
        point = self._rng.choice(POINTS[name])
        calls = max(1, self._calls[name][point])
        self._run(name, Fault(point, self._rng.randint(1, calls), self._rng.choice(KINDS)), number)

    def _run(self, name: str, fault: Fault | None, number: int = 0) -> None:
        wanted = self._prepare(name, number)
        outcome = self._child(name, fault)
        if outcome.fired:
            assert fault is not None
            self.report.faults[f"{name}: {fault.kind} at {fault.point}"] += 1
        self.report.finished += outcome.finished
        told = f"{number} {name}, {fault}: "
        if outcome.bug or (outcome.error and not outcome.fired):
            self.report.problems.append(told + outcome.error)
        if outcome.finished:
            self._calls[name] = outcome.calls
        self.report.problems += [told + each for each in self._check(name, wanted, outcome)]

    def _prepare(self, name: str, number: int) -> Products:
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
            self._publish(number)
        in_folder = {path.name for path in photos.glob("*.png")}
        imported = {each for each, _ in self._work.addresses}
        by_name = {
            "index": self._there | in_folder,
            "prune": frozenset(in_folder | {each for each in self._there if each[0] == "u"}),
            "import": self._there | imported,
        }
        return frozenset(by_name.get(name, self._there))

    def _draw(self, path: Path) -> None:
        colour = (self._rng.randrange(256), self._rng.randrange(200), 120)
        draw_photo(path, colour, notch=self._rng.randrange(20))

    def _publish(self, number: int) -> None:
        """Put photos on the server, some of them under a new address."""
        addresses = dict(self._work.addresses)
        for place in range(IMPORTED):
            name = f"u{place}"
            if name not in addresses or self._rng.random() < 0.4:
                path = f"/{name}-{number}.png"
                drawn = self._folder / "served.png"
                self._draw(drawn)
                self._server.answers[path] = Answer(drawn.read_bytes())
                addresses[name] = self._server.url(path)
        work = self._work
        self._work = Work(work.data, work.photos, work.backup, tuple(addresses.items()))

    def _child(self, name: str, fault: Fault | None) -> Outcome:
        receiving, sending = self._context.Pipe(duplex=False)
        process = self._context.Process(target=run_child, args=(sending, name, self._work, fault))
        process.start()
        sending.close()
        try:
            outcome: Outcome = receiving.recv()
        except EOFError:
            outcome = Outcome(Counter(), fired=True)
        process.join()
        if process.exitcode not in (0, KILLED):
            return Outcome(Counter(), error=f"the child ended with {process.exitcode}", bug=True)
        return outcome

    def _check(self, name: str, wanted: Products, outcome: Outcome) -> Iterator[str]:
        """Open the folder as the next start does, and compare it with what was acknowledged."""
        before, expected = self._there, self._expected(name, wanted, outcome.finished)
        started = time.process_time()
        with closing(open_collection(self._work.data, FakeEmbedder())) as collection:
            seconds = time.process_time() - started
            collection.sweep()
            yield from collection.verify()
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
        self, name: str, wanted: Products, finished: bool
    ) -> list[tuple[Products, Products]]:
        """Bounds of the products there may be: at least, at most; any pair of them."""
        if name == "restore":
            old = [] if finished else [(self._there, self._there)]
            return [*old, *((saved, saved) for saved in self._saved)]
        if finished:
            return [(wanted, wanted)]
        return [(self._there & wanted, self._there | wanted)]

    def _note_backup(self, name: str, before: Products, finished: bool) -> None:
        if name == "backup":
            self._saved = {before} if finished else self._saved | {before}
        elif name == "restore" and finished:
            self._saved = {self._there}
