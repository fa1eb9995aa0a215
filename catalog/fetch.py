"""An http(s) address in, the bytes of a photo or a feed out: bounded, polite and safe.

Bounded in bytes, seconds, redirects and attempts. Polite: few requests at once to one host, a
pause between them, Retry-After is kept, what has not changed is not sent again. Safe: see
`catalog.connections`. What comes back is bytes that nobody has looked into:
`segmentation.photos.decode_photo` judges them.
"""

import random
import threading
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import TracebackType
from typing import Final, Self

import httpx2

from catalog.connections import GuardedTransport, deadline
from catalog.errors import AddressRefused, FetchError, HostFailed, NoPhotoThere
from catalog.hosts import GIVEN_UP, FetchLimits, HostQueue

__all__ = [
    "WHILE_SOMEBODY_WAITS",
    "FetchLimits",
    "FetchedPhoto",
    "PhotoFetcher",
    "Validators",
    "fetch_photo",
]

USER_AGENT: Final = "apparel-search (catalogue photo fetcher)"
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes that may be gone the next time."""
_FIRST_PAUSE: Final = 0.5
_SILENCE: Final = 10.0
"""Seconds without a byte after which a connection counts as dead."""


WHILE_SOMEBODY_WAITS: Final = FetchLimits(seconds=10.0, attempts=1, host_pause=0.0)
"""For a person at a page: one attempt, ten seconds."""
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True)
class _Wanted:
    """What is fetched: its word, what is asked for, kinds that it surely is not.

    Servers name what they send in many ways, also wrongly: only the common mistakes are refused.
    """

    word: str
    accept: str
    refused: frozenset[str]


_PHOTO: Final = _Wanted("photo", "image/*", _PAGES | {"application/json"})
_FEED: Final = _Wanted("feed", "text/*, application/*", _PAGES)


@dataclass(frozen=True)
class Validators:
    """What a server gave with a photo, to be asked later whether it has changed."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class FetchedPhoto:
    """Bytes as they came, and how to ask for them again."""

    data: bytes
    validators: Validators


def fetch_photo(url: str, limits: FetchLimits = WHILE_SOMEBODY_WAITS) -> bytes:
    """The bytes of one photo, from a public address unless the limits say otherwise.

    Raises:
        FetchError: AddressRefused, NoPhotoThere or HostFailed, with a stable `code`.
    """
    return _fetch_once(url, limits, _PHOTO)


def fetch_feed(url: str, limits: FetchLimits) -> bytes:
    """The bytes of a feed, whatever kind of text its server calls it; else as `fetch_photo`."""
    return _fetch_once(url, limits, _FEED)


def _fetch_once(url: str, limits: FetchLimits, wanted: _Wanted) -> bytes:
    with PhotoFetcher(limits, wanted) as fetcher:
        fetched = fetcher.fetch(url)
    assert fetched is not None  # nothing was known, so nothing can be unchanged
    return fetched.data


class PhotoFetcher:
    """Fetches many photos, from several threads, over connections that stay open."""

    def __init__(self, limits: FetchLimits = FetchLimits(), wanted: _Wanted = _PHOTO) -> None:
        self.limits = limits
        self._wanted = wanted
        self._closing = threading.Event()
        self._hosts = HostQueue(limits, self._closing)
        self._client = httpx2.Client(
            transport=GuardedTransport(limits.allow_private),
            headers={
                "User-Agent": USER_AGENT,
                "Accept": wanted.accept,
                "Accept-Encoding": "identity",
            },
            timeout=httpx2.Timeout(min(_SILENCE, limits.seconds), pool=None),
            trust_env=False,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Wake the threads that wait for their turn, and close every connection."""
        self._closing.set()
        self._client.close()

    def fetch(self, url: str, known: Validators | None = None) -> FetchedPhoto | None:
        """Fetch a photo; None if it is still what it was when `known` came with it.

        Raises:
            FetchError: with a stable `code`, after as many attempts as the limits allow.
        """
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return self._attempt(url, known)
            except HostFailed as failure:
                too_long = (failure.retry_after or 0) > self.limits.longest_wait
                hopeless = too_long or failure.code == GIVEN_UP
                if hopeless or attempt == self.limits.attempts or self._closing.is_set():
                    raise
                pause = _FIRST_PAUSE * 2 ** (attempt - 1) * random.uniform(0.75, 1.25)
                self._closing.wait(pause)
        raise AssertionError("limits.attempts is below 1")

    def _attempt(self, url: str, known: Validators | None) -> FetchedPhoto | None:
        try:
            return self._follow(_checked(url), known)
        except httpx2.TimeoutException as error:
            raise HostFailed("timed_out", f"{url} took too long; try again later") from error
        except httpx2.InvalidURL as error:
            raise AddressRefused(f"{url} leads to no address ({error}); correct it") from error
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise HostFailed(
                "unreachable", f"cannot fetch {url}: {reason}; check the address"
            ) from error

    def _follow(self, url: httpx2.URL, known: Validators | None) -> FetchedPhoto | None:
        seconds = self.limits.seconds
        for _ in range(self.limits.redirects + 1):
            with self._hosts.turn(url.host):
                start = time.monotonic()
                with (
                    deadline(seconds),
                    self._client.stream("GET", url, headers=_conditions(known)) as response,
                ):
                    if response.next_request is None:
                        return self._photo_of(response)
                    url = _checked(str(response.next_request.url))
                seconds -= time.monotonic() - start
        raise NoPhotoThere(
            "too_many_redirects",
            f"{url} was reached over {self.limits.redirects} redirects and leads on; "
            f"give the {self._wanted.word}'s own address",
        )

    def _photo_of(self, response: httpx2.Response) -> FetchedPhoto | None:
        if response.status_code == httpx2.codes.NOT_MODIFIED:
            return None
        self._check_status(response)
        _check_kind(response, self._wanted)
        headers = response.headers
        validators = Validators(headers.get("ETag"), headers.get("Last-Modified"))
        return FetchedPhoto(self._body(response), validators)

    def _check_status(self, response: httpx2.Response) -> None:
        status, url = response.status_code, response.url
        if status in PASSING:
            wait = _retry_after(response.headers.get("Retry-After"))
            if wait is not None:
                self._hosts.leave_alone(url.host, min(wait, self.limits.longest_wait))
            asked = f" for {wait:.0f} s" if wait else ""
            message = f"{url.host} answers {status}, it is busy{asked}; try again later"
            raise HostFailed(f"http_{status}", message, wait)
        if status != httpx2.codes.OK:
            raise NoPhotoThere(f"http_{status}", f"{url} answers {status}; check the address")

    def _body(self, response: httpx2.Response) -> bytes:
        limit = self.limits.bytes
        announced = response.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > limit:
            raise _too_large(response, limit, self._wanted)
        body = bytearray()
        for chunk in response.iter_bytes():
            body += chunk
            if len(body) > limit:
                raise _too_large(response, limit, self._wanted)
        return bytes(body)


def _checked(url: str) -> httpx2.URL:
    parsed = httpx2.URL(url)
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise AddressRefused(f"{url} is no http or https address; correct it")
    if parsed.userinfo:
        raise AddressRefused("the address holds a name or password; leave it out")
    return parsed


def _conditions(known: Validators | None) -> dict[str, str]:
    if known is None:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value}


def _check_kind(response: httpx2.Response, wanted: _Wanted) -> None:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in wanted.refused:
        raise NoPhotoThere(
            f"not_a_{wanted.word}",
            f"{response.url} is {kind}, not a {wanted.word}; give the {wanted.word}'s own address",
        )


def _too_large(response: httpx2.Response, limit: int, wanted: _Wanted) -> FetchError:
    message = f"{response.url} is over {limit / 1e6:.0f} MB; offer a smaller {wanted.word}"
    return NoPhotoThere("too_large", message)


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, which is a number or a date."""
    if value is None:
        return None
    if value.strip().isdecimal():
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
