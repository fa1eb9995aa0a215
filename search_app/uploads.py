"""An upload in, a decoded photo or a kept query out; query photos never touch the disk.

    multipart file -> bounded bytes -> decoded photo -> KeptQuery (expires)

`QueryStore` keeps the queries in memory; `Samples` stand in for an upload.
"""

import io
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Final

from fastapi import UploadFile
from fastapi.concurrency import run_in_threadpool
from PIL import Image

from catalog.fetch import WHILE_SOMEBODY_WAITS, fetch_photo
from indexing.records import ModelFingerprint
from search_app.errors import BadRequest, PageNotFound, QueryExpired, UploadRefused, UploadTooLarge
from search_app.query import QueryGarment, QueryPhoto
from segmentation.photos import Photo, find_photos

SHOWN_SIDE: Final = 1280
"""Longest side of the query photo as it is shown back."""
SAMPLES_SHOWN: Final = 8


@dataclass(frozen=True, eq=False)
class KeptQuery:
    """A query photo as a page needs it: what was found, and a clean copy to show (JPEG).

    `model` made its vectors: they can be compared with no other's.
    `regions` are garments that the visitor made: a drawn region, or places taken together.
    """

    query: QueryPhoto
    jpeg: bytes
    model: ModelFingerprint
    regions: tuple[tuple[Hashable, QueryGarment], ...] = ()


async def upload_bytes(upload: UploadFile | None, limit: int) -> bytes:
    """The bytes of an uploaded photo.

    Raises:
        UploadRefused: nothing was chosen, or more than `limit` bytes came.
    """
    if upload is None or not (upload.filename or upload.size):
        raise UploadRefused("no_photo", "no photo came with the request; choose one first")
    data = await upload.read(limit + 1)
    check_size(data, limit)
    return data


async def photo_bytes(upload: UploadFile | None, url: str | None, limit: int) -> bytes:
    """The bytes of an uploaded photo, or of one at a public address.

    Raises:
        BadRequest: neither or both were given.
        UploadRefused, UploadTooLarge: the upload cannot be used.
        FetchError: the address is not public, or no photo of at most `limit` bytes is there.
    """
    if (upload is None) == (not url):
        raise BadRequest("photo: send a photo in a form (curl -F photo=@FILE), or the url of one")
    if not url:
        return await upload_bytes(upload, limit)
    wait = replace(WHILE_SOMEBODY_WAITS, bytes=min(limit, WHILE_SOMEBODY_WAITS.bytes))
    return await run_in_threadpool(fetch_photo, url, wait)


def check_size(data: bytes, limit: int, what: str = "photo") -> None:
    """Refuse more than `limit` bytes. Raises UploadTooLarge."""
    if len(data) > limit:
        raise UploadTooLarge(f"the {what} is larger than {limit / 1e6:.0f} MB; save it smaller")


def shown_jpeg(photo: Photo) -> bytes:
    """The photo as a fresh JPEG without metadata, at most `SHOWN_SIDE` on its long side."""
    picture = Image.fromarray(photo)
    picture.thumbnail((SHOWN_SIDE, SHOWN_SIDE), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=86, optimize=True)
    return buffer.getvalue()


class QueryStore:
    """Query photos in memory, under random tokens: at most `count`, the oldest go first.

    A query is dropped `seconds` after its last use. Safe to use from several threads.
    """

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._count = count
        self._seconds = seconds
        self._clock = clock
        self._kept: OrderedDict[str, tuple[float, KeptQuery]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, kept: KeptQuery) -> str:
        """Keep a query; its token."""
        token = secrets.token_urlsafe(16)
        self.put(token, kept)
        return token

    def put(self, token: str, kept: KeptQuery) -> None:
        """Keep a query under this token, instead of what was there."""
        with self._lock:
            self._kept[token] = (self._clock(), kept)
            self._kept.move_to_end(token)
            self._drop_old()

    def get(self, token: str) -> KeptQuery:
        """The query behind a token, whose time starts anew.

        Raises:
            QueryExpired: unknown, dropped or too old.
        """
        with self._lock:
            self._drop_old()
            if token not in self._kept:
                raise QueryExpired("this photo is no longer kept; upload it again")
            _, kept = self._kept.pop(token)
            self._kept[token] = (self._clock(), kept)
            return kept

    def drop(self, token: str) -> None:
        """Forget a query now."""
        with self._lock:
            self._kept.pop(token, None)

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._kept)

    def _drop_old(self) -> None:
        """Used order is age order, so only the front needs a look."""
        oldest = self._clock() - self._seconds
        while self._kept:
            used, _ = next(iter(self._kept.values()))
            if len(self._kept) <= self._count and used >= oldest:
                return
            self._kept.popitem(last=False)


class Samples:
    """The sample photos a visitor may try: those in the first folder that exists."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        folder = next((folder for folder in folders if folder.is_dir()), None)
        found = find_photos(folder) if folder else []
        self._files = {path.name: path for path in found[:SAMPLES_SHOWN]}

    @property
    def names(self) -> tuple[str, ...]:
        """File names, in order."""
        return tuple(self._files)

    def file(self, name: str) -> Path:
        """The sample of this name; no other file can be reached. Raises PageNotFound."""
        if name not in self._files:
            raise PageNotFound("there is no such sample photo; choose one that is shown")
        return self._files[name]
