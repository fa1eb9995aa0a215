"""How often one sender may ask: by key where a good one came, else by address."""

import ipaddress
import math
import threading
import time
from collections import OrderedDict
from typing import Final

from limits import RateLimitItem, parse
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

FREE: Final = ("/static/", "/photos/", "/samples/", "/healthz", "/readyz", "/metrics")
"""Addresses that cost nothing, or that a supervisor asks: a page has many photos."""
_KEYS_KNOWN: Final = 10_000
_NETWORK_BITS: Final = 64
"""One household or machine has a whole IPv6 network of this size."""


class RateLimiter:
    """Counts requests of each sender in memory; safe to use from several threads.

    A key counts as its own sender once `trust` was told that it is good: nobody gets a
    fresh count by making keys up.
    """

    def __init__(self, per_address: str, per_key: str) -> None:
        self._per_address = parse_rate(per_address)
        self._per_key = parse_rate(per_key)
        self._counter = SlidingWindowCounterRateLimiter(MemoryStorage())
        self._good_keys: OrderedDict[str, None] = OrderedDict()
        self._lock = threading.Lock()

    def trust(self, secret: str) -> None:
        """Let this key be counted by itself from now on."""
        with self._lock:
            self._good_keys[secret] = None
            self._good_keys.move_to_end(secret)
            if len(self._good_keys) > _KEYS_KNOWN:
                self._good_keys.popitem(last=False)

    def wait(self, path: str, address: str, secret: str | None) -> int:
        """Seconds that the sender must wait before this request; 0 = it may be served."""
        if path.startswith(FREE):
            return 0
        by_key = secret is not None and secret in self._good_keys
        rate = self._per_key if by_key else self._per_address
        if rate is None:
            return 0
        sender = f"key {secret}" if by_key else network_of(address)
        if self._counter.hit(rate, sender):
            return 0
        reset, _ = self._counter.get_window_stats(rate, sender)
        return max(1, math.ceil(reset - time.time()))


def parse_rate(text: str) -> RateLimitItem | None:
    """ "600/minute" and the like; None for "off". ValueError for anything else."""
    return None if text.strip().lower() == "off" else parse(text)


def network_of(address: str) -> str:
    """The address, of IPv6 only the network."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, _NETWORK_BITS), strict=False))
