"""How far a fetch may go, and how the requests to one host are kept apart."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from catalog.errors import HostFailed, NoPhotoThere
from segmentation.photos import MAX_BYTES

GIVEN_UP: Final = "given_up"
"""Code of a host that has failed too often in a row."""


@dataclass(frozen=True)
class FetchLimits:
    """How far a fetch may go.

    Attributes:
        bytes: largest photo.
        seconds: of one attempt, redirects included, waiting for one's turn not.
        redirects: followed at most.
        attempts: tries when a failure may pass; 1 gives up at once.
        longest_wait: seconds that a server may ask us to wait (Retry-After).
        per_host: requests to one host at once.
        host_pause: seconds between the starts of two requests to one host.
        host_failures: failures in a row after which a host is not asked any more.
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


class HostQueue:
    """Lets few requests go to one host at once, and leaves alone who asks for it or fails."""

    def __init__(self, limits: FetchLimits, closing: threading.Event) -> None:
        self._limits = limits
        self._closing = closing
        self._lock = threading.Lock()
        self._places: dict[str, threading.Semaphore] = {}
        self._not_before: dict[str, float] = {}
        self._failures: dict[str, int] = {}

    @contextmanager
    def turn(self, host: str) -> Iterator[None]:
        """Wait for a free place and for the host's next moment, and hold the place."""
        with self._lock:
            places = self._places.setdefault(host, threading.Semaphore(self._limits.per_host))
        with places:
            while (pause := self._pause(host)) > 0:
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

    def _pause(self, host: str) -> float:
        """Seconds to wait still; at 0 the next request is put `host_pause` later."""
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

    def leave_alone(self, host: str, seconds: float) -> None:
        """No request to this host for so long."""
        with self._lock:
            until = time.monotonic() + seconds
            self._not_before[host] = max(until, self._not_before.get(host, 0.0))
