"""Removal of unreferenced files while a server runs: what is deleted is gone within the hour."""

import logging
import time
from collections.abc import Callable
from typing import Final

from catalog.errors import CatalogError
from indexing.collection import Collection
from search_app.jobs.repeated import RepeatedWork

_log = logging.getLogger(__name__)

PAUSE_SECONDS: Final = 1_800.0
SPARED_SECONDS: Final = 600.0
"""Younger files may be those of a request whose row is not written yet."""


class Sweeper:
    """Thread that sweeps the data folder twice an hour, first after a pause; not during imports."""

    def __init__(self, collection: Callable[[], Collection], pause: float = PAUSE_SECONDS) -> None:
        self._collection, self._pause = collection, pause
        self._due = time.monotonic() + pause
        self.thread = RepeatedWork("sweep", self._sweep, pause, (CatalogError, OSError))
        self.thread.start()

    def _sweep(self) -> bool:
        if time.monotonic() >= self._due:
            self._due += self._pause
            digit = f"{int(time.time() // PAUSE_SECONDS) % 16:x}"
            swept = self._collection().sweep(SPARED_SECONDS, digit)
            if swept.temporary or swept.orphans or swept.products:
                files = len(swept.temporary) + len(swept.orphans)
                _log.info("removed %d files, %d products", files, len(swept.products))
        return False
