"""Temporary files of long work, which the next such work removes after a kill.

A lock shows that their process lives; the system frees it however the process ends.
"""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_PREFIX: Final = ".apparel-work-"
_NEW_SECONDS: Final = 60.0
"""A younger file may be one that its process has not locked yet."""


@contextmanager
def working_folder(parent: Path | None = None) -> Iterator[Path]:
    """A temporary folder in the system's own one, or in `parent`, removed at the end."""
    parent = parent or Path(tempfile.gettempdir())
    _remove_left(parent)
    with tempfile.TemporaryDirectory(prefix=_PREFIX, dir=parent) as name:
        handle = os.open(name, os.O_RDONLY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield Path(name)
        finally:
            os.close(handle)


def working_file() -> tuple[int, Path]:
    """A temporary file and its open handle, which holds the lock; the caller removes it."""
    _remove_left(Path(tempfile.gettempdir()))
    handle, name = tempfile.mkstemp(prefix=_PREFIX)
    fcntl.flock(handle, fcntl.LOCK_EX)
    return handle, Path(name)


def _remove_left(parent: Path) -> None:
    """Remove what killed processes of this user left in a folder."""
    for path in parent.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # held by its process, another user's, or removed meanwhile
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                about = os.fstat(handle)
                if about.st_uid == os.geteuid() and about.st_mtime < time.time() - _NEW_SECONDS:
                    shutil.rmtree(path) if path.is_dir() else path.unlink()
            finally:
                os.close(handle)
