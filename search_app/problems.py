"""Error handlers: one JSON shape for programs, a page for browsers."""

import errno
import logging
from collections.abc import Sequence
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.routing import Match, Mount

from catalog.errors import (
    BucketAway,
    CannotWrite,
    CatalogError,
    DatabaseAway,
    FetchError,
    ProductNotFound,
    SourceNotFound,
    UnreadableText,
)
from indexing.errors import IndexingError
from search_app.documents import ErrorDocument
from search_app.errors import BadRequest, Busy, NotReady, SearchAppError
from search_app.language import texts
from search_app.security.server_paths import without_paths
from search_app.services import services_of
from segmentation.errors import SegmentationError, UnreadablePhoto

_log = logging.getLogger(__name__)

ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": ErrorDocument, "description": "The request was refused"},
    "503": {"model": ErrorDocument, "description": "Busy or not ready; see Retry-After"},
}
"""Error responses that every route of the API may give, for its description."""
PHOTO_STATUS: Final = {"too_large": 413, "too_many_pixels": 413, "not_a_photo": 415}
"""Code of a refused photo -> HTTP status; any other is 400."""
_HTTP_CODES: Final = {
    400: "bad_request",
    401: "key_needed",
    404: "not_found",
    405: "method_not_allowed",
    408: "too_slow",
    413: "too_large",
    415: "unsupported_type",
    422: "invalid_request",
}
_NO_ROOM: Final = "the server's disk is full or read-only; searching works, removing makes room"
DATABASE_AWAY: Final = "database_away"
"""Attribute of a request's state: the connection was lost (`search_app.middleware.RetryRead`)."""
UNFIT_VALUE: Final = "unfit_value"
"""Attribute of it: a stored text cannot be read."""
_AWAY_SECONDS: Final = 2
_UNWRITABLE: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES)
_MACHINE_PATHS: Final = ("/api", "/healthz", "/readyz", "/metrics", "/openapi.json")
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")
_PLACES: Final = ("body", "query", "path", "header")
_PATTERNS: Final = {
    "^https?://": "must begin with http:// or https://",
    "^[A-Z]{3}$": "must be three capital letters, such as EUR",
    r"^[0-9]{1,5},[0-9]{1,5},[0-9]{1,5},[0-9]{1,5}$": "must be x0,y0,x1,y1 in pixels",
}
_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not a name we know; see /docs for those that exist",
    "json_invalid": "no JSON ({error})",
    "model_attributes_type": "must be a JSON object, sent as application/json",
    "model_type": "must be a JSON object, sent as application/json",
    "int_parsing": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_parsing": "must be a number",
    "decimal_parsing": "must be a number",
    "bool_parsing": "must be true or false",
    "greater_than_equal": "must be at least {ge}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_long": "takes at most {max_length} values; leave some out",
    "text_too_long": "takes at most {max_length} characters; shorten it",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "string_pattern_mismatch": "must match {pattern}",
}
"""Kind of an error -> what to say, with values of the error's context."""
_PACKAGE_ERRORS: Final[dict[type[Exception], tuple[int, str, str]]] = {
    ProductNotFound: (404, "product_not_found", ""),
    SourceNotFound: (404, "source_not_found", ""),
    DatabaseAway: (503, "not_ready", "the database does not answer; try again in a moment"),
    BucketAway: (503, "not_ready", "the store of photos does not answer; try again"),
    CannotWrite: (507, "no_room", _NO_ROOM),
    UnreadableText: (503, "not_ready", "a stored text is damaged; try again in a moment"),
    CatalogError: (422, "catalogue_refused", ""),
    Exception: (503, "not_ready", ""),
}
"""Kind of an error -> HTTP status, code and message, "" = the error's own; the first counts."""


def add_error_handlers(app: FastAPI) -> None:
    """Register handlers for our own errors, the framework's and unforeseen ones."""
    app.add_exception_handler(SearchAppError, _search_app_error)
    app.add_exception_handler(SegmentationError, _package_error)
    app.add_exception_handler(IndexingError, _package_error)
    app.add_exception_handler(CatalogError, _package_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(ClientDisconnect, _client_left)
    app.add_exception_handler(OSError, _disk_error)
    app.add_exception_handler(Exception, _unexpected_error)


def photo_problem(error: UnreadablePhoto | FetchError | SearchAppError) -> int:
    """HTTP status for a photo that was refused or could not be fetched."""
    if isinstance(error, SearchAppError):
        return error.status
    # Not 502: nothing is wrong here, the address that was sent does not give a photo.
    return PHOTO_STATUS.get(error.code, 422 if isinstance(error, FetchError) else 400)


def answer(
    request: Request, status: int, code: str, message: str, retry_after: int | None = None
) -> Response:
    """Answer an error as JSON, or as a page to a browser outside the API.

    Args:
        retry_after: seconds after which the client may try again.
    """
    headers = {} if retry_after is None else {"Retry-After": str(retry_after)}
    if not _wants_page(request):
        return JSONResponse({"error": {"code": code, "message": message}}, status, headers)
    context = {
        "status": status,
        "title": texts.error_title(status, code),
        "message": texts.error_message(code, sentence(message)),
        # Which part of the address is wrong, for whoever made it.
        "detail": texts.address_problem(message) if code == BadRequest.code else "",
        # Nothing answers otherwise until somebody looks after the server.
        "can_go_on": code != NotReady.code,
        "can_retry": request.method == "GET" and (status == 429 or code == Busy.code),
        "here": "",
    }
    templates = services_of(request).templates
    return templates.TemplateResponse(request, "error.html", context, status, headers)


def _wants_page(request: Request) -> bool:
    for_machines = request.url.path.startswith(_MACHINE_PATHS)
    return not for_machines and "text/html" in request.headers.get("accept", "")


def _search_app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SearchAppError)
    wait = error.retry_after if isinstance(error, Busy) else None
    response = answer(request, error.status, error.code, str(error), wait)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _package_error(request: Request, error: Exception) -> Response:
    if isinstance(error, UnreadablePhoto | FetchError):
        services_of(request).metrics.count_refused(error.code)
        return answer(request, photo_problem(error), error.code, str(error))
    kind = next(each for each in _PACKAGE_ERRORS if isinstance(error, each))
    status, code, message = _PACKAGE_ERRORS[kind]
    if status >= 500:
        _log.error("%s: %s", type(error).__name__, error)
    is_away = isinstance(error, DatabaseAway)
    if is_away:
        setattr(request.state, DATABASE_AWAY, True)
    if isinstance(error, UnreadableText):
        setattr(request.state, UNFIT_VALUE, True)
    message = message or _shown(request, error)
    return answer(request, status, code, message, _AWAY_SECONDS if is_away else None)


def _shown(request: Request, error: Exception) -> str:
    return without_paths(str(error), services_of(request).settings.data)


def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    name, problem = first_problem(error.errors())
    return answer(request, 422, "invalid_request", f"{name}: {problem}")


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, "failed")
    response = answer(request, error.status_code, code, _http_message(error, request))
    response.headers.update(error.headers or {})
    if error.status_code == 405:
        # The framework names the methods of the first route alone.
        response.headers["Allow"] = ", ".join(sorted(_methods_of(request)))
    return response


def _methods_of(request: Request) -> set[str]:
    """Every method that the request's path has a route for; HEAD where it has GET."""
    routes = [each for each in request.app.routes if not isinstance(each, Mount)]

    def has_route(method: str) -> bool:
        scope = {**request.scope, "method": method}
        return any(route.matches(scope)[0] == Match.FULL for route in routes)

    methods = set(filter(has_route, _METHODS)) or {"GET"}  # a mount of static files
    return methods | {"HEAD"} if "GET" in methods else methods


def _http_message(error: HTTPException, request: Request) -> str:
    if error.status_code == 404:
        return f"nothing is at {request.url.path[:120]}; see /docs for what there is"
    if error.status_code == 405:
        return f"{request.method} is not for {request.url.path[:120]}; see /docs for what is"
    return str(error.detail)


def _client_left(request: Request, _error: Exception) -> Response:
    """An answer that nobody receives, for the metrics and the log."""
    return answer(request, 400, "client_left", "the connection ended before the upload did")


def _disk_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, OSError)
    if error.errno not in _UNWRITABLE:
        return _unexpected_error(request, error)
    _log.error("cannot write: %s", error)
    return answer(request, 507, "no_room", _NO_ROOM)


def _unexpected_error(request: Request, error: Exception) -> Response:
    _log.error("unexpected error on %s", request.url.path, exc_info=error)
    return answer(request, 500, "internal_error", "something broke here; the log says what")


def sentence(message: str) -> str:
    """An error's message as a sentence with capital and full stop."""
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."


def first_problem(errors: Sequence[Any]) -> tuple[str, str]:
    """The name of the first wrong field, and what it must be."""
    first = errors[0]
    kind, about = first["type"], first.get("ctx", {})
    where = ".".join(str(part) for part in first["loc"] if part not in _PLACES)
    if kind == "json_invalid":
        where = ""
    if kind == "value_error" and "UploadFile" in first["msg"]:
        return where, f"must be a file, not text: curl -F {where}=@FILE"
    if kind == "too_long" and about["field_type"] == "Value":  # our texts, whose type is checked
        kind = "text_too_long"
    said = _WORDS.get(kind, first["msg"].removeprefix("Value error, "))
    if kind in _WORDS:
        said = _PATTERNS.get(about.get("pattern"), said.format_map({"error": "broken"} | about))
    return where or "body", said
