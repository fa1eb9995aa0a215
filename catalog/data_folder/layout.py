"""Names of the files that this program writes into a data folder.

Backup and restore touch only these; a file that matches no pattern is somebody else's.
"""

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from catalog.errors import BackupError
from catalog.models import DATABASE_NAME

INDEX: Final = "index"
UPGRADE: Final = "upgrade"
RESTORING: Final = ".restoring"
SERVER_LOCK: Final = "server.lock"
IMPORT_LOCK: Final = "import.lock"
RESERVE: Final = "reserve"
LOCAL_TOKEN: Final = "local-token"
"""Token with which this machine's own user may write (`search_app.security.local_token`)."""
_HEX: Final = "[0-9a-f]"
_PHOTO: Final = r"[^/]+\.(jpe?g|png|webp)"
_BACKED_UP: Final = {
    "photos": rf"{_HEX}{{2}}/{_HEX}{{64}}\.jpg",
    "fetched": rf"{_HEX}{{2}}/{_HEX}{{64}}\.(photo|json)",
    "uploads": rf"{_HEX}{{64}}\.photo",
    "imports": rf"{_HEX}{{16}}/.+",
    "encoders": r"[^/]+\.(safetensors|json)",
    "samples": _PHOTO,
    "demo": rf"products\.csv|(photos|samples)/{_PHOTO}",
}
"""Top-level folder -> pattern of the files in it that a backup contains."""
_NOT_BACKED_UP: Final = {
    INDEX: r"lock|\.?(upper|whole|lower)[-.][^/]+",
    UPGRADE: rf"{re.escape(DATABASE_NAME)}(-wal|-shm|-journal)?|{SERVER_LOCK}",
    RESTORING: r".+",
}
"""Folders whose files can be rebuilt, or are leftovers of a killed command."""
_FOLDERS: Final = {
    name: re.compile(pattern, re.DOTALL)
    for name, pattern in {**_BACKED_UP, **_NOT_BACKED_UP}.items()
}
_BACKED_UP_FILES: Final = frozenset({"rejects.csv"})
_FILES: Final = _BACKED_UP_FILES | {
    DATABASE_NAME,
    *(f"{DATABASE_NAME}-{suffix}" for suffix in ("wal", "shm", "journal")),
    SERVER_LOCK,
    IMPORT_LOCK,
    LOCAL_TOKEN,
    RESERVE,
}
_TEMPORARY: Final = re.compile(r"\.(?P<name>[^/]+)\.[a-z0-9_]{8}")
"""Temporary names of `catalog.files.publishing`."""


def is_ours(name: str) -> bool:
    """Whether this program writes a path, relative to the data folder, with forward slashes."""
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        return False
    if len(parts) == 1:
        return name in _FILES or (is_temporary(name) and is_ours(_published_name(name)))
    pattern = _FOLDERS.get(parts[0])
    if pattern is None:
        return False
    inner = "/".join(parts[1:])
    return bool(pattern.fullmatch(inner) or pattern.fullmatch(_published_name(inner)))


def is_backed_up(name: str) -> bool:
    """Whether a backup contains this file, besides the database."""
    top = name.partition("/")[0]
    has_backup = name in _BACKED_UP_FILES or top in _BACKED_UP
    return is_ours(name) and has_backup and not is_temporary(name)


def is_named_by_content(name: str) -> bool:
    """Whether a backup contains this file, and its name can be nobody's choice.

    Samples, demo photos and encoders have names that people's own files may have.
    """
    return is_backed_up(name) and name.startswith(("photos/", "fetched/", "uploads/", "imports/"))


def is_temporary(name: str) -> bool:
    """Whether a path is a temporary file of `catalog.files.publishing`."""
    return bool(_TEMPORARY.fullmatch(name.rpartition("/")[2]))


def _published_name(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    match = _TEMPORARY.fullmatch(last)
    return f"{folder}{slash}{match['name']}" if match else name


def own_files(data: Path) -> Iterator[str]:
    """Sorted names of this program's files below the data folder.

    A top-level folder may be a symbolic link to another disk, which is followed.

    Raises:
        BackupError: a link is broken, or lies deeper in one of the folders.
    """
    for path in sorted(data.iterdir()) if data.is_dir() else ():
        if path.is_file() and is_ours(path.name):
            yield path.name
    for top in sorted(_FOLDERS):
        yield from (name for name in _files_below(data, top) if is_ours(name))


def clear_folder(data: Path, top: str) -> None:
    """Remove this program's files of a top-level folder, which may be a link to another disk.

    The folder goes too if it is empty then and no link.
    """
    for name in [each for each in _files_below(data, top) if is_ours(each)]:
        (data / name).unlink(missing_ok=True)
    with suppress(OSError):
        (data / top).rmdir()


def foreign_files(data: Path) -> Iterator[str]:
    """Names of other files and folders below the data folder.

    Raises:
        BackupError: see `own_files`.
    """
    for path in sorted(data.iterdir()) if data.is_dir() else ():
        if path.name in _FOLDERS and (path.is_dir() or path.is_symlink()):
            yield from (name for name in _files_below(data, path.name) if not is_ours(name))
        elif not is_ours(path.name) or not path.is_file():
            yield path.name


def _files_below(data: Path, top: str) -> Iterator[str]:
    folder = data / top
    if folder.is_symlink() and not folder.is_dir():
        raise BackupError(f"{folder} is a link to no folder; mount its disk or remove it")
    for root, folders, files in os.walk(folder):
        folders.sort()
        for name in sorted([*files, *folders]):
            path = Path(root) / name
            if path.is_symlink():
                raise BackupError(f"{path} is a symbolic link; put what it leads to in its place")
            if path.is_file():
                yield path.relative_to(data).as_posix()
