"""A key's secret in, a session's token out, and back: who has signed in, in memory only."""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

SESSION_HOURS: Final = 8
_KEPT: Final = 100


class AdminSessions:
    """Tokens of those who have signed in; safe to use from several threads.

    The secret is kept, so that the key is asked for anew at each request: a revoked one ends
    its sessions at once.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._secrets: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._lock = threading.Lock()

    def begin(self, secret: str) -> str:
        """A new session for the key of this secret; its token."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._secrets[token] = (self._clock(), secret)
            if len(self._secrets) > _KEPT:
                self._secrets.popitem(last=False)
        return token

    def secret_of(self, token: str) -> str | None:
        """The secret of a session; None where there is none, or no longer."""
        with self._lock:
            began, secret = self._secrets.get(token, (float("-inf"), ""))
        return secret if self._clock() - began <= SESSION_HOURS * 3600 else None

    def end(self, token: str) -> None:
        """Forget a session."""
        with self._lock:
            self._secrets.pop(token, None)
