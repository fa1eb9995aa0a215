"""Requests in, work done off the event loop; photos of several requests share one model call.

    request -> InferenceLine (bounded, a few threads: decode, search)
            -> BatchingEmbedder (one thread: the models, all that waits at once)

A request either waits its turn or hears `Busy`; the event loop never runs a model.
"""

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Final, TypeVar

from indexing.records import EmbeddedGarment, EmbeddedPhoto, Embedder, ModelFingerprint, Vector
from search_app.errors import Busy
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, Box, Garment
from segmentation.photos import Photo

Answer = TypeVar("Answer")

BATCH: Final = 8
"""Photos in one call of the models at most, and threads that get photos ready for it."""


class InferenceLine:
    """Runs blocking work on a few threads, in order of arrival; a bounded number waits."""

    def __init__(self, max_waiting: int, threads: int = BATCH) -> None:
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="inference")
        self._max_inside = max_waiting + 1
        self._inside = 0

    @property
    def inside(self) -> int:
        """Requests running or waiting now."""
        return self._inside

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """Wait for a turn, then the answer of `work`.

        Raises:
            Busy: one is being looked at and `max_waiting` others are inside already.
        """
        if self._inside >= self._max_inside:
            raise Busy("too many photos are being looked at; try again in a few seconds")
        self._inside += 1
        # The context carries the request's id into the log.
        context = contextvars.copy_context()
        future = asyncio.get_running_loop().run_in_executor(self._workers, context.run, work)
        # Counted out when the work ends, not when the client stops listening.
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    def close(self) -> None:
        """Let the running work end, drop what waits."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _leave(self, _future: object) -> None:
        self._inside -= 1


@dataclass(frozen=True, eq=False)
class _Call:
    """Photos that a thread waits for."""

    photos: list[Photo]
    to_ask: bool = False
    answer: Future[list[EmbeddedPhoto]] = field(default_factory=Future)


class BatchingEmbedder:
    """An `Embedder` over another, for many threads: one call of the models at a time.

    While the models work, calls gather; the next turn takes as many of them together as make
    up to `BATCH` photos. Nothing waits for company while the models are free.
    """

    def __init__(self, embedder: Embedder) -> None:
        self._embedder = embedder
        self._models = ThreadPoolExecutor(1, thread_name_prefix="models")
        self._waiting: deque[_Call] = deque()
        self._lock = threading.Lock()
        self.photos = 0
        self.turns = 0

    @property
    def fingerprint(self) -> ModelFingerprint:
        """Of the models below."""
        return self._embedder.fingerprint

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """As `Embedder.embed`; waits for its turn, of many photos several times."""
        # A feed's large batches in parts: a visitor's photo gets its turn in between.
        parts = [photos[start : start + BATCH] for start in range(0, len(photos), BATCH)]
        return [embedded for part in parts for embedded in self._answer_to(_Call(part))]

    def embed_to_ask(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """As `Embedder.embed_to_ask`; waits for its turn."""
        return self._answer_to(_Call(photos, to_ask=True))

    def _answer_to(self, call: _Call) -> list[EmbeddedPhoto]:
        with self._lock:
            self._waiting.append(call)
        # One turn a call: who finds his photos done already by an earlier turn takes others.
        self._models.submit(self._take_turn)
        return call.answer.result()

    def embed_whole(self, photo: Photo, garment_class: GarmentClass) -> EmbeddedGarment:
        """As `Embedder.embed_whole`; waits for its turn."""
        return self._models.submit(self._embedder.embed_whole, photo, garment_class).result()

    def embed_region(
        self,
        photo: Photo,
        region: Box | BoolMask | Garment,
        garment_class: GarmentClass | None = None,
    ) -> EmbeddedGarment:
        """As `Embedder.embed_region`; waits for its turn."""
        turn = self._models.submit(self._embedder.embed_region, photo, region, garment_class)
        return turn.result()

    def colour_half(self, colour: str) -> Vector:
        """As `Embedder.colour_half`; no model runs."""
        return self._embedder.colour_half(colour)

    def close(self) -> None:
        """Let the models end what they do."""
        self._models.shutdown(wait=True)

    def _take_turn(self) -> None:
        calls = self._next_calls()
        if not calls:
            return
        self.turns += 1
        self.photos += sum(len(call.photos) for call in calls)
        if not self._answer(calls):
            # One of them cannot be done: the others shall not suffer for it.
            for call in calls:
                self._answer([call])

    def _next_calls(self) -> list[_Call]:
        calls: list[_Call] = []
        with self._lock:
            room = BATCH
            while self._waiting and (not calls or self._may_join(calls[0], room)):
                calls.append(self._waiting.popleft())
                room -= len(calls[-1].photos)
        return calls

    def _may_join(self, first: _Call, room: int) -> bool:
        """Whether the next call is of the first one's kind, and small enough."""
        following = self._waiting[0]
        return following.to_ask == first.to_ask and len(following.photos) <= room

    def _answer(self, calls: list[_Call]) -> bool:
        """Embed the calls together; False when that failed and there are several to try alone."""
        try:
            embed = self._embedder.embed_to_ask if calls[0].to_ask else self._embedder.embed
            embedded = iter(embed([photo for call in calls for photo in call.photos]))
        except Exception as error:
            if len(calls) > 1:
                return False
            calls[0].answer.set_exception(error)
            return True
        for call in calls:
            call.answer.set_result([next(embedded) for _ in call.photos])
        return True
