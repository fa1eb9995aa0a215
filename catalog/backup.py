"""A data folder in, one tar file out, and back; both safe to stop at any moment.

In the file: every file of the data folder but the indices, which are only a cache, then the
database as SQLite's own backup gives it, then backup.json. The server may go on meanwhile: photos
are copied before the database, and those that came in between once more after it, so that
whatever the copied database names is there.
"""

import json
import shutil
import sqlite3
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from catalog.errors import BackupError
from catalog.files import file_sha256, publishing
from catalog.models import DATABASE_NAME

MANIFEST: Final = "backup.json"
FORMAT: Final = 1
CACHE: Final = "index"
"""Made anew from the database when the folder is opened."""
_UNFINISHED: Final = ".restoring"
_REPLACED: Final = ".replaced"


@dataclass(frozen=True)
class BackupSummary:
    """What a backup holds: files beside the database, bytes of all, when it was made."""

    files: int
    bytes: int
    created_at: str


def write_backup(data: Path, target: Path) -> BackupSummary:
    """Copy a data folder into one file, which appears whole at the end.

    Raises:
        BackupError: the target lies in the data folder.
        OSError: something cannot be read or written.
    """
    if target.resolve().is_relative_to(data.resolve()):
        raise BackupError(f"{target} lies in the data folder itself; name a file elsewhere")
    created_at = datetime.now(UTC).isoformat(timespec="seconds")
    with (
        publishing(target) as unfinished,
        tempfile.TemporaryDirectory(prefix="apparel-backup-") as folder,
        tarfile.open(unfinished, "w") as archive,
    ):
        copied = _add_files(archive, data, set())
        snapshot = Path(folder) / DATABASE_NAME
        _copy_database(data / DATABASE_NAME, snapshot)
        copied |= _add_files(archive, data, copied)
        archive.add(snapshot, DATABASE_NAME)
        manifest = {
            "format": FORMAT,
            "created_at": created_at,
            "files": len(copied),
            "database_sha256": file_sha256(snapshot),
        }
        (Path(folder) / MANIFEST).write_text(json.dumps(manifest))
        archive.add(Path(folder) / MANIFEST, MANIFEST)
    return BackupSummary(len(copied), target.stat().st_size, created_at)


def restore_backup(source: Path, data: Path, force: bool = False) -> BackupSummary:
    """Make a data folder of a backup. Works where the folder itself is a mount.

    Args:
        force: replace a catalogue that is there already.
    Raises:
        BackupError: no backup, a damaged one, a catalogue is there, or a server has it open.
    """
    if (data / DATABASE_NAME).exists():
        if not force:
            raise BackupError(f"{data} has a catalogue; --force replaces it, --data names another")
        _check_unused(data / DATABASE_NAME)
    unfinished = data / _UNFINISHED
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        summary = _unpack(source, unfinished)
        _swap(unfinished, data)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    return summary


def _add_files(archive: tarfile.TarFile, data: Path, known: set[str]) -> set[str]:
    added = set()
    for path in _files_to_keep(data):
        name = path.relative_to(data).as_posix()
        if name in known:
            continue
        try:
            archive.add(path, name, recursive=False)
        except FileNotFoundError:  # removed since it was listed
            continue
        added.add(name)
    return added


def _files_to_keep(data: Path) -> Iterator[Path]:
    for path in sorted(data.rglob("*")):
        first = path.relative_to(data).parts[0]
        is_ours = first == CACHE or first.startswith(DATABASE_NAME)
        hidden = any(part.startswith(".") for part in path.relative_to(data).parts)
        if path.is_file() and not path.is_symlink() and not is_ours and not hidden:
            yield path


def _copy_database(source: Path, target: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{source}?mode=ro", uri=True)) as live,
        closing(sqlite3.connect(target)) as copy,
    ):
        live.backup(copy)


def _check_unused(database: Path) -> None:
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        try:
            # Every open connection in WAL mode holds a lock that this one excludes.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise BackupError(f"{database} is in use; stop the server first") from error


def _unpack(source: Path, folder: Path) -> BackupSummary:
    try:
        with tarfile.open(source, "r:") as archive:
            # "data": no path outside, no links, no devices.
            archive.extractall(folder, filter="data")
        manifest = json.loads((folder / MANIFEST).read_text())
        (folder / MANIFEST).unlink()
        summary = BackupSummary(manifest["files"], source.stat().st_size, manifest["created_at"])
        is_known = manifest["format"] == FORMAT
        wanted = manifest["database_sha256"]
    except (tarfile.TarError, ValueError, KeyError, TypeError, FileNotFoundError) as error:
        raise BackupError(f"{source} is no whole backup ({error}); take another") from error
    if not is_known:
        raise BackupError(f"{source} was made by a newer version; update Apparel Search")
    if file_sha256(folder / DATABASE_NAME) != wanted:
        raise BackupError(f"the database in {source} is damaged; take another backup")
    return summary


def _swap(new: Path, data: Path) -> None:
    """Move the old entries aside and the new ones in, the database last; then drop the old."""
    old = data / _REPLACED
    shutil.rmtree(old, ignore_errors=True)
    old.mkdir()
    # Databases first: while files change there is no catalogue, rather than half of one.
    leaving = sorted(data.iterdir(), key=lambda path: not path.name.startswith(DATABASE_NAME))
    for path in leaving:
        if path not in (new, old):
            path.rename(old / path.name)
    arriving = sorted(new.iterdir(), key=lambda path: path.name == DATABASE_NAME)
    for path in arriving:
        path.rename(data / path.name)
    shutil.rmtree(old)
