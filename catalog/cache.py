"""Cache of query results, keyed by the state of the catalogue."""

import threading
import time
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import CatalogueVersion, VectorChange

Result = TypeVar("Result")


def catalogue_state(session: Session) -> Hashable:
    """A value that differs after any write to products, garments or vectors.

    Costs one look-up in each of two indices.
    """
    query = select(
        select(func.max(CatalogueVersion.number)).scalar_subquery(),
        select(func.max(VectorChange.id)).scalar_subquery(),
    )
    return str(session.get_bind()), *session.execute(query).one()


class QueryCache(Generic[Result]):
    """Thread-safe cache of the newest `size` results, each valid for some seconds."""

    def __init__(self, size: int, seconds: float) -> None:
        self._size = size
        self._seconds = seconds
        self._lock = threading.Lock()
        self._results: dict[Hashable, tuple[float, Result]] = {}

    def get(self, key: Hashable) -> Result | None:
        """The result cached under a key; None where there is none or it has expired."""
        with self._lock:
            stored_at, result = self._results.get(key, (0.0, None))
        return result if time.monotonic() - stored_at < self._seconds else None

    def get_or_compute(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """The result cached under a key, computed and cached if there is none."""
        result = self.get(key)
        if result is None:
            result = compute()
            self.put(key, result)
        return result

    def put(self, key: Hashable, result: Result) -> None:
        """Cache a result under a key; the oldest entries are dropped."""
        with self._lock:
            self._results.pop(key, None)
            self._results[key] = time.monotonic(), result
            while len(self._results) > self._size:
                del self._results[next(iter(self._results))]
