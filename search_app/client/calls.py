"""A call of the API: its request and how its answer is read; the same for both clients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Generic, TypeVar

import httpx2

API: Final = "/api/v1"
TIMEOUT_SECONDS: Final = 60.0
PAGE_SIZE: Final = 100
"""Products that `all_products` reads at a time."""
Answer = TypeVar("Answer")
Photo = Path | str | bytes
"""A photo's path, its http(s) address, or its bytes."""
Region = tuple[int, int, int, int]
"""A box x0, y0, x1, y1 in pixels of the photo."""
Files = list[tuple[str, tuple[str, bytes]]]


class ApiError(Exception):
    """A request that the server refused; `code` is stable, the message says what to do."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True)
class PhotoQuery:
    """A query photo with the box to search with, and other photos of what is wanted.

    Attributes:
        region: the box; None = the garments that are detected.
        further_photos: at most three; garments of the same class are averaged.
    """

    photo: Photo
    region: Region | None = None
    further_photos: Sequence[Path | bytes] = ()


@dataclass(frozen=True)
class Examples:
    """Garments (`garment_id` of results) that results should be nearer to, or farther from."""

    more_like: Sequence[int] = ()
    less_like: Sequence[int] = ()


@dataclass(frozen=True)
class Call(Generic[Answer]):
    """A request, and what reads the body of its answer."""

    read: Callable[[bytes], Answer]
    method: str
    path: str
    parameters: dict[str, Any] = field(default_factory=dict)
    form: dict[str, Any] | None = None
    files: Files = field(default_factory=list)
    json: str | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of httpx2's `request`."""
        body: dict[str, Any] = {"data": self.form, "files": self.files or None}
        if self.json is not None:
            body = {"content": self.json, "headers": {"Content-Type": "application/json"}}
        return {"method": self.method, "url": self.path, "params": self.parameters, **body}

    def answer(self, response: httpx2.Response) -> Answer:
        """Read the answer. Raises ApiError."""
        if response.is_success:
            return self.read(response.content)
        try:
            error = response.json()["error"]
            code, message = error["code"], error["message"]
        except (ValueError, KeyError, TypeError):
            code, message = "failed", f"the server answered {response.status_code}"
        raise ApiError(response.status_code, code, message)


def http_options(url: str, key: str | None) -> dict[str, Any]:
    """Options of httpx2's clients."""
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    return {"base_url": url, "headers": headers, "timeout": TIMEOUT_SECONDS}


def nothing(_content: bytes) -> None:
    """Read an answer without content."""


def given(**values: Any) -> dict[str, Any]:
    """The values that are set, as fields of a form or a query."""
    return {
        name: value
        for name, value in values.items()
        if value is not None and value is not False and value != []
    }


def photo_files(name: str, photos: Sequence[Path | str | bytes]) -> Files:
    """Photos as files of a form's field."""
    contents = [each if isinstance(each, bytes) else Path(each).read_bytes() for each in photos]
    return [(name, ("photo", content)) for content in contents]
