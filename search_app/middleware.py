"""Around every request: its id, the sender's rate, body limit, security headers, log and count.

Plain ASGI, so that nothing is buffered.
"""

import re
import secrets
from time import perf_counter
from typing import Final

from fastapi import HTTPException, Request
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_app.health import Metrics
from search_app.keys import secret_in
from search_app.limiter import RateLimiter
from search_app.logs import REQUEST_ID, AnsweredRequest, log_answer
from search_app.problems import answer

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
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""Ids of a proxy are taken over; what could forge a line of the log is not."""
_UNCOMPRESSED: Final = ("/admin", "/api", "/photos/", "/samples/", "/metrics")
_PHOTO_ENDINGS: Final = (".jpg", ".jpeg", ".png", ".webp", ".woff2")
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


class AnswerHead:
    """Answers HEAD as GET without the body, on every route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; a HEAD is a GET to all that lies within."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        asked = {**scope, "method": "GET"}

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.start" and "route" in asked:
                scope["route"] = asked["route"]  # for the log and the counts
            elif message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app(asked, receive, send_without_body)


class CompressTexts:
    """Sends pages, styles and scripts compressed.

    Not photos, which are so already; not the admin page: what is compressed together with a
    token tells of it by its size (BREACH).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressing = GZipMiddleware(app, minimum_size=1000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, compressed where it pays and the client takes it."""
        path = scope.get("path", "")
        is_plain = path.startswith(_UNCOMPRESSED) or path.endswith(_PHOTO_ENDINGS)
        await (self._plain if is_plain else self._compressing)(scope, receive, send)


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


class ObserveRequests:
    """Gives each request an id, counts and times its answer, writes it to the log."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve; the id is in the log's lines and in the header `X-Request-ID`."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started = perf_counter()
        given = Headers(scope=scope).get("x-request-id", "")
        request_id = given if _REQUEST_ID.fullmatch(given) else secrets.token_hex(8)
        REQUEST_ID.set(request_id)

        async def send_observed(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)["x-request-id"] = request_id
                self._observe(scope, message["status"], perf_counter() - started)
            await send(message)

        await self._app(scope, receive, send_observed)

    def _observe(self, scope: Scope, status: int, seconds: float) -> None:
        # The pattern, not the path: ids and tokens would make a series each.
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.count_request(route, scope["method"], status, seconds)
        milliseconds = round(seconds * 1000, 1)
        log_answer(
            AnsweredRequest(scope["method"], route, status, milliseconds, client_address(scope))
        )


class LimitRate:
    """Answers 429 with Retry-After to who asks too often, before a body is read."""

    def __init__(self, app: ASGIApp, limiter: RateLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve, or refuse."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        secret = secret_in(Headers(scope=scope))
        seconds = self._limiter.wait(scope["path"], client_address(scope), secret)
        if not seconds:
            await self._app(scope, receive, send)
            return
        message = f"too many requests from here; try again in {seconds} s"
        response = answer(Request(scope), 429, "rate_limited", message)
        response.headers["Retry-After"] = str(seconds)
        await response(scope, receive, send)


def client_address(scope: Scope) -> str:
    """Who asks; behind a proxy on this machine, who asked the proxy (uvicorn sees to it)."""
    client = scope.get("client")
    return str(client[0]) if client else "local"
