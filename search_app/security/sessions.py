"""Sessions of the admin page, in memory only.

A session's token is in the browser's cookie. A ticket is part of an address and begins one
session: `apparel serve` prints one for this machine's user.
"""

import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Final

SESSION_HOURS: Final = 8
TICKET_MINUTES: Final = 60
_KEPT: Final = 100


class AdminSessions:
    """Tokens of signed-in users; thread-safe.

    A session stores the secret of its key, which is checked at each request: a revoked key ends
    its sessions at once.
    """

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        self._clock = clock
        self._secrets: OrderedDict[str, tuple[float, str]] = OrderedDict()
        self._tickets: dict[str, tuple[float, str]] = {}
        self._lock = threading.Lock()

    def issue_ticket(self, secret: str) -> str:
        """Create a ticket that begins one session for this secret, within an hour."""
        ticket = secrets.token_urlsafe(32)
        with self._lock:
            self._tickets[ticket] = (self._clock(), secret)
        return ticket

    def redeem(self, ticket: str) -> str | None:
        """Begin the session of a ticket; None if the ticket is unknown, used or expired."""
        with self._lock:
            issued, secret = self._tickets.pop(ticket, (float("-inf"), ""))
        if self._clock() - issued > TICKET_MINUTES * 60:
            return None
        return self.begin(secret)

    def begin(self, secret: str) -> str:
        """Begin a session for this secret and return the session's token."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._secrets[token] = (self._clock(), secret)
            if len(self._secrets) > _KEPT:
                self._secrets.popitem(last=False)
        return token

    def secret_of(self, token: str) -> str | None:
        """The secret of a session; None if the session is unknown or has ended."""
        with self._lock:
            began, secret = self._secrets.get(token, (float("-inf"), ""))
        return secret if self._clock() - began <= SESSION_HOURS * 3600 else None

    def end(self, token: str) -> None:
        """End a session."""
        with self._lock:
            self._secrets.pop(token, None)
