"""Answers kept until the catalogue changes: what was asked in, the answer of last time out."""

import threading
import time
from collections.abc import Hashable
from typing import Generic, TypeVar

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from catalog.models import CatalogueVersion, VectorChange

Answer = TypeVar("Answer")


def catalogue_state(session: Session) -> Hashable:
    """What differs once anything was written that filters look at: two steps in two indices."""
    query = select(
        select(func.max(CatalogueVersion.number)).scalar_subquery(),
        select(func.max(VectorChange.id)).scalar_subquery(),
    )
    return str(session.get_bind()), *session.execute(query).one()


class Kept(Generic[Answer]):
    """The latest `most` answers by what was asked, each for some seconds; for any thread."""

    def __init__(self, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._lock = threading.Lock()
        self._answers: dict[Hashable, tuple[float, Answer]] = {}

    def get(self, key: Hashable) -> Answer | None:
        """What is kept under a key, unless it is too old."""
        with self._lock:
            since, found = self._answers.get(key, (0.0, None))
        return found if time.monotonic() - since < self._seconds else None

    def put(self, key: Hashable, answer: Answer) -> None:
        """Keep an answer under a key; the oldest go."""
        with self._lock:
            self._answers.pop(key, None)
            self._answers[key] = time.monotonic(), answer
            while len(self._answers) > self._most:
                del self._answers[next(iter(self._answers))]
