"""Request bodies with limits of size, time and concurrency.

Files of forms above 1 MB are in unnamed temporary files while their requests wait, which costs no
memory; other bodies are held in memory, only few of them at once.
"""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from fastapi import HTTPException, Request
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_app.problems import answer

SMALL: Final = 1_000_000
"""Bytes of a body that does not count among the large ones."""
FORMS_AT_ONCE: Final = 24
"""Large forms that are received or answered at once; the line before the models is shorter."""
OTHERS_AT_ONCE: Final = 2
"""Likewise of large bodies that are not multipart forms: feeds, photos in JSON."""
SILENCE_SECONDS: Final = 15.0
"""Longest pause within a body."""
BODY_SECONDS: Final = 180.0
"""Time that a whole body may take: 30 MB at 1.3 Mbit/s."""
RETRY_SECONDS: Final = 5
_FEEDS: Final = ("/api/v1/imports", "/api/v1/webhooks", "/admin")
"""Paths whose bodies never get in line before the models."""
_DRAINED: Final = 4
"""A refused body is read up to this many times the limit, so that its sender gets the answer."""


class BoundedBodies:
    """Middleware that refuses bodies that are too large, too slow or too many.

    Args:
        limit: maximum bytes of a body.
        is_full: whether a photo would be refused now, so that its body need not be read.
    """

    def __init__(self, app: ASGIApp, limit: int, is_full: Callable[[], bool]) -> None:
        self._app = app
        self._limit = limit
        self._is_full = is_full
        self._free = {True: FORMS_AT_ONCE, False: OTHERS_AT_ONCE}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        if "content-length" in headers and "transfer-encoding" in headers:
            await _ambiguous(scope, receive, send)
            return
        stated = headers.get("content-length", "0")
        size = int(stated) if stated.isdecimal() and len(stated) < 20 else 0
        bounded = _BoundedReceive(receive, self._limit, size)
        if size <= SMALL and "transfer-encoding" not in headers:
            await self._app(scope, bounded, send)
            return
        is_form = headers.get("content-type", "").startswith("multipart/form-data")
        is_photo = not scope["path"].startswith(_FEEDS)
        if not self._free[is_form] or (is_photo and self._is_full()):
            await _busy(scope, receive, send)
            return
        with self._place(is_form):
            await self._app(scope, bounded, send)

    @contextmanager
    def _place(self, is_form: bool) -> Iterator[None]:
        self._free[is_form] -= 1
        try:
            yield
        finally:
            self._free[is_form] += 1


async def _ambiguous(scope: Scope, receive: Receive, send: Send) -> None:
    """Refuse a body with two lengths, of which a proxy may have believed the other."""
    message = "a body has a Content-Length or a Transfer-Encoding, not both; send one"
    response = answer(Request(scope), 400, "bad_request", message)
    response.headers["Connection"] = "close"
    await response(scope, receive, send)


async def _busy(scope: Scope, receive: Receive, send: Send) -> None:
    message = f"too many uploads at once; try again in {RETRY_SECONDS} s"
    response = answer(Request(scope), 503, "busy", message, RETRY_SECONDS)
    await response(scope, receive, send)


class _BoundedReceive:
    """`receive` of one request; raises HTTPException 413 or 408."""

    def __init__(self, receive: Receive, limit: int, stated: int) -> None:
        self._receive = receive
        self._limit = limit
        self._is_over = stated > limit
        self._received = 0
        self._ends = asyncio.get_running_loop().time() + BODY_SECONDS
        self._is_complete = False

    async def __call__(self) -> Message:
        if self._is_complete:  # the next message is the end of the connection
            return await self._receive()
        message = await self._next()
        if self._is_over or self._received > self._limit:
            await self._drain(message)
            raise HTTPException(
                413, f"the upload is larger than {self._limit / 1e6:.0f} MB; save it smaller"
            )
        self._is_complete = not message.get("more_body")
        return message

    async def _next(self) -> Message:
        left = self._ends - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), max(0.0, min(SILENCE_SECONDS, left)))
        except TimeoutError as error:
            raise HTTPException(
                408, "the upload took too long; try again", {"Connection": "close"}
            ) from error
        self._received += len(message.get("body", b""))
        return message

    async def _drain(self, message: Message) -> None:
        while message.get("more_body") and self._received < _DRAINED * self._limit:
            message = await self._next()
