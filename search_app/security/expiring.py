"""Values of visitors that a server keeps for a while, by random tokens."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Protocol


class ExpiringRows(Protocol):
    """Interface of a store of values that expire: `MemoryRows` or `sealed.SealedRows`."""

    def put(self, token: str, value: bytes) -> None:
        """Store a value in place of an earlier one of this token."""
        ...

    def get(self, token: str) -> bytes | None:
        """The value of a token; None if it is unknown or has expired."""
        ...

    def drop(self, token: str) -> None:
        """Delete a value."""
        ...

    def __len__(self) -> int: ...


class MemoryRows:
    """Values in memory, at most `count`; the oldest are dropped first. Thread-safe.

    Args:
        seconds: how long a value is kept after it was stored, and after each `get` if `renewed`.
    """

    def __init__(
        self, count: int, seconds: float, renewed: bool, clock: Callable[[], float] = monotonic
    ) -> None:
        self._count, self._seconds, self._renewed, self._clock = count, seconds, renewed, clock
        self._values: OrderedDict[str, tuple[float, bytes]] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, token: str, value: bytes) -> None:
        with self._lock:
            self._values[token] = (self._clock(), value)
            self._values.move_to_end(token)
            self._drop_old()

    def get(self, token: str) -> bytes | None:
        with self._lock:
            self._drop_old()
            _, value = self._values.get(token, (0.0, None))
            if value is not None and self._renewed:
                self._values[token] = (self._clock(), value)
                self._values.move_to_end(token)
            return value

    def drop(self, token: str) -> None:
        with self._lock:
            self._values.pop(token, None)

    def __len__(self) -> int:
        with self._lock:
            self._drop_old()
            return len(self._values)

    def _drop_old(self) -> None:
        """Drop expired and surplus values from the front, which has the oldest."""
        oldest = self._clock() - self._seconds
        while self._values:
            stored, _ = next(iter(self._values.values()))
            if len(self._values) <= self._count and stored >= oldest:
                return
            self._values.popitem(last=False)
