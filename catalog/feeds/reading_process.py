"""Read a feed in a separate process, so that a slow cell delays no request.

A regular expression holds the interpreter's lock while it runs. The process has limits of CPU
time and memory and is stopped together with its job.
"""

import resource
import signal
import tempfile
from collections.abc import Callable
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Final

from catalog.errors import CatalogError, FeedError
from catalog.feeds.reader import read_source
from catalog.feeds.rows import Feed, FieldMap

READING_SECONDS: Final = 600
"""Processor time of one feed; a million rows take about two minutes."""
READING_MEMORY: Final = 8_000_000_000
"""Bytes of address space."""
_CHECK_SECONDS: Final = 0.5


def read_in_process(
    source: Path,
    folder: Path,
    fields: FieldMap,
    check: Callable[[], None],
    encoding: str | None = None,
) -> Feed:
    """Run `read_source` in a separate process.

    Args:
        folder: for the rows of a large feed, as long as it is used; the caller deletes it.
        check: called twice a second; may raise to stop the reading.
        encoding: the file's encoding, where detection is wrong.

    Raises:
        FeedError: as `read_source`, or the process exceeded its time or memory.
    """
    context = get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    child = context.Process(
        target=_read, args=(sender, source, folder, fields, READING_SECONDS, encoding), daemon=True
    )
    child.start()
    sender.close()
    try:
        while not receiver.poll(_CHECK_SECONDS):
            check()
        read = receiver.recv()
    except EOFError as error:
        raise FeedError(
            f"{source.name} cannot be read within {READING_SECONDS // 60} minutes and "
            f"{READING_MEMORY // 10**9} GB; split it"
        ) from error
    finally:
        child.kill()
        child.join()
        receiver.close()
    if isinstance(read, Feed):
        return read
    assert isinstance(read, Exception)
    raise read


def _read(
    sender: Connection,
    source: Path,
    folder: Path,
    fields: FieldMap,
    seconds: int,
    encoding: str | None = None,
) -> None:
    # Ctrl+C is for the process that waits, which stops this one.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    tempfile.tempdir = str(folder)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_AS, (READING_MEMORY, READING_MEMORY))
    with suppress(MemoryError):
        try:
            sender.send(read_source(source, fields, encoding))
        except (CatalogError, OSError) as error:
            sender.send(error)
