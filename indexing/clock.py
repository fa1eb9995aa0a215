"""Timing of pipeline stages."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class StageTiming:
    """Seconds spent in one stage.

    Stages overlap, so they may add up to more than the run.
    """

    stage: str
    seconds: float


class StageClock:
    """Thread-safe sums of the seconds spent in each stage."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self._seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            with self._lock:
                self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def timings(self) -> tuple[StageTiming, ...]:
        """All stages in descending order of time."""
        with self._lock:
            ordered = sorted(self._seconds.items(), key=lambda item: item[1], reverse=True)
        return tuple(StageTiming(stage, seconds) for stage, seconds in ordered)
