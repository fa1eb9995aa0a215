"""Limits of a fetch, and the rate limit of requests to one host."""

import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from typing import Final, Protocol

from catalog.errors import HostFailed, NoPhotoThere
from segmentation.photos import MAX_BYTES

GIVEN_UP: Final = "given_up"
"""Code of a host that has failed too often in a row."""


@dataclass(frozen=True)
class FetchLimits:
    """Limits of a fetch.

    Attributes:
        bytes: largest photo.
        seconds: of one attempt, including redirects, without the wait for a free slot.
        redirects: maximum number followed.
        attempts: maximum number, for temporary failures.
        longest_wait: maximum Retry-After that is obeyed, in seconds.
        per_host: concurrent requests to one host.
        host_pause: seconds between the starts of two requests to one host.
        host_failures: consecutive failures after which a host gets no more requests.
        allow_private: also fetch from loopback and private networks.
    """

    bytes: int = MAX_BYTES
    seconds: float = 30.0
    redirects: int = 5
    attempts: int = 4
    longest_wait: float = 60.0
    per_host: int = 4
    host_pause: float = 0.05
    host_failures: int = 20
    allow_private: bool = False


class SharedSlots(Protocol):
    """Slots that several processes share."""

    def turn(self, host: str, closing: threading.Event) -> AbstractContextManager[None]:
        """Wait for one of the host's slots and hold it; HostFailed once `closing` is set."""
        ...


class HostQueue:
    """Limits concurrency and rate of requests per host; stops after repeated failures."""

    def __init__(
        self, limits: FetchLimits, closing: threading.Event, shared: SharedSlots | None = None
    ) -> None:
        self._shared = shared
        self._limits = limits
        self._closing = closing
        self._lock = threading.Lock()
        self._slots: dict[str, threading.Semaphore] = {}
        self._not_before: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for a free slot and the host's next start time, and hold the slot."""
        with self._lock:
            slots = self._slots.setdefault(host, threading.Semaphore(self._limits.per_host))
        shared = self._shared.turn(host, self._closing) if self._shared else nullcontext()
        with slots, shared:
            while (pause := self._seconds_to_wait(host)) > 0:
                if self._closing.wait(pause):
                    raise HostFailed("unreachable", "the run was stopped; start it again")
            failed = True
            try:
                yield
                failed = False
            except NoPhotoThere:
                failed = False
                raise
            finally:
                self._count(host, failed)

    def _seconds_to_wait(self, host: str) -> float:
        """Remaining seconds; at 0 the host's next start is set `host_pause` later."""
        with self._lock:
            if self._failures.get(host, 0) >= self._limits.host_failures:
                raise HostFailed(
                    GIVEN_UP,
                    f"{host} failed {self._failures[host]} times in a row and is not asked any "
                    "more; try again later",
                )
            now = time.monotonic()
            pause = self._not_before.get(host, 0.0) - now
            if pause <= 0:
                self._not_before[host] = now + self._limits.host_pause
            return pause

    def _count(self, host: str, failed: bool) -> None:
        with self._lock:
            self._failures[host] = self._failures.get(host, 0) + 1 if failed else 0

    def defer(self, host: str, seconds: float) -> None:
        """Send no request to this host for some seconds."""
        with self._lock:
            until = time.monotonic() + seconds
            self._not_before[host] = max(until, self._not_before.get(host, 0.0))
