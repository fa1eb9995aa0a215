"""What can go wrong between a request and its answer.

    SearchAppError
    ├── UploadRefused     no usable photo came with the request
    ├── UploadTooLarge    more bytes than a photo may have
    ├── QueryExpired      the query photo behind this link is no longer kept
    ├── AdminNeeded       a page behind a key was asked for without signing in
    ├── PageNotFound      nothing lives at this address, or no longer
    ├── BadRequest        a value in the request is not one we know
    ├── WritesForbidden   a page of another site wants to change the catalogue
    ├── KeyNeeded         a key must come with this request
    ├── KeyUnknown        the key that came is unknown or revoked
    ├── ScopeMissing      the key that came may do less than this
    ├── JobNotFound       there is no such import
    ├── JobEnded          an import has ended, or not yet, so this cannot be done with it
    ├── Busy              too many photos are waiting: come back in a moment
    └── NotReady          the catalogue or the models could not be opened

Each carries the HTTP `status` and the stable `code` of its answer. Every message is
one line and ends with what to do about it.
"""

from typing import ClassVar


class SearchAppError(Exception):
    """Base of everything this package raises on purpose."""

    status: ClassVar[int] = 500
    code: str = "failed"


class UploadRefused(SearchAppError):
    """A request without a usable photo."""

    status = 400

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UploadTooLarge(SearchAppError):
    """A photo with more bytes than the settings allow."""

    status = 413
    code = "too_large"


class QueryExpired(SearchAppError):
    """The token of a query photo is unknown or too old."""

    status = 404
    code = "query_expired"


class AdminNeeded(SearchAppError):
    """A page behind a key was asked for without a session."""

    status = 401
    code = "sign_in"


class PageNotFound(SearchAppError):
    """There is no such page, photo, sample or garment."""

    status = 404
    code = "not_found"


class BadRequest(SearchAppError):
    """A value in the request cannot be understood."""

    status = 422
    code = "invalid_request"


class WritesForbidden(SearchAppError):
    """A change to the catalogue was asked for from another site's page."""

    status = 403
    code = "writes_forbidden"


class KeyNeeded(SearchAppError):
    """No key came where one is due."""

    status = 401
    code = "key_needed"


class KeyUnknown(SearchAppError):
    """The key is not one of ours, or no longer."""

    status = 401
    code = "key_unknown"


class ScopeMissing(SearchAppError):
    """The key's scope does not cover this."""

    status = 403
    code = "scope_missing"


class JobNotFound(SearchAppError):
    """No import has this id, or it has no rejects."""

    status = 404
    code = "job_not_found"


class JobEnded(SearchAppError):
    """The import's state does not allow this."""

    status = 409
    code = "job_state"


class Busy(SearchAppError):
    """The line before the models is full."""

    status = 503
    code = "busy"
    retry_after = 5


class NotReady(SearchAppError):
    """The collection is not open; the message carries the reason."""

    status = 503
    code = "not_ready"
