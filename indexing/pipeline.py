"""Photos to index in, committed batches out: read ahead, embed, write, each stage timed."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Final

from catalog.database import Database
from catalog.importer import PendingPhoto
from catalog.photos import PhotoStore
from indexing.answers import PhotoAnswer, known_answers
from indexing.reader import read_ahead
from indexing.records import BulkEmbedder, TimedEmbedder
from indexing.stages import CommittedBatch, IndexedPhoto, ReadPhoto, SkippedPhoto, StageClock
from indexing.whole_photos import named_classes
from indexing.writer import write_batch
from segmentation.blank import is_blank
from segmentation.classes import GarmentClass

BATCH: Final = 16
"""Photos that go through the models, and into the database, together."""
AHEAD: Final = 2
"""Batches on their way: one is written while the models look at the next."""

Answers = dict[str, PhotoAnswer]
"""SHA-256 of a photo's bytes -> what the models say of them."""


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
    under_way: deque[_Batch] = deque()
    with (
        closing(read_ahead(pending, store, clock)) as photos,
        ThreadPoolExecutor(1, thread_name_prefix="models") as models,
    ):
        while True:
            while len(under_way) < AHEAD and (read := _next(photos, clock)):
                named, known = _look_up(read, database, model_id, clock)
                # Bytes that came a moment ago: answered, or before these on the models' thread.
                earlier = [batch.answers for batch in under_way]
                answers = models.submit(
                    _answer, _Asked(read, named, known, earlier), embedder, clock
                )
                under_way.append(_Batch(read, named, answers))
            if not under_way:
                return
            batch = under_way.popleft()
            with clock.timing("wait for models"):
                outcomes = batch.outcomes()
            with clock.timing("write"), database.transaction() as session:
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
) -> tuple[dict[str, GarmentClass], Answers]:
    """What the products' words name, and what the database says of bytes that it knows already.

    These are not embedded again.
    """
    with clock.timing("look up"), database.session() as session:
        named = named_classes(session, {each.pending.product_id for each in read})
        return named, known_answers(session, model_id, _by_content(read).keys())


@dataclass(frozen=True, eq=False)
class _Asked:
    """A batch on its way to the models' thread.

    Attributes:
        named: product id -> the class that its words name.
        known: what the database says of some of the bytes.
        earlier: of the batches that are not written yet; done when the thread comes to this one.
    """

    read: list[ReadPhoto | SkippedPhoto]
    named: dict[str, GarmentClass]
    known: Answers
    earlier: list[Future[Answers]]


@dataclass(frozen=True, eq=False)
class _Batch:
    """Photos between reading and writing, with what will be known of each one's bytes."""

    read: list[ReadPhoto | SkippedPhoto]
    named: dict[str, GarmentClass]
    answers: Future[Answers]

    def outcomes(self) -> list[IndexedPhoto | SkippedPhoto]:
        """What becomes of each photo, in order; waits for the models."""
        answers = self.answers.result()
        return [
            photo
            if isinstance(photo, SkippedPhoto)
            else answers[photo.sha256].outcome_for(photo, self.named.get(photo.pending.product_id))
            for photo in self.read
        ]


def _answer(asked: _Asked, embedder: BulkEmbedder, clock: StageClock) -> Answers:
    """An answer for all bytes of a batch; runs on the models' thread."""
    photos = _by_content(asked.read)
    answers = dict(asked.known)
    for earlier in asked.earlier:
        done = earlier.result()
        answers |= {sha256: done[sha256] for sha256 in photos.keys() & done.keys()}
    new = [photo for sha256, photo in photos.items() if sha256 not in answers]
    if new:
        with clock.timing("embed"):
            answers |= _embed(new, embedder, clock)
    for photo in asked.read:
        if isinstance(photo, ReadPhoto):
            named = asked.named.get(photo.pending.product_id)
            answers[photo.sha256] = _with_whole(
                answers[photo.sha256], photo, named, embedder, clock
            )
    return answers


def _embed(photos: list[ReadPhoto], embedder: BulkEmbedder, clock: StageClock) -> Answers:
    """SHA-256 -> answer."""
    pixels = [photo.photo for photo in photos]
    if isinstance(embedder, TimedEmbedder):
        embedded = embedder.embed_timed(pixels, clock)
    else:
        embedded = embedder.embed(pixels)
    dimension = embedder.fingerprint.dimension
    return {
        photo.sha256: PhotoAnswer.of_embedded(each, dimension)
        for photo, each in zip(photos, embedded, strict=True)
    }


def _with_whole(
    answer: PhotoAnswer,
    photo: ReadPhoto,
    named: GarmentClass | None,
    embedder: BulkEmbedder,
    clock: StageClock,
) -> PhotoAnswer:
    """The answer with the whole photo as the garment that is named, where that is needed."""
    if named is None or not answer.lacks_whole(named) or is_blank(photo.photo):
        return answer
    with clock.timing("embed"):
        whole = embedder.embed_whole(photo.photo, named)
    return answer.with_embedded(whole, embedder.fingerprint.dimension)
