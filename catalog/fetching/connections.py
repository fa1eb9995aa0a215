"""HTTP transport that connects to public addresses only, for untrusted URLs.

A host name is resolved once, each of its addresses is checked, and the connection is made to a
checked address, which defeats DNS rebinding. Redirects use the same transport.

Every read and write ends at the `deadline` of its thread, however slowly the other side sends.
"""

import ipaddress
import socket
import ssl
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import httpcore2
import httpx2

from catalog.errors import AddressRefused

_SPECIAL: Final = tuple(
    ipaddress.ip_network(network)
    # Python calls these global. The first holds metadata services of some clouds; the last two
    # embed IPv4 addresses in IPv6 ones.
    for network in ("192.0.0.0/24", "192.88.99.0/24", "2001::/32", "2002::/16")
)
_GLOBAL_UNICAST: Final = ipaddress.ip_network("2000::/3")
_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


def is_public(address: str) -> bool:
    """Whether an IP address (text) is public, not one of a local network."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    if ip.version == 6 and ip not in _GLOBAL_UNICAST:
        # Loopback, link-local, unique local, multicast, and embedded IPv4 addresses.
        return False
    special = any(ip in network for network in _SPECIAL if network.version == ip.version)
    return ip.is_global and not ip.is_multicast and not special


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Bound the total time of this thread's connections."""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def _bounded(timeout: float | None) -> float | None:
    """The shorter of a timeout and the time left until the deadline."""
    ends = _deadline.get()
    if ends is None:
        return timeout
    left = ends - time.monotonic()
    if left <= 0:
        raise httpcore2.ReadTimeout("the time for this fetch is over")
    return left if timeout is None else min(timeout, left)


class _TimedStream(httpcore2.NetworkStream):
    """A network stream whose reads and writes respect the deadline."""

    def __init__(self, stream: httpcore2.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _bounded(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, _bounded(timeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore2.NetworkStream:
        secured = self._stream.start_tls(ssl_context, server_hostname, _bounded(timeout))
        return _TimedStream(secured)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class GuardedBackend(httpcore2.SyncBackend):
    """Resolves, checks and connects; raises AddressRefused before any byte is sent."""

    def __init__(self, allow_private: bool) -> None:
        self._allow_private = allow_private

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore2.SOCKET_OPTION] | None = None,
    ) -> httpcore2.NetworkStream:
        """Connect to the first address of the host that accepts."""
        failure: httpcore2.NetworkError | httpcore2.TimeoutException | None = None
        for address in self._addresses(host, port):
            try:
                stream = super().connect_tcp(
                    address, port, _bounded(timeout), local_address, socket_options
                )
                return _TimedStream(stream)
            except (httpcore2.NetworkError, httpcore2.TimeoutException) as error:
                failure = error
        raise failure or httpcore2.ConnectError(f"{host} has no address")

    def _addresses(self, host: str, port: int) -> list[str]:
        try:
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:  # UnicodeError: a label of over 63 letters
            raise httpcore2.ConnectError(f"{host} has no address") from error
        addresses = list(dict.fromkeys(str(info[4][0]) for info in found))
        if self._allow_private:
            return addresses
        public = [address for address in addresses if is_public(address)]
        if addresses and not public:
            raise AddressRefused(
                f"{host} is in a private network; use a public address, or allow private hosts"
            )
        return public


class GuardedTransport(httpx2.HTTPTransport):
    """A transport for `httpx2.Client` whose connections are those of `GuardedBackend`.

    Proxies of the environment are not used: they would connect to unchecked addresses.
    """

    def __init__(self, allow_private: bool = False) -> None:
        super().__init__()
        # httpx2 takes no network backend, only its pool does.
        self._pool = httpcore2.ConnectionPool(
            ssl_context=httpx2.create_ssl_context(),
            network_backend=GuardedBackend(allow_private),
        )
