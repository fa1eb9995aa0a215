"""ASGI middleware: request ids, rate limits, security headers, compression, log and metrics.

Plain ASGI without Starlette's BaseHTTPMiddleware, so that nothing is buffered.
"""

import re
import secrets
from functools import partial
from time import monotonic, perf_counter
from typing import Final

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from search_app.logs import REQUEST_ID, log_answer
from search_app.mending import SIGNS, Mender
from search_app.metrics import Metrics
from search_app.problems import DATABASE_AWAY, UNFIT_VALUE, answer
from search_app.security.keys import secret_in
from search_app.security.limiter import RateLimiter
from search_app.security.origins import PUBLIC

PAGE_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOCS_POLICY: Final = PAGE_POLICY.replace(
    "style-src 'self'", "style-src 'self' 'unsafe-inline'"
).replace("img-src 'self'", "img-src 'self' data: blob:")
"""Swagger UI styles itself inline, draws data: icons and shows pictures that a route answers."""

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
METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
"""Any other is refused at once: each new one would be a time series of the metrics for good."""


class SecurityHeaders:
    """Security headers, such as a content security policy, on every answer."""

    def __init__(self, app: ASGIApp, frame_origins: str | None = None) -> None:
        """Take the origins whose pages may frame these pages, separated by commas."""
        self._app = app
        self._frames = (frame_origins or "'none'").replace(",", " ")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        policy = self._policy(scope["path"])
        shared = {"cross-origin-resource-policy": "cross-origin"} if scope["path"] == PUBLIC else {}

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in (_HEADERS | shared).items():
                    headers[name] = value
                headers["content-security-policy"] = policy
            await send(message)

        await self._app(scope, receive, send_with_headers)

    def _policy(self, path: str) -> str:
        policy = DOCS_POLICY if path == "/docs" else PAGE_POLICY
        if path.startswith("/admin"):
            return policy
        return policy.replace("frame-ancestors 'none'", f"frame-ancestors {self._frames}")


class AnswerHead:
    """HEAD, answered like GET without the body, on every route."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return
        as_get = {**scope, "method": "GET"}

        async def send_without_body(message: Message) -> None:
            if message["type"] == "http.response.start" and "route" in as_get:
                scope["route"] = as_get["route"]  # for the log and the counts
            elif message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app(as_get, receive, send_without_body)


class CompressTexts:
    """Compression of pages, styles and scripts.

    Photos are compressed already. The admin page is not compressed, because the compressed size
    can reveal the token on it (BREACH).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._plain = app
        self._compressing = GZipMiddleware(app, minimum_size=1000, compresslevel=6)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = scope.get("path", "")
        is_plain = path.startswith(_UNCOMPRESSED) or path.endswith(_PHOTO_ENDINGS)
        await (self._plain if is_plain else self._compressing)(scope, receive, send)


class ObserveRequests:
    """Request ids, and the log, count and time of each answer."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["method"] not in METHODS:
            message = "this HTTP method is not known here; see /docs for those that are"
            await answer(Request(scope), 501, "method_unknown", message)(scope, receive, send)
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
        # The pattern, not the path: each id or token would make a time series of its own.
        route = getattr(scope.get("route"), "path", "other")
        self._metrics.count_request(route, scope["method"], status, seconds)
        log_answer(scope["method"], route, status, seconds, client_address(scope))


class RetryRead:
    """One more run of a GET that lost its database or met an unfit value; it has changed nothing.

    The second run is on another connection, or after `Mender.mend`. Anything but a GET is answered
    503 as it is: a write may have been committed.
    """

    def __init__(self, app: ASGIApp, mender: Mender) -> None:
        self._app = app
        self._mender = mender

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        state, began, is_read = scope.setdefault("state", {}), monotonic(), scope["method"] == "GET"
        is_begun = False

        async def send_unless_lost(message: Message) -> None:
            nonlocal is_begun
            if not (is_read and state.keys() & {DATABASE_AWAY, UNFIT_VALUE}):
                is_begun = True
                await send(message)

        try:
            await self._app(scope, receive, send_unless_lost)
        except SIGNS:
            if is_begun or not await run_in_threadpool(self._mender.mend, began):
                raise
            if not is_read:
                message = "a stored value was damaged and is mended; try again"
                await answer(Request(scope), 503, "not_ready", message, 1)(scope, receive, send)
                return
        else:
            if state.pop(UNFIT_VALUE, False):
                await run_in_threadpool(self._mender.mend, began)
            elif not state.pop(DATABASE_AWAY, False):
                return
        if is_read:
            await self._app(scope, receive, send)


class LimitRate:
    """429 with Retry-After above the rate limit, before a body is read."""

    def __init__(self, app: ASGIApp, limiter: RateLimiter) -> None:
        self._app = app
        self._limiter = limiter

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        wait = partial(
            self._limiter.wait, path, client_address(scope), secret_in(Headers(scope=scope))
        )
        seconds = await run_in_threadpool(wait) if self._limiter.asks_database(path) else wait()
        if not seconds:
            await self._app(scope, receive, send)
            return
        message = f"too many requests from here; try again in {seconds} s"
        await answer(Request(scope), 429, "rate_limited", message, seconds)(scope, receive, send)


def client_address(scope: Scope) -> str:
    """The client's address; behind a trusted proxy uvicorn sets it to the proxy's client."""
    client = scope.get("client")
    return str(client[0]) if client else "local"
