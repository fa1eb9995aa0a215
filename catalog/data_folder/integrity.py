"""Check that a data folder's database is present and complete.

A database of 0 bytes or a truncated one would count as new, and the indices be emptied to match.
"""

from pathlib import Path
from typing import Final

from catalog.errors import DatabaseError
from catalog.models import DATABASE_NAME

_HEADER: Final = b"SQLite format 3\0"
_DEPENDENT_FILES: Final = ("photos/*/*.jpg", "index/*.json", "uploads/*.photo", "fetched/*/*.photo")
_REMEDY: Final = (
    "bring it back with `apparel restore BACKUP --data DIR`, "
    "or move the folder away and index again"
)


def check_integrity(data: Path) -> None:
    """Raise DatabaseError where the database is missing beside its files, empty or truncated.

    Reads the file's header only; `verify` checks all of the database.
    """
    path = data / DATABASE_NAME
    if not path.is_file():
        if any(next(data.glob(pattern), None) is not None for pattern in _DEPENDENT_FILES):
            raise DatabaseError(f"{data} has photos or indices but no database; {_REMEDY}")
        return
    with path.open("rb") as file:
        header = file.read(100)
    size = path.stat().st_size
    if not size:
        if _log_size(path):
            return
        raise DatabaseError(f"{path} is empty; {_REMEDY}")
    if not header.startswith(_HEADER):
        raise DatabaseError(f"{path} is not a database; {_REMEDY}")
    if size < _size_in_header(header) and not _log_size(path):
        raise DatabaseError(f"{path} is cut off; {_REMEDY}")


def _log_size(path: Path) -> int:
    """Bytes of SQLite's write-ahead log, which may hold pages that the file still lacks."""
    log = path.with_name(f"{path.name}-wal")
    return log.stat().st_size if log.is_file() else 0


def _size_in_header(header: bytes) -> int:
    """File size in bytes according to the header; 0 where it has none."""
    if header[24:28] != header[92:96]:  # written by a version of SQLite without a page count
        return 0
    page = int.from_bytes(header[16:18], "big")
    return (65536 if page == 1 else page) * int.from_bytes(header[28:32], "big")
