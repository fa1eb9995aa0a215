"""Photos to index in, committed batches out: read ahead, embed, write, each stage timed."""

from collections.abc import Generator, Iterable
from contextlib import closing
from itertools import islice
from typing import Final

from catalog.database import Database
from catalog.importer import PendingPhoto
from catalog.photos import PhotoStore
from indexing.errors import IndexingError
from indexing.reader import read_ahead
from indexing.records import EmbeddedPhoto, Embedder
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

BATCH: Final = 8
"""Photos that go through the models, and into the database, together."""


def index_photos(
    pending: Iterable[PendingPhoto],
    embedder: Embedder,
    database: Database,
    model_id: int,
    store: PhotoStore,
    clock: StageClock,
) -> Generator[CommittedBatch, None, None]:
    """Index photos batch by batch; each is committed when it is given out."""
    with closing(read_ahead(pending, store, clock)) as photos:
        while True:
            with clock.timing("wait for reader"):
                batch = list(islice(photos, BATCH))
            if not batch:
                return
            outcomes = _outcomes(batch, embedder, database, model_id, clock)
            with clock.timing("write"), database.transaction() as session:
                committed = write_batch(session, model_id, outcomes)
            yield committed


def _outcomes(
    batch: list[ReadPhoto | SkippedPhoto],
    embedder: Embedder,
    database: Database,
    model_id: int,
    clock: StageClock,
) -> list[IndexedPhoto | SkippedPhoto]:
    """What becomes of each photo; bytes that are known already are not embedded again."""
    read = {photo.sha256: photo for photo in batch if isinstance(photo, ReadPhoto)}
    with clock.timing("look up"), database.session() as session:
        known = known_photos(session, model_id, read.keys())
    new = [photo for sha256, photo in read.items() if sha256 not in known]
    with clock.timing("embed"):
        embedded = _embed(new, embedder)
    answers = {
        sha256: _Answer(photo.height or 1, photo.width or 1, garments)
        for sha256, (photo, garments) in known.items()
    } | embedded
    return [
        photo if isinstance(photo, SkippedPhoto) else answers[photo.sha256].outcome_for(photo)
        for photo in batch
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


def _embed(photos: list[ReadPhoto], embedder: Embedder) -> dict[str, _Answer]:
    if not photos:
        return {}
    embedded = embedder.embed([photo.photo for photo in photos])
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
