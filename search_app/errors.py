"""Errors of requests and commands; each message is one line and ends with the remedy."""

from typing import ClassVar


class SearchAppError(Exception):
    """Base of all errors of this package.

    Attributes:
        status: HTTP status of the answer.
        code: stable name of the error in the answer, for programs.
    """

    status: ClassVar[int] = 500
    code: str = "failed"

    def __init_subclass__(cls, status: int | None = None, code: str | None = None) -> None:
        cls.status = status or cls.status
        cls.code = code or cls.code


class CommandFailed(SearchAppError):
    """A command could not do its work; it ends with exit code 1."""


class UploadRefused(SearchAppError, status=400):
    """A request without a usable photo."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class UploadTooLarge(SearchAppError, status=413, code="too_large"):
    """A photo with more bytes than the settings allow."""


class QueryExpired(SearchAppError, status=404, code="query_expired"):
    """The token of a query photo is unknown or too old."""


class AdminNeeded(SearchAppError, status=401, code="sign_in"):
    """An admin page was requested without a session."""


class PageNotFound(SearchAppError, status=404, code="not_found"):
    """There is no such page, photo, sample or garment."""


class SampleNotFound(PageNotFound, code="sample_not_found"):
    """There is no sample photo of this name."""


class BadRequest(SearchAppError, status=422, code="invalid_request"):
    """A parameter or field of the request is unknown, or its value cannot be understood."""

    def __init__(self, name: str, problem: str) -> None:
        """Take the parameter's or field's name and what it must be, without a subject."""
        super().__init__(f"{name}: {problem}")


class WritesForbidden(SearchAppError, status=403, code="writes_forbidden"):
    """A page of another site tried to change the catalogue."""


class KeyNeeded(SearchAppError, status=401, code="key_needed"):
    """The request needs a key and has none."""


class KeyUnknown(SearchAppError, status=401, code="key_unknown"):
    """The key is unknown or revoked."""


class ScopeMissing(SearchAppError, status=403, code="scope_missing"):
    """The key's scope does not cover this."""


class OriginForbidden(SearchAppError, status=403, code="origin_forbidden"):
    """The key is for pages of other origins."""


class SignatureWrong(SearchAppError, status=401, code="signature_wrong"):
    """A webhook's signature is missing or wrong."""


class JobNotFound(SearchAppError, status=404, code="job_not_found"):
    """No import has this id, or it has no rejects."""


class JobEnded(SearchAppError, status=409, code="job_state"):
    """The import's state does not allow this."""


class Busy(SearchAppError, status=503, code="busy"):
    """The queue before the models is full."""

    retry_after = 5


class NotReady(SearchAppError, status=503, code="not_ready"):
    """The collection is not open; the message carries the reason."""
