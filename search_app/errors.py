"""Errors of requests, with their HTTP status.

    SearchAppError
    ├── UploadRefused     no usable photo came with the request
    ├── UploadTooLarge    more bytes than a photo may have
    ├── QueryExpired      the query photo of this link is no longer stored
    ├── AdminNeeded       an admin page was requested without signing in
    ├── PageNotFound      there is nothing at this address
    │   └── SampleNotFound    there is no sample photo of this name
    ├── BadRequest        a name or a value in the request is not one we know
    ├── WritesForbidden   a page of another site tries to change the catalogue
    ├── KeyNeeded         a key must come with this request
    ├── KeyUnknown        the key is unknown or revoked
    ├── ScopeMissing      the scope of the key does not allow this
    ├── OriginForbidden   the key is for pages of another site
    ├── SignatureWrong    a webhook is not signed with the source's secret
    ├── JobNotFound       there is no such import
    ├── JobEnded          the state of an import does not allow this
    ├── Busy              too many photos are waiting; try again in a moment
    └── NotReady          the catalogue or the models could not be opened

Each has the HTTP `status` and the stable `code` of its answer. Every message is one line and
ends with the remedy.
"""

from typing import ClassVar


class SearchAppError(Exception):
    """Base of all errors of this package."""

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
    """An admin page was requested without a session."""

    status = 401
    code = "sign_in"


class PageNotFound(SearchAppError):
    """There is no such page, photo, sample or garment."""

    status = 404
    code = "not_found"


class SampleNotFound(PageNotFound):
    """There is no sample photo of this name."""

    code = "sample_not_found"


class BadRequest(SearchAppError):
    """A parameter or field of the request is unknown, or its value cannot be understood."""

    status = 422
    code = "invalid_request"

    def __init__(self, name: str, problem: str) -> None:
        """Take the parameter's or field's name and what it must be, without a subject."""
        super().__init__(f"{name}: {problem}")


class WritesForbidden(SearchAppError):
    """A page of another site tried to change the catalogue."""

    status = 403
    code = "writes_forbidden"


class KeyNeeded(SearchAppError):
    """The request needs a key and has none."""

    status = 401
    code = "key_needed"


class KeyUnknown(SearchAppError):
    """The key is unknown or revoked."""

    status = 401
    code = "key_unknown"


class ScopeMissing(SearchAppError):
    """The key's scope does not cover this."""

    status = 403
    code = "scope_missing"


class OriginForbidden(SearchAppError):
    """The key is for pages of other origins."""

    status = 403
    code = "origin_forbidden"


class SignatureWrong(SearchAppError):
    """A webhook's signature is missing or wrong."""

    status = 401
    code = "signature_wrong"


class JobNotFound(SearchAppError):
    """No import has this id, or it has no rejects."""

    status = 404
    code = "job_not_found"


class JobEnded(SearchAppError):
    """The import's state does not allow this."""

    status = 409
    code = "job_state"


class Busy(SearchAppError):
    """The queue before the models is full."""

    status = 503
    code = "busy"
    retry_after = 5


class NotReady(SearchAppError):
    """The collection is not open; the message carries the reason."""

    status = 503
    code = "not_ready"
