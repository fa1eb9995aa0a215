"""Uploads: size limits, and query photos stored in memory.

    multipart file -> bounded bytes -> decoded photo -> StoredQuery (expires)

`QueryStore` stores the queries; `Samples` replace an upload.
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
from PIL import Image

from catalog.fetching.fetch import INTERACTIVE, fetch_photo
from indexing.types import EmbeddedGarment, ModelFingerprint
from search_app.errors import (
    BadRequest,
    QueryExpired,
    SampleNotFound,
    UploadRefused,
    UploadTooLarge,
)
from search_app.search.inference import InferenceLine
from search_app.search.query_photo import QueryPhoto
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
    regions: tuple[tuple[Hashable, EmbeddedGarment], ...] = ()


def upload_bytes(upload: UploadFile | None, limit: int) -> bytes:
    """The bytes of an uploaded photo; read where they are decoded, so that few are in memory.

    Raises:
        UploadRefused: nothing was chosen, or more than `limit` bytes came.
    """
    if upload is None or not (upload.filename or upload.size):
        raise UploadRefused("no_photo", "no photo came with the request; choose one first")
    data = upload.file.read(limit + 1)
    check_size(data, limit)
    return data


def check_one_source(upload: UploadFile | None, url: str | None) -> None:
    """Refuse neither or both of a photo and an address. Raises BadRequest."""
    if (upload is None) == (not url):
        raise BadRequest("photo", "send a photo in a form (curl -F photo=@FILE), or the url of one")


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


class QueryStore:
    """Query photos in memory by random tokens; at most `count`, the oldest are dropped first.

    A query is dropped `seconds` after its last use. Safe to use from several threads.
    """

    def __init__(self, count: int, seconds: float, clock: Callable[[], float] = monotonic) -> None:
        self._count = count
        self._seconds = seconds
        self._clock = clock
        self._queries: OrderedDict[str, tuple[float, StoredQuery]] = OrderedDict()
        self._lock = threading.Lock()

    def add(self, stored: StoredQuery) -> str:
        """Store a query and return its token."""
        token = secrets.token_urlsafe(16)
        self.put(token, stored)
        return token

    def put(self, token: str, stored: StoredQuery) -> None:
        """Store a query under this token, replacing the previous one."""
        with self._lock:
            self._queries[token] = (self._clock(), stored)
            self._queries.move_to_end(token)
            self._drop_old()

    def get(self, token: str) -> StoredQuery:
        """The query of a token; restarts its time.

        Raises:
            QueryExpired: unknown, dropped or too old.
        """
        with self._lock:
            self._drop_old()
            if token not in self._queries:
                raise QueryExpired("this photo is no longer kept; upload it again")
            _, stored = self._queries.pop(token)
            self._queries[token] = (self._clock(), stored)
            return stored

    def drop(self, token: str) -> None:
        """Delete a query."""
        with self._lock:
            self._queries.pop(token, None)

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._queries)

    def _drop_old(self) -> None:
        """Drop expired and surplus queries from the front, which has the oldest."""
        oldest = self._clock() - self._seconds
        while self._queries:
            used, _ = next(iter(self._queries.values()))
            if len(self._queries) <= self._count and used >= oldest:
                return
            self._queries.popitem(last=False)


class Samples:
    """The sample photos for visitors, from the first folder that exists."""

    def __init__(self, folders: tuple[Path, ...]) -> None:
        folder = next((folder for folder in folders if folder.is_dir()), None)
        found = find_photos(folder) if folder else []
        self._files = {path.name: path for path in found[:SAMPLES_SHOWN]}

    @property
    def names(self) -> tuple[str, ...]:
        """File names, in order."""
        return tuple(self._files)

    def file(self, name: str) -> Path:
        """The sample of this name, never another file. Raises SampleNotFound."""
        if name not in self._files:
            raise SampleNotFound("there is no such sample photo; choose one that is shown")
        return self._files[name]
