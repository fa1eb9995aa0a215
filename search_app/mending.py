"""Mending of stored values that the schema does not allow, when a request comes upon one.

Older versions, other programs or a disk left them. They are mended as by `apparel rebuild --mend`,
and the request is answered again.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from catalog.data_folder.repair import repair_values
from catalog.errors import CatalogError
from indexing.collection import Collection

_log = logging.getLogger(__name__)

SIGNS: Final = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
"""Exceptions that come of such values."""
SOUND_SECONDS: Final = 600.0
"""Pause after a check without a finding before another one may read all rows again."""


class Mender:
    """Mends the catalogue's values once for all requests that failed before."""

    def __init__(self, collection: Callable[[], Collection]) -> None:
        self._collection = collection
        self._lock = threading.Lock()
        self._mended = self._sound = float("-inf")

    def mend(self, since: float) -> bool:
        """Mend unfit values unless that was done since a request began; whether any were."""
        with self._lock:
            now = time.monotonic()
            if self._mended < since and now - self._sound > SOUND_SECONDS:
                if self._repaired():
                    self._mended = time.monotonic()
                else:
                    self._sound = now
            return self._mended >= since

    def _repaired(self) -> bool:
        try:
            collection = self._collection()
            count = repair_values(collection.database)
            if count:
                collection.refresh()
                _log.warning("%d rows with values that their types do not allow were mended", count)
        except CatalogError as error:
            _log.warning("unfit values cannot be mended: %s", error)
            return False
        return count > 0
