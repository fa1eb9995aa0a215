"""`apparel restore`: a data folder from a backup file, safe to interrupt at any moment.

    check the target -> unpack and check everything in DATA/.restoring -> move the photos
    -> rename the database into place -> remove files that the backup does not have

Photos are named by their content, so moving them does not affect the existing catalogue; the
rename of the database is the one atomic switch. A process killed before it leaves the old
catalogue, one killed after it the new one, and at worst some unreferenced files.
"""

import errno
import hashlib
import json
import os
import shutil
import sqlite3
import tarfile
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from catalog.data_folder.backup import MANIFEST, BackupSummary
from catalog.data_folder.layout import (
    INDEX,
    RESTORING,
    UPGRADE,
    clear_folder,
    foreign_files,
    is_backed_up,
    is_named_by_content,
    own_files,
)
from catalog.data_folder.lock import serving
from catalog.data_folder.schema import foreign_parts, missing_columns
from catalog.errors import BackupError
from catalog.files import flush, publishing
from catalog.models import DATABASE_NAME
from catalog.photos import is_stored_name

_FORMATS: Final = (1, 2)
"""Format 1, without the hashes of the files, was written until November 2026."""
_WORK: Final = ("import_job_file", "import_job", "shard", "webhook_delivery")
"""Tables of work that a server does by itself, with the files and addresses that they name."""
_CHUNK: Final = 1 << 20
_NO_BACKUP: Final = (
    *(tarfile.TarError, ValueError, KeyError, TypeError, RecursionError),
    # A manifest that is missing; a name that is there twice, or as a file and as a folder.
    *(FileNotFoundError, FileExistsError, NotADirectoryError),
)


@dataclass(frozen=True)
class _Manifest:
    """Content of backup.json; `hashes` is None for format 1, which only has a count."""

    created_at: str
    files: int
    hashes: Mapping[str, str] | None
    database_sha256: str


def restore_backup(source: Path, data: Path, force: bool = False) -> BackupSummary:
    """Restore a data folder from a backup; the folder itself may be a mount point.

    Args:
        force: replace an existing catalogue, and restore beside foreign files, which stay.
    Raises:
        BackupError: the file is not a backup or damaged, or the folder is unsuitable or in use.
    """
    _check_target(data, force)
    data.mkdir(parents=True, exist_ok=True)
    with serving(data, "restore"):
        unpacked = data / RESTORING
        shutil.rmtree(unpacked, ignore_errors=True)
        unpacked.mkdir()
        try:
            summary = _unpack(source, unpacked)
            _replace(unpacked, data)
        finally:
            shutil.rmtree(unpacked, ignore_errors=True)
    return summary


# -- the target


def _check_target(data: Path, force: bool) -> None:
    """Raise BackupError where the restore would touch foreign files or needs `force`."""
    if data.exists() and not data.is_dir():
        raise BackupError(f"{data} is not a folder; name another --data")
    if (data / DATABASE_NAME).exists():
        if not force:
            raise BackupError(f"{data} has a catalogue; --force replaces it, --data names another")
        _check_unused(data / DATABASE_NAME)
    for name in foreign_files(data):
        inside = "/" in name
        if inside or not force:
            remedy = "move it away" if inside else "name an empty folder; --force leaves it alone"
            raise BackupError(f"{data / name} is not of a catalogue; {remedy}")
    if not force and not (data / DATABASE_NAME).exists():
        names = [*filter(is_backed_up, own_files(data))]
        # Stored photos show that a database was lost here; samples and encoders show nothing.
        if names and not any(map(is_named_by_content, names)):
            raise BackupError(
                f"{data / names[0]} may be somebody's own; name an empty folder; --force replaces "
                "files of the same name"
            )


def _check_unused(database: Path) -> None:
    if not database.is_file():
        raise BackupError(f"{database} is not a file; move it away")
    with closing(sqlite3.connect(database, timeout=0)) as connection:
        try:
            # Every open connection in WAL mode holds a lock that this one excludes.
            connection.execute("PRAGMA locking_mode = EXCLUSIVE")
            connection.execute("BEGIN EXCLUSIVE")
        except sqlite3.DatabaseError as error:
            if "locked" in str(error):
                raise BackupError(f"{database} is in use; stop the server first") from error


# -- unpacking


def _unpack(source: Path, folder: Path) -> BackupSummary:
    """Unpack a backup and check names, hashes, number of files and database."""
    try:
        with tarfile.open(source, "r:") as archive:
            hashes = {member.name: _extract(archive, member, folder, source) for member in archive}
        manifest = _read_manifest(folder / MANIFEST, source)
    except _NO_BACKUP as error:
        raise BackupError(f"{source} is not a whole backup ({error}); take another") from error
    (folder / MANIFEST).unlink()
    del hashes[MANIFEST]
    if hashes.pop(DATABASE_NAME, None) != manifest.database_sha256:
        raise BackupError(f"the database in {source} is damaged; take another backup")
    if len(hashes) != manifest.files:
        raise BackupError(f"{source} has {len(hashes)} of {manifest.files} files; take another")
    for name, sha256 in (manifest.hashes or {}).items():
        if hashes.get(name) != sha256:
            raise BackupError(f"{name} in {source} is damaged; take another backup")
    keys = _check_database(folder / DATABASE_NAME, source)
    sources = _stop_work(folder / DATABASE_NAME)
    size = source.stat().st_size
    return BackupSummary(manifest.files, size, manifest.created_at, keys=keys, sources=sources)


def _extract(archive: tarfile.TarFile, member: tarfile.TarInfo, folder: Path, source: Path) -> str:
    """Write one member to the disk; return its SHA-256."""
    name = member.name
    is_expected = name in (MANIFEST, DATABASE_NAME) or is_backed_up(name)
    # A few bytes of a sparse file may stand for gigabytes.
    if member.issparse() or not (member.isreg() and is_expected):
        raise BackupError(f"{source} holds {name[:100]!r}, which is not of a catalogue")
    target = folder / name
    target.parent.mkdir(parents=True, exist_ok=True)
    file = archive.extractfile(member)
    assert file is not None  # a regular file
    with target.open("xb") as out:
        sha256 = _copied(file, out)
        out.flush()
        os.fsync(out.fileno())
    return sha256


def _copied(source: IO[bytes], target: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(_CHUNK):
        digest.update(chunk)
        target.write(chunk)
    return digest.hexdigest()


def _read_manifest(path: Path, source: Path) -> _Manifest:
    content: dict[str, Any] = json.loads(path.read_text())
    if content["format"] not in _FORMATS:
        raise BackupError(f"{source} was made by a newer version; update Apparel Search")
    files = content["files"]
    hashes = None if isinstance(files, int) else dict(files)
    count = files if hashes is None else len(hashes)
    return _Manifest(str(content["created_at"]), count, hashes, str(content["database_sha256"]))


def _check_database(path: Path, source: Path) -> int:
    """Count the valid API keys in the database.

    Raises:
        BackupError: the database is damaged, or would do what no catalogue of ours does.
    """
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?immutable=1", uri=True)) as file:
            sound = file.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
            stored = file.execute("SELECT DISTINCT stored FROM photo WHERE stored IS NOT NULL")
            bad = [name for (name,) in stored if not is_stored_name(name)]
            foreign, missing = foreign_parts(file), missing_columns(file)
            tables = {row[0] for row in file.execute("SELECT name FROM sqlite_master")}
            keys = 0
            if "api_key" in tables:
                valid = "SELECT count(*) FROM api_key WHERE revoked_at IS NULL"
                keys = int(file.execute(valid).fetchone()[0])
    except sqlite3.DatabaseError as error:
        raise BackupError(f"the database in {source} is unusable ({error})") from error
    if not sound:
        raise BackupError(f"the database in {source} is damaged; take another backup")
    if missing:
        raise BackupError(f"the database in {source} lacks {missing[0]}; take another backup")
    if foreign:
        raise BackupError(
            f"the database in {source} has a trigger or view {foreign[0][:80]!r} that is not ours"
        )
    if bad:
        raise BackupError(f"{source} names a file {str(bad[0])[:80]!r}; it is not a backup of ours")
    return keys


def _stop_work(path: Path) -> int:
    """Drop the work that waits and stop the schedules of sources; return how many those were.

    They may be somebody else's: a folder of this machine as a source would be shown to all.
    """
    with closing(sqlite3.connect(path)) as file, file:
        tables = {row[0] for row in file.execute("SELECT name FROM sqlite_master")}
        for name in tables.intersection(_WORK):
            file.execute(f"DELETE FROM {name}")
        if "sync_source" not in tables:
            return 0
        scheduled = "sync_source SET next_run_at = NULL WHERE next_run_at IS NOT NULL"
        return file.execute(f"UPDATE {scheduled}").rowcount


# -- replacing


def _replace(unpacked: Path, data: Path) -> None:
    names = [name for name in own_files(unpacked) if name != DATABASE_NAME]
    for name in names:
        _place(unpacked / name, data / name)
    for folder in {(data / name).parent for name in names}:
        flush(folder)
    _drop_log(data / DATABASE_NAME)
    # Files of the old catalogue must not be read as those of the new one.
    clear_folder(data, UPGRADE)
    clear_folder(data, INDEX)
    (unpacked / DATABASE_NAME).replace(data / DATABASE_NAME)
    flush(data)
    restored = {*names}
    for name in list(own_files(data)):
        if is_named_by_content(name) and name not in restored:
            (data / name).unlink(missing_ok=True)


def _place(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        source.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:  # the folder is a link to another disk
            raise
        with publishing(target) as temporary:
            shutil.copyfile(source, temporary)


def _drop_log(database: Path) -> None:
    """Remove SQLite's log files of the old database, which SQLite would apply to the new one."""
    if database.exists():
        # A damaged database cannot be checkpointed; it is replaced all the same.
        with closing(sqlite3.connect(database)) as old, suppress(sqlite3.DatabaseError):
            old.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    for suffix in ("wal", "shm", "journal"):
        database.with_name(f"{database.name}-{suffix}").unlink(missing_ok=True)
    flush(database.parent)
