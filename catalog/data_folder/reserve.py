"""Disk space held back, so that products can be removed when the disk is full.

Removing frees photos, but only after a commit that itself needs room for SQLite's log. The file
DATA/reserve is given up for that, and written again once there is room.
"""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from catalog.data_folder.layout import RESERVE

RESERVE_BYTES: Final = 4_000_000
"""As much as SQLite's log grows to before it starts again."""
_PLENTY: Final = 8 * RESERVE_BYTES


def keep_reserve(data: Path) -> None:
    """Write the reserve, unless it exists or the disk has little room or is read-only."""
    path = data / RESERVE
    with suppress(OSError):
        disk = os.statvfs(data)
        if path.exists() or disk.f_bavail * disk.f_frsize < _PLENTY:
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
