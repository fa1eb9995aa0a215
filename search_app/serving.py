"""Run the app with uvicorn: time-outs, connection limits, signals and memory."""

import asyncio
import ctypes
import resource
import signal
from contextlib import suppress
from typing import Any, Final

import h11
import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol

from search_app.bodies import BODY_SECONDS
from search_app.logs import log_config
from search_app.settings import Settings

HEADER_SECONDS: Final = 10.0
"""A connection whose request line and headers are not there by then is closed."""
ANSWER_SECONDS: Final = 600.0
"""Longest time of an answer, with a client that reads it slowly."""
SECONDS_TO_END: Final = 30
"""Time for running requests after Ctrl+C or a supervisor's signal."""
CONNECTIONS: Final = 1000
"""Beyond these, requests are answered 503."""
_SPARE: Final = 200
"""Descriptors left for files, the database and connections that are answered 503."""
_LARGE: Final = 4_000_000
"""Bytes from which a block of memory is mapped by itself, and returned to the system when freed."""
_M_MMAP_THRESHOLD: Final = -3


def serve_app(app: ASGIApp, settings: Settings, log: dict[str, Any] | None = None) -> None:
    """Serve until a signal; SIGTERM and SIGHUP let running requests finish."""
    _return_large_blocks()
    if signal.getsignal(signal.SIGHUP) is signal.SIG_DFL:  # nohup ignores it
        signal.signal(signal.SIGHUP, lambda *_: signal.raise_signal(signal.SIGTERM))
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        http=TimedProtocol,
        ws="none",  # its connections would have no time-outs
        proxy_headers=False,  # the app reads them, from APPAREL_TRUSTED_PROXIES alone
        limit_concurrency=_connections(),
        log_config=log or log_config(settings.log_format),
        timeout_graceful_shutdown=SECONDS_TO_END,
    )


def _connections() -> int:
    """Maximum number of connections by the limit of file descriptors, raised if possible."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = CONNECTIONS + 2 * _SPARE
    if soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return min(CONNECTIONS, max(soft - 2 * _SPARE, soft // 2))


def _return_large_blocks() -> None:
    """Fix glibc's threshold for mapped blocks, which grows with the first large photo."""
    with suppress(OSError, AttributeError):  # another C library
        ctypes.CDLL(None).mallopt(_M_MMAP_THRESHOLD, _LARGE)


class TimedProtocol(H11Protocol):
    """uvicorn's HTTP protocol with time-outs for requests and answers."""

    _timer: asyncio.TimerHandle | None = None
    _phase: tuple[object, object] = (None, None)

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start waiting for headers, or close if there are too many connections."""
        super().connection_made(transport)
        limit = self.limit_concurrency
        if limit is not None and len(self.connections) > limit + _SPARE // 2:
            transport.abort()
            return
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the time-out."""
        if self._timer is not None:
            self._timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._watch()

    def on_response_complete(self) -> None:
        """Stop the answer's time-out; the next request's starts with its first byte."""
        super().on_response_complete()
        self._watch()

    def timeout_keep_alive_handler(self) -> None:
        """Close, even if the client does not read the end of its answer."""
        super().timeout_keep_alive_handler()
        self.loop.call_later(HEADER_SECONDS, self.transport.abort)

    def _watch(self) -> None:
        """Set the time-out of the headers, the body or the answer, whichever is awaited."""
        phase = (self.conn.their_state, self.cycle)
        if phase == self._phase:
            return
        self._phase = phase
        if self._timer is not None:
            self._timer.cancel()
        seconds = {h11.IDLE: HEADER_SECONDS, h11.SEND_BODY: BODY_SECONDS}
        wait = seconds.get(self.conn.their_state, ANSWER_SECONDS)
        self._timer = self.loop.call_later(wait, self.transport.abort)
