"""What a child process does until a fault or a kill stops it: one command on a data folder.

Catalogue, index and files are the real ones; only the networks are stand-ins. The limits of the
index are so low that approximate indices, merges and publishing come up with a few photos.
"""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final
from unittest.mock import patch

from catalog.data_folder.backup import write_backup
from catalog.data_folder.lock import serving as holding_folder
from catalog.data_folder.restore import restore_backup
from catalog.database import newest_revision
from catalog.errors import CatalogError
from catalog.feeds.folder import read_folder
from catalog.feeds.rows import Feed, ProductRow
from catalog.importing.records import ImportOptions
from indexing.collection import open_collection
from indexing.errors import IndexingError
from indexing.index import building, class_index, vector_rows
from search_app.app import create_app
from search_app.serving import serve_app
from search_app.settings import Settings
from segmentation.errors import SegmentationError
from tests.fakes import FakeEmbedder
from tests.faults.points import Fault, Point, install

FORESEEN: Final = (CatalogError, IndexingError, SegmentationError, OSError)
"""What the command line reports in one line; any other exception is a bug."""


@dataclass(frozen=True)
class Work:
    """The folders of a sequence, its server's port and the addresses of its imported photos."""

    data: Path
    photos: Path
    backup: Path
    port: int
    addresses: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What a child reported: calls of each point, whether it finished, and what went wrong."""

    calls: Counter[Point]
    finished: bool = False
    fired: bool = False
    error: str = ""
    bug: bool = False


def index(work: Work) -> None:
    """Index the folder of photos."""
    _index(work, read_folder(work.photos), ImportOptions())


def prune(work: Work) -> None:
    """Index the folder and remove the products whose photos are gone."""
    _index(work, read_folder(work.photos), ImportOptions(prune_all=True))


def import_(work: Work) -> None:
    """Import a feed whose photos are fetched."""
    rows = tuple(ProductRow(name, name, (address,)) for name, address in work.addresses)
    _index(work, Feed(rows, name="shop.csv"), ImportOptions(allow_private_hosts=True))


def _index(work: Work, feed: Feed, options: ImportOptions) -> None:
    with closing(open_collection(work.data, FakeEmbedder())) as collection:
        collection.index(feed, options=options)


def rebuild(work: Work) -> None:
    """Rebuild attributes and indices."""
    with closing(open_collection(work.data, FakeEmbedder())) as collection:
        collection.rebuild()


def backup(work: Work) -> None:
    """Write the backup anew."""
    write_backup(work.data, work.backup)


def restore(work: Work) -> None:
    """Bring back the backup."""
    restore_backup(work.backup, work.data, force=True)


def serve(work: Work) -> None:
    """Serve until killed."""
    settings = Settings(
        data=work.data, port=work.port, rate_limit="off", insecure_local_writes=True
    )
    with (
        holding_folder(work.data, "serve"),
        closing(open_collection(work.data, FakeEmbedder())) as collection,
    ):
        serve_app(create_app(settings, collection), settings, {"version": 1})


OPERATIONS: Final[dict[str, Callable[[Work], None]]] = {
    "index": index,
    "import": import_,
    "prune": prune,
    "rebuild": rebuild,
    "backup": backup,
    "restore": restore,
}
"""Those that faults break; `serve` is killed only."""


newest_revision()  # read once, in the process that all children are forked from


@contextmanager
def lowered_limits() -> Iterator[None]:
    """Let a few vectors be enough for approximate indices and merges."""
    with (
        patch.object(building, "EXACT_LIMIT", 10),
        patch.multiple(class_index, EXACT_LIMIT=10, MIN_DELTA=4),
        patch.multiple(vector_rows, MAX_LOG_LENGTH=12, MIN_PRUNED=1),
    ):
        yield


def run_child(sending: Connection, name: str, work: Work, fault: Fault | None) -> None:
    """Run an operation with a fault and report; the entry of the child process."""
    with lowered_limits():
        _run(sending, name, work, fault)


def _run(sending: Connection, name: str, work: Work, fault: Fault | None) -> None:
    sending.send(None)  # started: a kill strikes from now on
    faults = install(fault)
    in_threads: list[str] = []
    threading.excepthook = lambda failed: in_threads.append(repr(failed.exc_value))
    try:
        (serve if name == "serve" else OPERATIONS[name])(work)
        bugs = ", ".join(in_threads)
        outcome = Outcome(faults.calls, not bugs, faults.fired, error=bugs, bug=bool(bugs))
    except FORESEEN as error:
        outcome = Outcome(faults.calls, fired=faults.fired, error=repr(error))
    except Exception as error:
        outcome = Outcome(faults.calls, fired=faults.fired, error=repr(error), bug=True)
    sending.send(outcome)
