"""The indexing pipeline: prefetch, embed, write batches; each stage is timed."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Final

from catalog.database import Database
from catalog.importing.records import PendingPhoto
from catalog.photos import PhotoStore
from indexing.bulk.content_cache import PhotoGarments, indexed_garments
from indexing.bulk.reader import read_ahead
from indexing.bulk.records import CommittedBatch, IndexedPhoto, ReadPhoto, SkippedPhoto
from indexing.bulk.writer import write_batch
from indexing.clock import StageClock
from indexing.types import Embedder

BATCH: Final = 16
"""Photos that go through the models, and into the database, together."""
AHEAD: Final = 2
"""Batches in flight: one is written while the models process the next."""

GarmentsByHash = dict[str, PhotoGarments]
"""SHA-256 of a photo's bytes -> its garments."""


def index_photos(
    pending: Iterable[PendingPhoto],
    embedder: Embedder,
    database: Database,
    model_id: int,
    store: PhotoStore,
    clock: StageClock,
) -> Generator[CommittedBatch, None, None]:
    """Index photos batch by batch; each batch is committed when it is yielded.

    Threads decode in advance (`reader`), one thread runs the models, this one writes. At most
    `AHEAD` batches and the decoded photos are in memory.
    """
    with closing(read_ahead(pending, store, clock)) as photos:
        yield from index_read_photos(photos, embedder, database, model_id, clock)


def index_read_photos(
    photos: Iterator[ReadPhoto | SkippedPhoto],
    embedder: Embedder,
    database: Database,
    model_id: int,
    clock: StageClock,
) -> Generator[CommittedBatch, None, None]:
    """Index decoded photos batch by batch; see `index_photos`."""
    under_way: deque[_Batch] = deque()
    with ThreadPoolExecutor(1, thread_name_prefix="models") as models:
        while True:
            while len(under_way) < AHEAD and (read := _next(photos, clock)):
                known = _look_up(read, database, model_id, clock)
                # Results of batches in flight, which precede this one on the models' thread.
                earlier = [batch.results for batch in under_way]
                results = models.submit(_garments_by_hash, read, known, earlier, embedder, clock)
                under_way.append(_Batch(read, results))
            if not under_way:
                return
            batch = under_way.popleft()
            with clock.timing("wait for models"):
                outcomes = batch.outcomes()
            with clock.timing("write"), database.batch_transaction() as session:
                committed = write_batch(session, model_id, outcomes)
            yield committed


def _next(
    photos: Iterator[ReadPhoto | SkippedPhoto], clock: StageClock
) -> list[ReadPhoto | SkippedPhoto]:
    with clock.timing("wait for reader"):
        return list(islice(photos, BATCH))


def _by_content(read: list[ReadPhoto | SkippedPhoto]) -> dict[str, ReadPhoto]:
    """One photo for each SHA-256 among those read."""
    return {photo.sha256: photo for photo in read if isinstance(photo, ReadPhoto)}


def _look_up(
    read: list[ReadPhoto | SkippedPhoto], database: Database, model_id: int, clock: StageClock
) -> GarmentsByHash:
    """Garments in the database for photos with the same bytes."""
    with clock.timing("look up"), database.session() as session:
        return indexed_garments(session, model_id, _by_content(read).keys())


@dataclass(frozen=True, eq=False)
class _Batch:
    """Photos between reading and writing, with the future garments of each one's bytes."""

    read: list[ReadPhoto | SkippedPhoto]
    results: Future[GarmentsByHash]

    def outcomes(self) -> list[IndexedPhoto | SkippedPhoto]:
        """The outcome of each photo, in order; waits for the models."""
        results = self.results.result()
        return [
            photo if isinstance(photo, SkippedPhoto) else results[photo.sha256].outcome_for(photo)
            for photo in self.read
        ]


def _garments_by_hash(
    read: list[ReadPhoto | SkippedPhoto],
    known: GarmentsByHash,
    earlier: list[Future[GarmentsByHash]],
    embedder: Embedder,
    clock: StageClock,
) -> GarmentsByHash:
    """Garments of all photos of a batch; runs on the models' thread.

    Args:
        known: garments from the database, for some of the photos.
        earlier: results of batches not yet written, which are done when this one starts.
    """
    photos = _by_content(read)
    results = dict(known)
    for each in earlier:
        done = each.result()
        results |= {sha256: done[sha256] for sha256 in photos.keys() & done.keys()}
    new = [photo for sha256, photo in photos.items() if sha256 not in results]
    if new:
        with clock.timing("embed"):
            results |= _embed(new, embedder)
    return results


def _embed(photos: list[ReadPhoto], embedder: Embedder) -> GarmentsByHash:
    embedded = embedder.embed([photo.photo for photo in photos])
    dimension = embedder.fingerprint.dimension
    return {
        photo.sha256: PhotoGarments.of_embedded(each, dimension)
        for photo, each in zip(photos, embedded, strict=True)
    }
