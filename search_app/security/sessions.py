"""Sessions of the admin page, in memory or, encrypted, in a shared database.

A session's token is in the browser's cookie. A ticket is part of an address and begins one
session: `apparel serve` prints one for this machine's user, so tickets stay in its memory.
"""

import secrets
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from search_app.security.expiring import ExpiringRows

SESSION_HOURS: Final = 8
TICKET_MINUTES: Final = 60
MAX_SESSIONS: Final = 100


class AdminSessions:
    """Tokens of signed-in users; thread-safe.

    A session stores the secret of its key, which is checked at each request: a revoked key ends
    its sessions at once.
    """

    def __init__(self, store: ExpiringRows, clock: Callable[[], float] = monotonic) -> None:
        self._store = store
        self._clock = clock
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
        self._store.put(token, secret.encode())
        return token

    def secret_of(self, token: str) -> str | None:
        """The secret of a session; None if the session is unknown or has ended."""
        secret = self._store.get(token) if token else None
        return None if secret is None else secret.decode()

    def end(self, token: str) -> None:
        self._store.drop(token)
