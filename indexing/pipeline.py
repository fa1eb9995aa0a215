"""Photos to index in, committed batches out: read ahead, embed, write, each stage timed."""

from collections import deque
from collections.abc import Collection, Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Final

from catalog.database import Database
from catalog.importer import PendingPhoto
from catalog.photos import PhotoStore
from indexing.errors import IndexingError
from indexing.reader import read_ahead
from indexing.records import BulkEmbedder, EmbeddedPhoto, TimedEmbedder
from indexing.stages import (
    CommittedBatch,
    GarmentRecord,
    IndexedPhoto,
    ReadPhoto,
    SkippedPhoto,
    StageClock,
    skipped,
)
from indexing.writer import known_photos, write_batch

BATCH: Final = 16
"""Photos that go through the models, and into the database, together."""
AHEAD: Final = 2
"""Batches on their way: one is written while the models look at the next."""


def index_photos(
    pending: Iterable[PendingPhoto],
    embedder: BulkEmbedder,
    database: Database,
    model_id: int,
    store: PhotoStore,
    clock: StageClock,
) -> Generator[CommittedBatch, None, None]:
    """Index photos batch by batch; each is committed when it is given out.

    Readers decode ahead (`reader`), one thread runs the models, this one writes. At most
    `AHEAD` batches and what is read ahead are in memory, however many photos there are.
    """
    answers: dict[str, _Answer] = {}
    under_way: deque[_Batch] = deque()
    with (
        closing(read_ahead(pending, store, clock)) as photos,
        ThreadPoolExecutor(1, thread_name_prefix="models") as models,
    ):
        while True:
            while len(under_way) < AHEAD and (read := _next(photos, clock)):
                known = _known(read, database, model_id, clock)
                seen = known.keys() | {sha256 for batch in under_way for sha256 in batch.new}
                new = {
                    sha256: photo
                    for sha256, photo in _by_content(read).items()
                    if sha256 not in seen
                }
                embedded = models.submit(_embed, list(new.values()), embedder, clock)
                under_way.append(_Batch(read, known, frozenset(new), embedded))
            if not under_way:
                return
            batch = under_way.popleft()
            with clock.timing("wait for models"):
                # Bytes that came twice in a row are in the batch before.
                answers = answers | batch.known | batch.embedded.result()
            with clock.timing("write"), database.transaction() as session:
                committed = write_batch(session, model_id, batch.outcomes(answers))
            answers = {sha256: answers[sha256] for sha256 in batch.contents}
            yield committed


def _next(
    photos: Iterator[ReadPhoto | SkippedPhoto], clock: StageClock
) -> list[ReadPhoto | SkippedPhoto]:
    with clock.timing("wait for reader"):
        return list(islice(photos, BATCH))


def _by_content(read: list[ReadPhoto | SkippedPhoto]) -> dict[str, ReadPhoto]:
    """One photo for each SHA-256 among those read."""
    return {photo.sha256: photo for photo in read if isinstance(photo, ReadPhoto)}


def _known(
    read: list[ReadPhoto | SkippedPhoto], database: Database, model_id: int, clock: StageClock
) -> "dict[str, _Answer]":
    """What the database says of bytes that it knows already: they are not embedded again."""
    with clock.timing("look up"), database.session() as session:
        known = known_photos(session, model_id, _by_content(read).keys())
    return {
        sha256: _Answer(photo.height or 1, photo.width or 1, garments)
        for sha256, (photo, garments) in known.items()
    }


@dataclass(frozen=True, eq=False)
class _Batch:
    """Photos between reading and writing; `new` names the bytes that the models look at."""

    read: list[ReadPhoto | SkippedPhoto]
    known: "dict[str, _Answer]"
    new: frozenset[str]
    embedded: "Future[dict[str, _Answer]]"

    @property
    def contents(self) -> Collection[str]:
        """SHA-256 of every photo that could be read."""
        return _by_content(self.read).keys()

    def outcomes(self, answers: "dict[str, _Answer]") -> list[IndexedPhoto | SkippedPhoto]:
        """What becomes of each photo, in order."""
        return [
            photo if isinstance(photo, SkippedPhoto) else answers[photo.sha256].outcome_for(photo)
            for photo in self.read
        ]


class _Answer:
    """What the models say of some bytes, whatever products show them."""

    def __init__(self, height: int, width: int, garments: tuple[GarmentRecord, ...]) -> None:
        self._height = height
        self._width = width
        self._garments = garments

    def outcome_for(self, photo: ReadPhoto) -> IndexedPhoto | SkippedPhoto:
        """The photo with these garments, or skipped when there are none."""
        if not self._garments:
            reason = "no garment was found on the photo; use one that shows the garment larger"
            return skipped(photo.pending, photo.sha256, "segment", "no_garment", reason)
        return IndexedPhoto(
            photo.pending, photo.sha256, photo.stored, self._height, self._width, self._garments
        )


def _embed(
    photos: list[ReadPhoto], embedder: BulkEmbedder, clock: StageClock
) -> dict[str, _Answer]:
    """SHA-256 -> answer; runs on the models' thread."""
    if not photos:
        return {}
    pixels = [photo.photo for photo in photos]
    with clock.timing("embed"):
        if isinstance(embedder, TimedEmbedder):
            embedded = embedder.embed_timed(pixels, clock)
        else:
            embedded = embedder.embed(pixels)
    return {
        photo.sha256: _answer_of(each, embedder.fingerprint.dimension)
        for photo, each in zip(photos, embedded, strict=True)
    }


def _answer_of(photo: EmbeddedPhoto, dimension: int) -> _Answer:
    for garment in photo.garments:
        if garment.vector.shape != (dimension,):
            raise IndexingError(
                f"the encoder gave {garment.vector.shape} numbers, its fingerprint says "
                f"{dimension}; a bug in the encoder"
            )
    return _Answer(
        photo.height,
        photo.width,
        tuple(
            GarmentRecord.from_embedded(garment, photo.height, photo.width)
            for garment in photo.garments
        ),
    )
