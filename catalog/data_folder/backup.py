"""`apparel backup`: the data folder as one tar file.

The archive holds the folder's files without the index, which can be rebuilt, then a copy of the
database by SQLite's backup API, then backup.json with the SHA-256 of each file. The server may run
meanwhile: photos are copied before the database, and those added in the meantime after it, so that
every photo the copied database refers to is in the archive.
"""

import hashlib
import json
import sqlite3
import tarfile
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import IO, Final

from catalog.data_folder.layout import foreign_files, is_backed_up, own_files
from catalog.data_folder.working_folder import working_folder
from catalog.errors import BackupError
from catalog.files import file_sha256, publishing
from catalog.models import DATABASE_NAME

MANIFEST: Final = "backup.json"
FORMAT: Final = 2
_MAX_LISTED: Final = 20


@dataclass(frozen=True)
class BackupSummary:
    """Contents of a backup.

    Attributes:
        files: number of files beside the database.
        bytes: size of the tar file.
        left_out: entries of the data folder that are not this program's, at most 20.
        keys: API keys that work where it was restored; 0 when written.
        sources: synchronised sources whose schedule was stopped there.
    """

    files: int
    bytes: int
    created_at: str
    left_out: tuple[str, ...] = ()
    keys: int = 0
    sources: int = 0


def write_backup(data: Path, target: Path) -> BackupSummary:
    """Copy a data folder into one tar file, which appears only when complete.

    Raises:
        BackupError: the target lies in the data folder, or a symbolic link cannot be followed.
        OSError: something cannot be read or written.
    """
    if target.resolve().is_relative_to(data.resolve()):
        raise BackupError(f"{target} lies in the data folder itself; name a file elsewhere")
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    left_out = tuple(islice(foreign_files(data), _MAX_LISTED))
    target.parent.mkdir(parents=True, exist_ok=True)
    with working_folder(target.parent) as folder:
        unfinished = folder / "backup.tar"
        with tarfile.open(unfinished, "w") as archive:
            hashes = _add_all(archive, data, folder, created_at)
        with publishing(target) as published:
            unfinished.replace(published)
    return BackupSummary(len(hashes), target.stat().st_size, created_at, left_out)


def _add_all(archive: tarfile.TarFile, data: Path, folder: Path, created_at: str) -> dict[str, str]:
    """Add files, database and manifest; name -> SHA-256 of each file."""
    hashes = _add_files(archive, data, {})
    snapshot = folder / DATABASE_NAME
    _copy_database(data / DATABASE_NAME, snapshot)
    hashes |= _add_files(archive, data, hashes)
    archive.add(snapshot, DATABASE_NAME)
    manifest = {
        "format": FORMAT,
        "created_at": created_at,
        "files": hashes,
        "database_sha256": file_sha256(snapshot),
    }
    (folder / MANIFEST).write_text(json.dumps(manifest))
    archive.add(folder / MANIFEST, MANIFEST)
    return hashes


def _add_files(archive: tarfile.TarFile, data: Path, known: dict[str, str]) -> dict[str, str]:
    """Add the files that are not in `known`; name -> SHA-256 of each added file."""
    added = {}
    for name in own_files(data):
        if name in known or not is_backed_up(name):
            continue
        try:
            with (data / name).open("rb") as file:
                info = archive.gettarinfo(arcname=name, fileobj=file)
                reader = _HashingReader(file)
                archive.addfile(info, reader)
        except FileNotFoundError:  # removed since it was listed
            continue
        added[name] = reader.hash.hexdigest()
    return added


class _HashingReader:
    """A reader that hashes the bytes it passes on, so that each file is read once."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.hash = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read up to `size` bytes."""
        data = self._file.read(size)
        self.hash.update(data)
        return data


def _copy_database(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"{source.resolve().as_uri()}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)
