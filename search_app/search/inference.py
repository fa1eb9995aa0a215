"""Model calls off the event loop; photos of several requests share one call.

    request -> InferenceLine (bounded queue, a few threads: decode, search)
            -> BatchingEmbedder (one thread: the models, waiting photos in one batch)

A request waits for its turn or fails with `Busy`; the event loop never runs a model.
"""

import asyncio
import contextvars
import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, TypeVar, cast

from indexing.types import (
    EmbeddedGarment,
    EmbeddedPhoto,
    Embedder,
    ModelFingerprint,
    TextEmbedder,
    Vector,
)
from search_app.errors import Busy
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, Box, Garment
from segmentation.photos import Photo

Result = TypeVar("Result")

BATCH: Final = 8
"""Maximum photos per call of the models, and threads that prepare photos."""


class InferenceLine:
    """Runs blocking work on a few threads in order of arrival, with a bounded queue."""

    def __init__(self, max_waiting: int, threads: int = BATCH) -> None:
        self._workers = ThreadPoolExecutor(threads, thread_name_prefix="inference")
        self._max_inside = max_waiting + 1
        self._inside = 0

    @property
    def inside(self) -> int:
        """Requests running or waiting now."""
        return self._inside

    @property
    def is_full(self) -> bool:
        """Whether `run` would raise Busy."""
        return self._inside >= self._max_inside

    async def run(self, work: Callable[[], Result]) -> Result:
        """The result of `work` from the next free thread. Raises Busy if too many wait."""
        if self.is_full:
            raise Busy("too many photos are being searched; try again in a few seconds")
        self._inside += 1
        # The context has the request's id for log lines.
        context = contextvars.copy_context()
        future = asyncio.get_running_loop().run_in_executor(self._workers, context.run, work)
        # Counted until the work ends, even if the client disconnects before.
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    def close(self) -> None:
        """Finish running work and cancel waiting work."""
        self._workers.shutdown(wait=True, cancel_futures=True)

    def _leave(self, _future: object) -> None:
        self._inside -= 1


@dataclass(frozen=True, eq=False)
class _Call:
    """Photos to embed for one waiting thread."""

    photos: list[Photo]
    answer: Future[list[EmbeddedPhoto]] = field(default_factory=Future)


class BatchingEmbedder:
    """An `Embedder` that batches calls of many threads for another one.

    While the models run, calls queue up; the next turn takes as many of them as make up to
    `BATCH` photos. A call never waits for others while the models are free.
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
        return self._embedder.fingerprint

    @property
    def weights_folder(self) -> Path | None:
        return self._embedder.weights_folder

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """Call `Embedder.embed` in turn; many photos wait for several turns."""
        # An import's large batches are split, so that a visitor's photo gets a turn in between.
        parts = [photos[start : start + BATCH] for start in range(0, len(photos), BATCH)]
        return [embedded for part in parts for embedded in self._answer_to(_Call(part))]

    def _answer_to(self, call: _Call) -> list[EmbeddedPhoto]:
        with self._lock:
            self._waiting.append(call)
        # One turn per call, although a turn may serve several calls and later ones find none.
        self._models.submit(self._take_turn)
        return call.answer.result()

    def embed_whole(self, photo: Photo) -> EmbeddedGarment:
        """Call `Embedder.embed_whole` in turn."""
        return self._models.submit(self._embedder.embed_whole, photo).result()

    def embed_region(
        self,
        photo: Photo,
        region: Box | BoolMask | Garment,
        garment_class: GarmentClass | None = None,
    ) -> EmbeddedGarment:
        """Call `Embedder.embed_region` in turn."""
        turn = self._models.submit(self._embedder.embed_region, photo, region, garment_class)
        return turn.result()

    def colour_half(self, colour: str) -> Vector:
        """Call `Embedder.colour_half` at once; no model runs."""
        return self._embedder.colour_half(colour)

    @property
    def takes_text(self) -> bool:
        return isinstance(self._embedder, TextEmbedder) and self._embedder.takes_text

    def text_half(self, text: str) -> Vector:
        """Call `TextEmbedder.text_half` in turn."""
        embedder = cast("TextEmbedder", self._embedder)
        return self._models.submit(embedder.text_half, text).result()

    def close(self) -> None:
        self._models.shutdown(wait=True)

    def _take_turn(self) -> None:
        calls = self._next_calls()
        if not calls:
            return
        self.turns += 1
        self.photos += sum(len(call.photos) for call in calls)
        if not self._answer(calls):
            # One of the calls fails; embedded one by one, the others succeed.
            for call in calls:
                self._answer([call])

    def _next_calls(self) -> list[_Call]:
        calls: list[_Call] = []
        with self._lock:
            room = BATCH
            while self._waiting and (not calls or len(self._waiting[0].photos) <= room):
                calls.append(self._waiting.popleft())
                room -= len(calls[-1].photos)
        return calls

    def _answer(self, calls: list[_Call]) -> bool:
        """Embed the calls in one batch; False if that fails and they should be tried singly."""
        try:
            photos = [photo for call in calls for photo in call.photos]
            embedded = iter(self._embedder.embed(photos))
        except Exception as error:
            if len(calls) > 1:
                return False
            calls[0].answer.set_exception(error)
            return True
        for call in calls:
            call.answer.set_result([next(embedded) for _ in call.photos])
        return True
