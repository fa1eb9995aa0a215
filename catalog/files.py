"""Atomic file writes (temporary file, fsync, rename) and checks of files and disk space."""

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final


@contextmanager
def publishing(path: Path, mode: int = 0o644) -> Iterator[Path]:
    """A temporary path to write to, renamed to `path` at the end.

    On an exception `path` stays unchanged and the temporary file is removed. A link stays a link.

    Args:
        mode: permissions of the published file; the temporary one is private to the user.
    Raises:
        OSError: the path is a folder, or a device or pipe, which a rename would replace.
    """
    if path.exists() and not path.is_file():
        raise OSError(errno.EINVAL, "is not an ordinary file; name another", str(path))
    path = Path(os.path.realpath(path))
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(mode)
        flush(temporary)
        temporary.replace(path)
        flush(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def flush(path: Path) -> None:
    """Call fsync on a file or a folder."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def is_file(path: Path) -> bool:
    """Whether a file exists; False for an impossible name, such as one too long."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def file_sha256(path: Path) -> str | None:
    """SHA-256 of a file's bytes in hexadecimal; None where it cannot be read."""
    if not is_file(path):
        return None
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None


def bytes_of(paths: Iterable[Path]) -> int:
    """Total size in bytes; files removed meanwhile count 0."""
    total = 0
    for path in paths:
        with suppress(FileNotFoundError):
            total += path.stat().st_size
    return total


MIN_FREE_BYTES: Final = 4_000_000
"""Bytes that a product with its photos may need."""


def can_write(folder: Path) -> bool:
    """Whether a folder can be written to and its disk has space; no file appears."""
    disk = os.statvfs(folder)
    if disk.f_bavail * disk.f_frsize < MIN_FREE_BYTES or not os.access(folder, os.W_OK):
        return False
    try:
        # A disk that turned read-only by an error says so only to those who write.
        os.close(os.open(folder, os.O_TMPFILE | os.O_WRONLY, 0o600))
    except OSError as error:
        return error.errno != errno.EROFS
    return True
