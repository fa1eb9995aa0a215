"""Prefetch the photos to index on several threads, preserving their order.

Local photos pass at once. A photo that cannot be fetched passes with its refusal, which the reader
turns into a skip.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from itertools import islice
from typing import Final

from catalog.database import Database
from catalog.errors import FetchError
from catalog.fetching.fetch import PhotoFetcher
from catalog.fetching.host_slots import shared_slots
from catalog.fetching.hosts import FetchLimits
from catalog.fetching.store import FetchedPhotos
from catalog.files import file_sha256
from catalog.importing.records import ImportSummary, PendingPhoto, Refusal
from indexing.clock import StageClock

FETCH_THREADS: Final = 8
FETCH_AHEAD: Final = 64
"""Photos fetched in advance; they wait on disk, not in memory."""


Fetch = Callable[[PendingPhoto, PhotoFetcher], PendingPhoto]


@dataclass(frozen=True, eq=False)
class Fetching:
    """Destination of fetched photos, and the limits that all processes on a database share."""

    fetched: FetchedPhotos
    limits: FetchLimits
    database: Database


def photos_to_index(
    imported: ImportSummary, fetching: Fetching, clock: StageClock
) -> Generator[PendingPhoto, None, None]:
    """The pending photos, then the refreshed ones that have changed."""
    yield from fetch_ahead(imported.pending, fetching, clock)
    if imported.to_refresh:
        yield from changed_since(imported.to_refresh, fetching, clock)


def fetch_ahead(
    pending: Sequence[PendingPhoto], fetching: Fetching, clock: StageClock
) -> Generator[PendingPhoto, None, None]:
    """Fetch photos that have a URL and no file yet."""
    if all(photo.url is None for photo in pending):
        yield from pending
        return

    def needs_fetch(url: str) -> bool:
        # The first of several products with this photo may have fetched it by now.
        return not fetching.fetched.is_here(url)

    yield from _fetched(pending, needs_fetch, fetching, clock)


def changed_since(
    known: Iterable[PendingPhoto], fetching: Fetching, clock: StageClock
) -> Generator[PendingPhoto, None, None]:
    """Revalidate fetched photos; yield those whose bytes have changed.

    A photo that cannot be fetched now counts as unchanged.
    """
    for photo in _fetched(known, lambda url: True, fetching, clock):
        # Compared with the database, not with the earlier file: a killed run may have fetched
        # the file without indexing it.
        if file_sha256(photo.path) not in (None, photo.sha256):
            yield replace(photo, refusal=None)


def _fetched(
    photos: Iterable[PendingPhoto],
    needs_fetch: Callable[[str], bool],
    fetching: Fetching,
    clock: StageClock,
) -> Generator[PendingPhoto, None, None]:
    """Photos in order, each fetched if needed, with the refusal where that fails."""

    def fetch(photo: PendingPhoto, fetcher: PhotoFetcher) -> PendingPhoto:
        if photo.url is None or not needs_fetch(photo.url):
            return photo
        try:
            with clock.timing("fetch"):
                response = fetcher.fetch(photo.url, fetching.fetched.validators(photo.url))
                if response is not None:
                    fetching.fetched.save(photo.url, response)
        except FetchError as error:
            return replace(photo, refusal=Refusal(error.code, str(error)))
        return photo

    yield from _in_order(photos, fetch, fetching)


def _in_order(
    photos: Iterable[PendingPhoto], fetch: Fetch, fetching: Fetching
) -> Generator[PendingPhoto, None, None]:
    """Map `fetch` over photos, up to `FETCH_AHEAD` in advance; equal URLs are fetched once."""
    remaining = iter(photos)
    waiting: deque[tuple[PendingPhoto, Future[PendingPhoto]]] = deque()
    under_way: dict[str | None, Future[PendingPhoto]] = {}
    with (
        shared_slots(fetching.database, fetching.limits) as shared,
        ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetcher") as pool,
        PhotoFetcher(fetching.limits, shared=shared) as fetcher,
    ):
        try:
            while True:
                for photo in islice(remaining, FETCH_AHEAD - len(waiting)):
                    future = under_way.get(photo.url) if photo.url else None
                    if future is None:
                        future = under_way[photo.url] = pool.submit(fetch, photo, fetcher)
                    waiting.append((photo, future))
                if not waiting:
                    return
                photo, future = waiting.popleft()
                fetched = future.result()
                under_way.pop(photo.url, None)
                yield replace(photo, refusal=fetched.refusal)
        finally:
            # The fetcher, which is closed next, wakes the threads that wait for a slot.
            for _, future in waiting:
                future.cancel()
