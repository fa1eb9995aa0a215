"""Other sites whose pages may read: the origins of keys (CORS) and of frames.

An origin is scheme, host and port of a page, such as https://shop.example. A browser names it in
each request and cannot be made to lie by the page; other programs can, so a key in a public page
is no secret: it only reads, and its requests count by address.
"""

import re
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Final

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from catalog.errors import DatabaseAway

_ORIGIN: Final = re.compile(
    r"https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?|https?://\[[0-9a-f:.]+\](:[0-9]{1,5})?"
)
SHARED: Final = ("/api/v1/", "/photos/")
"""Paths that pages of allowed origins may read."""
PUBLIC: Final = "/static/widget.js"
"""The script that any page may include."""
SECONDS_BETWEEN_READS: Final = 2.0
"""Longest wait until a new key's preflights pass; the key is checked with every request."""


def checked_origin(text: str) -> str:
    """An origin in lower case. Raises ValueError with the remedy."""
    origin = text.strip().lower().rstrip("/")
    if not _ORIGIN.fullmatch(origin):
        raise ValueError(f"{text!r} is not an origin; write it like https://shop.example")
    return origin


def checked_origins(text: str) -> str:
    """Origins separated by commas, checked. Raises ValueError."""
    return ",".join(checked_origin(each) for each in text.split(","))


class AllowOrigins(CORSMiddleware):
    """CORS middleware: scripts of the keys' origins may read the API and photos."""

    def __init__(self, app: ASGIApp, origins: Callable[[], Iterable[str]]) -> None:
        super().__init__(
            app,
            allow_methods=("GET", "POST"),
            allow_headers=("Authorization", "Content-Type", "X-API-Key"),
            expose_headers=("Retry-After", "X-Request-ID"),
        )
        self._origins = origins
        self._refreshed_at = -SECONDS_BETWEEN_READS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        if path == PUBLIC:
            await self.app(scope, receive, _open_to_all(send))
        elif path.startswith(SHARED) and "origin" in Headers(scope=scope):
            await self._refresh()
            await super().__call__(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    async def _refresh(self) -> None:
        now = time.monotonic()
        if now - self._refreshed_at >= SECONDS_BETWEEN_READS:
            self._refreshed_at = now
            with suppress(DatabaseAway):  # the last ones stay
                self.allow_origins = frozenset(await run_in_threadpool(self._origins))


def _open_to_all(send: Send) -> Send:
    async def send_open(message: Message) -> None:
        if message["type"] == "http.response.start":
            MutableHeaders(scope=message)["access-control-allow-origin"] = "*"
        await send(message)

    return send_open
