"""A photo as a feed names it in, the file that it is read from out."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from catalog.fetched import FetchedPhotos, is_url
from catalog.models import Photo

_SUFFIXES_TRIED: Final = (".jpg", ".jpeg", ".png", ".webp", ".JPG", ".gif", ".bmp", ".tif", ".tiff")


@dataclass(frozen=True)
class PhotoPlaces:
    """Where photos are looked for: a folder, the fetched ones, and whether to ask again."""

    folder: Path
    named_by_person: bool
    fetched: FetchedPhotos | None
    refresh: bool


@dataclass(frozen=True)
class PhotoFile:
    """A photo of a row: the file it is read from, and the address it comes from, if any."""

    path: Path
    url: str | None = None


def find_file(name: str, place: PhotoPlaces, known: list[Photo]) -> tuple[str, PhotoFile]:
    """The source name and the file of a photo as a feed names it; the file may not exist."""
    if not is_url(name):
        return _find_local(name, name, place.folder, known)
    last_part = PurePosixPath(unquote(urlsplit(name).path)).name
    if place.named_by_person or place.fetched is None:
        found = _find_local(name, last_part, place.folder, known)[1]
        if found.path.is_file() or place.fetched is None:
            return name, found
    return name, PhotoFile(place.fetched.path(name), name)


def _find_local(name: str, local: str, folder: Path, known: list[Photo]) -> tuple[str, PhotoFile]:
    path = folder / local
    if path.is_file():
        return name, PhotoFile(path)
    for suffix in _SUFFIXES_TRIED:
        with_suffix = path.with_name(path.name + suffix)
        if with_suffix.is_file():
            return name if is_url(name) else name + suffix, PhotoFile(with_suffix)
    # The file has gone since; it keeps the name it was found by.
    sources = {photo.source.rpartition(".")[0]: photo.source for photo in known}
    return sources.get(name, name), PhotoFile(path)
