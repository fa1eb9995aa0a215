"""Around every request: body limit while it streams in, security headers, a count on the way out.

Plain ASGI, so that nothing is buffered.
"""

from typing import Final

from fastapi import HTTPException
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_app.health import Metrics

PAGE_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
DOCS_POLICY: Final = PAGE_POLICY.replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
).replace("img-src 'self'", "img-src 'self' data:")
"""Swagger UI styles itself inline and draws data: icons; its page shows nobody's content."""

_HEADERS: Final = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_DRAINED: Final = 4
"""A body is read and thrown away up to this many limits, so that the sender hears why."""


class SecurityHeaders:
    """Adds the headers that keep a page from doing, or being used for, anything else."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve with the headers added."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = DOCS_POLICY if scope["path"] == "/docs" else PAGE_POLICY

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers["content-security-policy"] = policy
            await send(message)

        await self._app(scope, receive, send_with_headers)


class BodyLimit:
    """Refuses a request body of more than `limit` bytes while it arrives, whatever it says."""

    def __init__(self, app: ASGIApp, limit: int) -> None:
        self._app = app
        self._limit = limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve with a bounded `receive`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        received = 0
        stated = Headers(scope=scope).get("content-length", "0")
        over = stated.isdigit() and int(stated) > self._limit

        async def receive_bounded() -> Message:
            nonlocal received
            message = await receive()
            received += len(message.get("body", b""))
            if over or received > self._limit:
                await self._drain(message, receive, received)
                raise HTTPException(
                    413, f"the upload is larger than {self._limit / 1e6:.0f} MB; save it smaller"
                )
            return message

        await self._app(scope, receive_bounded, send)

    async def _drain(self, message: Message, receive: Receive, received: int) -> None:
        while message.get("more_body") and received < _DRAINED * self._limit:
            message = await receive()
            received += len(message.get("body", b""))


class CountRequests:
    """Counts answers by route pattern, method and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve and count the answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The pattern, not the path: ids and tokens would make a series each.
                route = getattr(scope.get("route"), "path", "other")
                self._metrics.count_request(route, scope["method"], message["status"])
            await send(message)

        await self._app(scope, receive, send_counted)
