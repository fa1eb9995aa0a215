"""Photos to index in, the same with their files there out, in order: threads fetch ahead.

A photo that lies on the disk passes at once. One that cannot be fetched passes with its refusal;
the reader makes a skip of it.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from itertools import islice
from typing import Final

from catalog.errors import FetchError
from catalog.fetch import FetchLimits, PhotoFetcher
from catalog.fetched import FetchedPhotos
from catalog.files import file_sha256
from catalog.importer import ImportSummary, PendingPhoto, Refusal
from indexing.stages import StageClock

FETCH_THREADS: Final = 8
FETCH_AHEAD: Final = 64
"""Photos fetched at most before they are asked for; they wait on the disk, not in memory."""


Fetch = Callable[[PendingPhoto, PhotoFetcher], PendingPhoto]


def photos_to_index(
    imported: ImportSummary, fetched: FetchedPhotos, limits: FetchLimits, clock: StageClock
) -> Generator[PendingPhoto, None, None]:
    """The pending photos, then those of the refreshed ones that have changed."""
    if any(photo.url is not None for photo in imported.pending):
        yield from fetch_ahead(imported.pending, fetched, limits, clock)
    else:
        yield from imported.pending
    if imported.to_refresh:
        yield from changed_since(imported.to_refresh, fetched, limits, clock)


def fetch_ahead(
    pending: Iterable[PendingPhoto], fetched: FetchedPhotos, limits: FetchLimits, clock: StageClock
) -> Generator[PendingPhoto, None, None]:
    """Fetch what has an address and no file yet."""

    def fetch(photo: PendingPhoto, fetcher: PhotoFetcher) -> PendingPhoto:
        # The first of several products with this photo may have fetched it by now.
        if photo.url is None or photo.path.is_file():
            return photo
        with clock.timing("fetch"):
            return _fetch(photo, photo.url, fetcher, fetched)

    yield from _in_order(pending, fetch, limits)


def changed_since(
    known: Iterable[PendingPhoto], fetched: FetchedPhotos, limits: FetchLimits, clock: StageClock
) -> Generator[PendingPhoto, None, None]:
    """Ask again for photos that were fetched before; only those with other bytes pass.

    One that cannot be had now stays as it was indexed.
    """

    def fetch(photo: PendingPhoto, fetcher: PhotoFetcher) -> PendingPhoto:
        if photo.url is None:
            return photo
        with clock.timing("fetch"):
            return _fetch(photo, photo.url, fetcher, fetched)

    for photo in _in_order(known, fetch, limits):
        # Compared with the database, not with the file before: a run that was killed after
        # fetching has changed the file alone.
        if file_sha256(photo.path) not in (None, photo.sha256):
            yield replace(photo, refusal=None)


def _fetch(
    photo: PendingPhoto, url: str, fetcher: PhotoFetcher, fetched: FetchedPhotos
) -> PendingPhoto:
    try:
        answer = fetcher.fetch(url, fetched.validators(url))
    except FetchError as error:
        return replace(photo, refusal=Refusal(error.code, str(error)))
    if answer is not None:
        fetched.save(url, answer)
    return photo


def _in_order(
    photos: Iterable[PendingPhoto], fetch: Fetch, limits: FetchLimits
) -> Generator[PendingPhoto, None, None]:
    """Each photo through `fetch`, `FETCH_AHEAD` of them in advance; equal addresses once."""
    remaining = iter(photos)
    waiting: deque[tuple[PendingPhoto, Future[PendingPhoto]]] = deque()
    under_way: dict[str | None, Future[PendingPhoto]] = {}
    fetcher = PhotoFetcher(limits)
    pool = ThreadPoolExecutor(FETCH_THREADS, thread_name_prefix="fetcher")
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
            answer = future.result()
            under_way.pop(photo.url, None)
            yield replace(photo, refusal=answer.refusal)
    finally:
        # First the fetcher: it wakes the threads that wait for their turn.
        fetcher.close()
        pool.shutdown(cancel_futures=True)
