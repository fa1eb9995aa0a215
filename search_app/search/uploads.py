"""Uploads and their size limits; samples instead of one.

multipart file -> bounded bytes -> decoded photo -> StoredQuery (`query_store`)
"""

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from fastapi import UploadFile
from PIL import Image

from catalog.fetching.fetch import INTERACTIVE, fetch_photo
from indexing.types import EmbeddedGarment, ModelFingerprint
from search_app.errors import SampleNotFound, UploadRefused, UploadTooLarge
from search_app.search.inference import InferenceLine
from search_app.search.query_photo import Pick, QueryPhoto
from segmentation.photos import Photo, find_photos

SHOWN_SIDE: Final = 1280
"""Longest side of the query photo as it is shown back."""
SAMPLES_SHOWN: Final = 8


@dataclass(frozen=True, eq=False)
class StoredQuery:
    """An embedded query photo and its JPEG without metadata, for the pages.

    `model` computed its vectors, which are comparable with no other model's.
    `regions` are garments that the visitor made: drawn regions or several garments together.
    """

    query: QueryPhoto
    jpeg: bytes
    model: ModelFingerprint
    regions: tuple[tuple[Pick, EmbeddedGarment], ...] = ()


def upload_bytes(upload: UploadFile | None, limit: int) -> bytes:
    """The bytes of an upload. Raises UploadRefused without one, UploadTooLarge."""
    if upload is None or not (upload.filename or upload.size):
        raise UploadRefused("no_photo", "no photo came with the request; choose one first")
    data = upload.file.read(limit + 1)
    check_size(data, limit)
    return data


async def fetched_bytes(url: str, limit: int, fetches: InferenceLine) -> bytes:
    """Return the bytes of a photo at a public address.

    Args:
        fetches: separate threads, so that slow hosts delay nothing else.
    Raises:
        Busy: too many addresses are being fetched.
        FetchError: the address is not public, or no photo of at most `limit` bytes is there.
    """
    wait = replace(INTERACTIVE, bytes=min(limit, INTERACTIVE.bytes))
    return await fetches.run(lambda: fetch_photo(url, wait))


def check_size(data: bytes, limit: int, what: str = "photo") -> None:
    """Refuse more than `limit` bytes. Raises UploadTooLarge."""
    if len(data) > limit:
        raise UploadTooLarge(f"the {what} is larger than {limit / 1e6:.0f} MB; save it smaller")


def shown_jpeg(photo: Photo) -> bytes:
    """Encode the photo as a JPEG without metadata, at most `SHOWN_SIDE` on its long side."""
    picture = Image.fromarray(photo)
    picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=86, optimize=True)
    return buffer.getvalue()


class Samples:
    """The sample photos for visitors, from the first folder that exists."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        folder = next((folder for folder in folders if folder.is_dir()), None)
        found = find_photos(folder) if folder else []
        self._files = {path.name: path for path in found[:SAMPLES_SHOWN]}

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._files)

    def file(self, name: str) -> Path:
        """The sample of this name, never another file. Raises SampleNotFound."""
        if name not in self._files:
            raise SampleNotFound("there is no such sample photo; choose one that is shown")
        return self._files[name]
