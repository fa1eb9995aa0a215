"""Decode photos in advance on several threads, preserving their order."""

import hashlib
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from itertools import islice
from typing import Final

from catalog.errors import BadStoredName
from catalog.files import file_sha256
from catalog.importing.records import PendingPhoto
from catalog.photos import PhotoStore
from indexing.bulk.records import ReadPhoto, SkippedPhoto
from indexing.clock import StageClock
from indexing.types import Skip
from segmentation.errors import UnreadablePhoto
from segmentation.photos import Photo, photo_bytes, read_or_none, read_photo

READER_THREADS: Final = 2
READ_AHEAD: Final = 32
"""Photos decoded in advance: two batches, under 100 MB."""


def read_ahead(
    pending: Iterable[PendingPhoto], store: PhotoStore, clock: StageClock
) -> Generator[ReadPhoto | SkippedPhoto, None, None]:
    """Decode each photo and store its reduced copy, up to `READ_AHEAD` in advance."""
    waiting: deque[Future[ReadPhoto | SkippedPhoto]] = deque()
    remaining = iter(pending)
    pool = ThreadPoolExecutor(READER_THREADS, thread_name_prefix="reader")
    try:
        for photo in islice(remaining, READ_AHEAD):
            waiting.append(pool.submit(read_one, photo, store, clock))
        while waiting:
            read = waiting.popleft().result()
            for photo in islice(remaining, 1):
                waiting.append(pool.submit(read_one, photo, store, clock))
            yield read
    finally:
        pool.shutdown(cancel_futures=True)


def read_one(
    pending: PendingPhoto, store: PhotoStore, clock: StageClock
) -> ReadPhoto | SkippedPhoto:
    """Decode one photo, or return why it cannot be decoded."""
    if pending.refusal is not None:
        refusal = pending.refusal
        return SkippedPhoto(None, Skip(pending, "fetch", refusal.code, refusal.reason))
    with clock.timing("read"):
        sha256 = None
        try:
            data = photo_bytes(pending.path)
            sha256 = hashlib.sha256(data).hexdigest()
            photo: Photo = read_photo(data)
        except UnreadablePhoto as error:
            sha256 = sha256 or file_sha256(pending.path)
            return SkippedPhoto(sha256, Skip(pending, "read", error.code, str(error)))
    with clock.timing("store"):
        return ReadPhoto(pending, sha256, store.save(photo), photo)


def readable_copy(store: PhotoStore, stored: str | None) -> Photo | None:
    """Decode a stored copy; None where it is missing or damaged."""
    with suppress(BadStoredName):
        return read_or_none(store.path(stored or ""))
    return None
