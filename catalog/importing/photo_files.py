"""Look-up of the file that a photo name in a feed refers to.

Names may differ from the file's in case, accents, separators or leading folders.
"""

import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from catalog.feeds.rows import ProductRow
from catalog.fetching.store import FetchedPhotos, is_url
from catalog.files import file_sha256, is_file
from catalog.models import PhotoRow
from segmentation.photos import SUFFIXES

_SUFFIXES_TRIED: Final = tuple(dict.fromkeys((".jpg", ".jpeg", ".png", ".webp", *sorted(SUFFIXES))))
_CACHED_HASHES: Final = 1_000
_LINKED_OUTSIDE: Final = "(a symbolic link out of the photos' folder; copy the photo itself there)"
"""End of a file name that never exists; the refusal of such a photo shows it."""


@dataclass(frozen=True)
class PhotoLocations:
    """Places to look for photos: a folder and the store of fetched photos.

    `chosen_by_user` looks URLs up in the folder too; `refresh` revalidates fetched photos.
    `shared_names` are last parts of several URLs: the folders before them must fit too.
    """

    folder: Path
    chosen_by_user: bool
    fetched: FetchedPhotos | None
    refresh: bool
    shared_names: frozenset[str] = frozenset()
    _outside: dict[str, bool] = field(default_factory=dict, init=False, compare=False)
    _hashes: dict[Path, str | None] = field(default_factory=dict, init=False, compare=False)

    def sha256_of(self, path: Path) -> str | None:
        """SHA-256 of a photo's bytes, as `file_sha256`; variants share photos, so it is cached."""
        if path not in self._hashes:
            if len(self._hashes) >= _CACHED_HASHES:
                self._hashes.clear()
            self._hashes[path] = file_sha256(path)
        return self._hashes[path]

    @cached_property
    def _real_folder(self) -> Path:
        return self.folder.resolve()

    def leads_outside(self, path: Path) -> bool:
        """Whether a path below the folder leads outside it by a symbolic link."""
        folder = str(path).rpartition(os.sep)[0]
        if folder not in self._outside:  # photos share folders
            self._outside[folder] = self._is_outside(path.parent)
        return self._outside[folder] or self._is_outside(path, only_link=True)

    def _is_outside(self, path: Path, only_link: bool = False) -> bool:
        try:
            if only_link and not path.is_symlink():
                return False
            if ".." in path.parts or not path.is_relative_to(self.folder):
                return False  # the feed itself names it; feeds sent over HTTP may not
            return not path.resolve().is_relative_to(self._real_folder)
        except (OSError, ValueError):
            return False

    @cached_property
    def _files(self) -> Mapping[str, list[Path]]:
        """Files below the folder, by their normalised name with and without a photo's suffix."""
        files: dict[str, list[Path]] = {}
        for path in sorted(self.folder.rglob("*")):
            name = _plain_parts(path.name)[-1]
            files.setdefault(name, []).append(path)
            if path.suffix.lower() in SUFFIXES:
                files.setdefault(name.rpartition(".")[0], []).append(path)
        return files

    def similarly_named(self, name: str, least: int = 1) -> Path | None:
        """The file whose name differs only in case, accents, separators, leading folders, suffix.

        None where there is no such file, or several match equally well. One that is just where the
        name says is better than one below further folders.

        Args:
            least: number of folders and file name that must fit.
        """
        wanted = _plain_parts(name)
        fitting: dict[tuple[int, bool], list[Path]] = {}
        for path in self._files.get(wanted[-1], ()) if wanted else ():
            own = _plain_parts(path.relative_to(self.folder).as_posix())
            shared = min(len(own), len(wanted))
            if shared >= least and own[-shared:-1] == wanted[-shared:-1]:
                fitting.setdefault((shared, shared == len(own)), []).append(path)
        best = fitting[max(fitting)] if fitting else []
        return best[0] if len(best) == 1 and best[0].is_file() else None


@dataclass(frozen=True)
class PhotoFile:
    """A photo of a row: its file, and the URL it is fetched from, if any."""

    path: Path
    url: str | None = None


def shared_names(rows: Iterable[ProductRow]) -> frozenset[str]:
    """The last parts that several URLs of the rows have, such as "front.jpg"."""
    first: dict[str, str] = {}
    shared = set()
    for row in rows:
        for path in (_path_of(name) for name in row.photos if is_url(name)):
            last = PurePosixPath(path).name
            if first.setdefault(last, path) != path:
                shared.add(last)
    return frozenset(shared)


def find_file(name: str, locations: PhotoLocations, known: list[PhotoRow]) -> tuple[str, PhotoFile]:
    """Resolve a photo name to its source name and file, which may not exist."""
    if not is_url(name):
        return _find_local(name, name, locations, known)
    if locations.chosen_by_user or locations.fetched is None:
        found = _find_address(name, locations, known)
        if is_file(found.path) or locations.fetched is None:
            return name, found
    return name, PhotoFile(locations.fetched.path(name), name)


def _find_address(name: str, locations: PhotoLocations, known: list[PhotoRow]) -> PhotoFile:
    """The file that a URL names with a folder, else by its last part alone."""
    path = PurePosixPath(*(part for part in _path_of(name).split("/") if part != ".."))
    found = _find_local(name, str(path), locations, known, least=2)[1]
    if is_file(found.path) or path.name in locations.shared_names:
        return found
    return _find_local(name, path.name, locations, known)[1]


def _path_of(url: str) -> str:
    """The path of a URL; empty where it is none."""
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return ""


def _find_local(
    name: str, local: str, locations: PhotoLocations, known: list[PhotoRow], least: int = 1
) -> tuple[str, PhotoFile]:
    path = locations.folder / local
    if locations.leads_outside(path):
        return name, PhotoFile(locations.folder / f"{path.name} {_LINKED_OUTSIDE}")
    if is_file(path):
        return name, PhotoFile(path)
    for suffix in _SUFFIXES_TRIED:
        with_suffix = path.with_name(path.name + suffix) if path.name else path
        if is_file(with_suffix) and not locations.leads_outside(with_suffix):
            return name if is_url(name) else name + suffix, PhotoFile(with_suffix)
    other = locations.similarly_named(local, least)
    if other is not None and not locations.leads_outside(other):
        return name, PhotoFile(other)
    # The file is missing now; it keeps the name under which it was imported.
    sources = {photo.source.rpartition(".")[0]: photo.source for photo in known}
    return sources.get(name, name), PhotoFile(path)


def _plain_parts(name: str) -> tuple[str, ...]:
    """Folders and file of a name, normalised across operating systems."""
    without_query = name.partition("?")[0]
    path = unicodedata.normalize("NFC", unquote(without_query).replace("\\", "/")).casefold()
    return tuple(part for part in path.split("/") if part not in ("", ".", ".."))
