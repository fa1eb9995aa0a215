"""A thread that does some work again and again until it is closed."""

import logging
import threading
from collections.abc import Callable
from typing import Final

_CLOSING_SECONDS: Final = 30.0


class RepeatedWork:
    """A daemon thread: a server that must stop at once does not wait for it.

    Nothing but `close` ends it: what goes wrong is logged, and the work tried again.

    Args:
        work: does a part and returns whether there is more to do at once.
        pause: seconds until it is called again otherwise; `wake` cuts them short.
        expected: errors that are one line of the log; others have a traceback.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[], bool],
        pause: float,
        expected: tuple[type[Exception], ...],
    ) -> None:
        self.stopping = threading.Event()
        self._wake = threading.Event()
        self._name, self._work, self._pause, self._expected = name, work, pause, expected
        self._log = logging.getLogger(f"{__name__}.{name}")
        self._thread: threading.Thread | None = None

    @property
    def alive(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def start(self) -> None:
        """Start the thread, also again after `close`."""
        self.stopping.clear()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()

    def wake(self) -> None:
        """Look for work now."""
        self._wake.set()

    def close(self) -> None:
        """Stop after the present part of the work."""
        self.stopping.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(timeout=_CLOSING_SECONDS)

    def _run(self) -> None:
        while not self.stopping.is_set():
            try:
                if self._work():
                    continue
            except self._expected as error:
                self._log.warning("%s: %s", self._name, error)
            except Exception:
                self._log.exception("%s: something broke here; it is tried again", self._name)
            self._wake.wait(self._pause)
            self._wake.clear()
