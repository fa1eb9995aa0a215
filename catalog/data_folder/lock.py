"""File locks of a data folder: one for the serving process, one for imports."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from catalog.data_folder.layout import IMPORT_LOCK, SERVER_LOCK
from catalog.errors import FolderInUse


@contextmanager
def serving(data: Path, what: str) -> Iterator[None]:
    """Hold the data folder's lock, which the kernel releases when the process ends.

    A read-only folder is not locked: nothing can be changed there.

    Args:
        what: what the folder is used for, shown to a process that is refused.
    Raises:
        FolderInUse: another process holds it; the message names the process and its use.
    """
    path = data / SERVER_LOCK
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError:
        yield
        return
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(handle, 200).decode(errors="replace").strip()
            raise FolderInUse(
                f"{data} is in use ({holder}); stop that process or name another --data. Several "
                "servers share a catalogue with APPAREL_DATABASE_URL"
            ) from error
        os.ftruncate(handle, 0)
        os.write(handle, f"process {os.getpid()}, {what}".encode())
        yield
    finally:
        os.close(handle)


@contextmanager
def importing(data: Path, exclusive: bool = False) -> Iterator[None]:
    """Hold the import lock: shared by imports, exclusive for the removal of unreferenced files.

    Raises:
        FolderInUse: `exclusive`, and an import is running.
    """
    try:
        handle = os.open(data / IMPORT_LOCK, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError:
        yield
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH)
        yield
    except BlockingIOError as error:
        raise FolderInUse(f"an import into {data} is running; try again when it is done") from error
    finally:
        os.close(handle)
