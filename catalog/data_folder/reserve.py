"""Disk space held back, so that a catalogue can be opened and thinned when the disk is full.

SQLite needs room for its log to open a database. Removing frees photos, but only after a commit
that needs room itself. The file DATA/reserve is given up for that, and written again later.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from catalog.data_folder.layout import RESERVE

RESERVE_BYTES: Final = 4_000_000
"""Size to which SQLite's log grows before it starts again."""
_OPENING_BYTES: Final = 100_000
"""Size of SQLite's log and its index while nothing is written."""
_PLENTY: Final = 8 * RESERVE_BYTES


def keep_reserve(data: Path) -> None:
    """Write the reserve, unless it is whole or the disk has little room or is read-only."""
    path = data / RESERVE
    with suppress(OSError):
        disk = os.statvfs(data)
        if _size(path) >= RESERVE_BYTES or disk.f_bavail * disk.f_frsize < _PLENTY:
            return
        handle = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
        try:
            os.posix_fallocate(handle, 0, RESERVE_BYTES)
        finally:
            os.close(handle)


def give_up_reserve(data: Path) -> bool:
    """Free the reserve; return whether there was one."""
    try:
        (data / RESERVE).unlink()
    except OSError:
        return False
    return True


def room_to_open(data: Path) -> bool:
    """Whether SQLite can make its log, for which a part of the reserve is given up.

    Where it cannot, it does not always fail: on small disks its process may be killed (SIGBUS).
    """
    disk = os.statvfs(data)
    return disk.f_bavail * disk.f_frsize >= _OPENING_BYTES or shorten_reserve(data)


def shorten_reserve(data: Path) -> bool:
    """Free so much of the reserve as opening a database takes; return whether there was that."""
    path = data / RESERVE
    left = _size(path) - _OPENING_BYTES
    try:
        if left >= 0:
            os.truncate(path, left)
    except OSError:
        return False
    return left >= 0


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
