"""Rate limits: by key if a valid one was sent, else by address.

Counted in memory, or in the database that several servers share.
"""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

from catalog.errors import DatabaseError
from search_app.errors import NotReady

FREE: Final = ("/static/",)
"""Files of the package, which each page of an error needs too: never refused."""
LIGHT: Final = ("/photos/", "/samples/", "/healthz", "/readyz", "/metrics")
"""Paths that cost little, or that a supervisor polls; a page has many photos."""
LIGHT_FACTOR: Final = 20
"""Multiple of the rate for light paths, which have a counter of their own."""
TRUST_SECONDS: Final = 60
"""Time after its last check that a key has its own rate: it may be revoked meanwhile."""
_KEYS_KNOWN: Final = 10_000
_SECONDS_APART: Final = 2.0
"""Time that a server counts for itself after the database did not answer."""
_NETWORK_BITS: Final = 64
"""One household or machine has a whole IPv6 network of this size."""


class RateLimiter:
    """Rate limits of each sender; thread-safe.

    A key counts as a sender of its own after `trust`, until `distrust` or for `TRUST_SECONDS`;
    invented and revoked keys do not evade the address's limit.

    Args:
        shared: counts a request of a sender in the database of several servers and returns the
            seconds to wait. Without it, or while it raises DatabaseError or NotReady, this server
            counts for itself, and always so for light paths, which answer without a database.
    """

    def __init__(
        self,
        per_address: str,
        per_key: str,
        clock: Callable[[], float] = time.monotonic,
        shared: Callable[[RateLimitItem, str], int] | None = None,
    ) -> None:
        self._shared = shared
        self._apart_until = -math.inf
        self._per_address = parse_rate(per_address)
        self._per_key = parse_rate(per_key)
        self._clock = clock
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._good_keys: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def trust(self, secret: str) -> None:
        """Count this valid key as a sender of its own."""
        with self._lock:
            self._good_keys[secret] = self._clock()
            self._good_keys.move_to_end(secret)
            if len(self._good_keys) > _KEYS_KNOWN:
                self._good_keys.popitem(last=False)

    def distrust(self, secret: str) -> None:
        """Count requests with this revoked key by address again."""
        with self._lock:
            self._good_keys.pop(secret, None)

    def asks_database(self, path: str) -> bool:
        """Whether `wait` would ask the database for this path, and so may take a moment."""
        is_apart = self._clock() < self._apart_until
        return self._shared is not None and not is_apart and not path.startswith((*FREE, *LIGHT))

    def wait(self, path: str, address: str, secret: str | None) -> int:
        """Count a request; seconds that the sender must wait, 0 if the request is allowed."""
        by_key = self._is_trusted(secret)
        rate = self._per_key if by_key else self._per_address
        if rate is None or path.startswith(FREE):
            return 0
        sender = f"key {secret}" if by_key else network_of(address)
        if path.startswith(LIGHT):
            rate = type(rate)(rate.amount * LIGHT_FACTOR, rate.multiples)
            sender = f"light {sender}"
        if self._shared is not None and self.asks_database(path):
            try:
                return self._shared(rate, sender)
            except (DatabaseError, NotReady):
                self._apart_until = self._clock() + _SECONDS_APART
        if self._counter.hit(rate, sender):
            return 0
        reset, _ = self._counter.get_window_stats(rate, sender)
        return max(1, math.ceil(reset - time.time()))

    def _is_trusted(self, secret: str | None) -> bool:
        checked = self._good_keys.get(secret) if secret else None
        return checked is not None and self._clock() - checked <= TRUST_SECONDS


def parse_rate(text: str) -> RateLimitItem | None:
    """Parse a rate such as "600/minute"; None for "off". Raises ValueError."""
    return None if text.strip().lower() == "off" else parse(text)


def network_of(address: str) -> str:
    """The address, or the network of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    if parsed.ipv4_mapped is not None:  # as a proxy that listens on both may write it
        return str(parsed.ipv4_mapped)
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))
