"""One line before the models: one photo at a time, a bounded number waiting.

The event loop never runs a model; a request either waits its turn or hears `Busy`.
Batching several waiting photos into one call would go here.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from search_app.errors import Busy

Answer = TypeVar("Answer")

_THREADS: Final = 1
"""Torch already uses every core for one photo; two at once only share them."""


class InferenceLine:
    """Runs blocking work on one worker thread, in order of arrival."""

    def __init__(self, max_waiting: int) -> None:
        self._worker = ThreadPoolExecutor(_THREADS, thread_name_prefix="inference")
        self._max_waiting = max_waiting
        self._inside = 0

    @property
    def inside(self) -> int:
        """Requests running or waiting now."""
        return self._inside

    async def run(self, work: Callable[[], Answer]) -> Answer:
        """Wait for a turn, then the answer of `work`.

        Raises:
            Busy: `max_waiting` requests are already waiting behind the running one.
        """
        if self._inside > self._max_waiting:
            raise Busy("too many photos are being looked at; try again in a few seconds")
        self._inside += 1
        future = asyncio.get_running_loop().run_in_executor(self._worker, work)
        # Counted out when the work ends, not when the client stops listening.
        future.add_done_callback(self._leave)
        return await asyncio.shield(future)

    def close(self) -> None:
        """Let the running work end, drop what waits."""
        self._worker.shutdown(wait=True, cancel_futures=True)

    def _leave(self, _future: object) -> None:
        self._inside -= 1
