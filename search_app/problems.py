"""Every error in, its answer out: one JSON shape for machines, a page for browsers."""

import logging
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from catalog.errors import CatalogError, FetchError, ProductNotFound
from indexing.errors import IndexingError
from search_app import texts
from search_app.documents import ErrorDocument
from search_app.errors import Busy, SearchAppError
from search_app.services import services_of
from search_app.validation import first_problem
from segmentation.errors import SegmentationError, UnreadablePhoto

_log = logging.getLogger(__name__)

ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    "4XX": {"model": ErrorDocument, "description": "The request was refused"},
    "503": {"model": ErrorDocument, "description": "Busy or not ready; see Retry-After"},
}
"""What every route of the API may answer instead, for its description."""
PHOTO_STATUS: Final = {"too_large": 413, "too_many_pixels": 413, "not_a_photo": 415}
"""Code of a refused photo -> HTTP status; any other is 400."""
_HTTP_CODES: Final = {
    400: "bad_request",
    401: "key_needed",
    404: "not_found",
    405: "method_not_allowed",
    413: "too_large",
    415: "unsupported_type",
    422: "invalid_request",
}
_MACHINE_PATHS: Final = ("/api", "/healthz", "/readyz", "/metrics", "/openapi.json")
_TITLES: Final = {
    401: "A key is needed",
    403: "Not allowed here",
    404: "Not here",
    413: "Too large",
    503: "Not ready",
}


def add_error_handlers(app: FastAPI) -> None:
    """Answer every error of ours, of the framework and of nobody."""
    app.add_exception_handler(SearchAppError, _search_app_error)
    app.add_exception_handler(SegmentationError, _package_error)
    app.add_exception_handler(IndexingError, _package_error)
    app.add_exception_handler(CatalogError, _package_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(Exception, _unexpected_error)


def photo_problem(error: UnreadablePhoto | FetchError | SearchAppError) -> int:
    """The HTTP status of a photo that was refused or could not be fetched."""
    if isinstance(error, FetchError):
        return 422
    if isinstance(error, SearchAppError):
        return error.status
    return PHOTO_STATUS.get(error.code, 400)


def answer(request: Request, status: int, code: str, message: str) -> Response:
    """The error as JSON, or as a page for a browser on a page's address."""
    if not _wants_page(request):
        return JSONResponse({"error": {"code": code, "message": message}}, status)
    title = _TITLES.get(status, "That did not work")
    context = {"status": status, "title": title, "message": sentence(message), "here": ""}
    templates = services_of(request).templates
    return templates.TemplateResponse(request, "error.html", context, status)


def _wants_page(request: Request) -> bool:
    for_machines = request.url.path.startswith(_MACHINE_PATHS)
    return not for_machines and "text/html" in request.headers.get("accept", "")


def _search_app_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, SearchAppError)
    response = answer(request, error.status, error.code, str(error))
    if isinstance(error, Busy):
        response.headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _package_error(request: Request, error: Exception) -> Response:
    if isinstance(error, UnreadablePhoto):
        services_of(request).metrics.count_refused(error.code)
        return answer(request, photo_problem(error), error.code, str(error))
    if isinstance(error, ProductNotFound):
        return answer(request, 404, "product_not_found", str(error))
    if isinstance(error, FetchError):
        # Not 502: nothing is wrong here, the address that was sent does not give a photo.
        services_of(request).metrics.count_refused(error.code)
        return answer(request, PHOTO_STATUS.get(error.code, 422), error.code, str(error))
    if isinstance(error, CatalogError):
        return answer(request, 422, "catalogue_refused", str(error))
    _log.error("%s: %s", type(error).__name__, error)
    return answer(request, 503, "not_ready", str(error))


def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return answer(request, 422, "invalid_request", first_problem(error.errors()))


def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    code = _HTTP_CODES.get(error.status_code, "failed")
    response = answer(request, error.status_code, code, _http_message(error, request))
    response.headers.update(error.headers or {})
    return response


def _http_message(error: HTTPException, request: Request) -> str:
    if error.status_code == 404 and _wants_page(request):
        return texts.NO_SUCH_PAGE
    if error.status_code == 404:
        return f"nothing is at {request.url.path[:120]}; see /docs for what there is"
    if error.status_code == 405:
        return f"{request.method} is not for {request.url.path[:120]}; see /docs for what is"
    return str(error.detail)


def _unexpected_error(request: Request, error: Exception) -> Response:
    _log.error("unexpected error on %s", request.url.path, exc_info=error)
    return answer(request, 500, "internal_error", "something broke here; the log says what")


def sentence(message: str) -> str:
    """An error's message as a sentence for a page."""
    return f"{message[:1].upper()}{message[1:].rstrip('.')}."
