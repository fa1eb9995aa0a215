"""HTTP client for photos and feeds.

Requests are bounded in bytes, seconds, redirects and attempts. Each host gets few requests at once
with a pause between them; Retry-After is obeyed and unchanged photos are not sent again. For the
address checks see `catalog.fetching.connections`. The bytes are returned unvalidated:
`segmentation.photos.decode_photo` checks them.
"""

import random
import re
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType
from typing import Final, Self

import httpx2

from catalog.errors import AddressRefused, HostFailed, NoPhotoThere
from catalog.fetching.body import read_body
from catalog.fetching.connections import GuardedTransport, deadline
from catalog.fetching.hosts import GIVEN_UP, FetchLimits, HostQueue, SharedSlots

USER_AGENT: Final = "apparel-search (catalogue photo fetcher)"
PASSING: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes of temporary failures."""
_FIRST_PAUSE: Final = 0.5
_CHANCE: Final = random.SystemRandom()
"""Not the generator that all threads share: a program may have seeded that one."""
_SILENCE: Final = 10.0
"""Seconds without a byte after which a connection counts as dead."""
INTERACTIVE: Final = FetchLimits(seconds=10.0, attempts=1, host_pause=0.0)
"""Limits while a user waits for the page: one attempt, ten seconds."""
_PAGES: Final = frozenset({"text/html", "application/xhtml+xml"})


@dataclass(frozen=True)
class _Resource:
    """A kind of resource: its name, the Accept header and content types to refuse.

    Servers often declare wrong content types, so only those of common mistakes are refused.
    """

    name: str
    accept: str
    refused: frozenset[str]


_PHOTO: Final = _Resource("photo", "image/*", _PAGES | {"application/json"})
_FEED: Final = _Resource("feed", "text/*, application/*", _PAGES)


@dataclass(frozen=True)
class Validators:
    """Validators of a response, for conditional requests (RFC 9110)."""

    etag: str | None = None
    last_modified: str | None = None


@dataclass(frozen=True)
class FetchedPhoto:
    """The bytes of a response, its validators and its headers by lower-case name."""

    data: bytes
    validators: Validators
    headers: Mapping[str, str] = field(default_factory=dict, compare=False)


def fetch_photo(url: str, limits: FetchLimits = INTERACTIVE) -> bytes:
    """Fetch the bytes of one photo, from a public address unless the limits allow others.

    Raises:
        FetchError: AddressRefused, NoPhotoThere or HostFailed, with a stable `code`.
    """
    with PhotoFetcher(limits) as fetcher:
        return fetcher.fetch_bytes(url)


def feed_fetcher(limits: FetchLimits) -> "PhotoFetcher":
    """A fetcher of feeds: of any text type, for conditional requests or a server's token."""
    return PhotoFetcher(limits, _FEED)


class PhotoFetcher:
    """Fetches photos from several threads over persistent connections."""

    def __init__(
        self,
        limits: FetchLimits = FetchLimits(),
        resource: _Resource = _PHOTO,
        shared: SharedSlots | None = None,
    ) -> None:
        self.limits = limits
        self._resource = resource
        self._closing = threading.Event()
        self._hosts = HostQueue(limits, self._closing, shared)
        self._client = httpx2.Client(
            transport=GuardedTransport(limits.allow_private),
            headers={
                "User-Agent": USER_AGENT,
                "Accept": resource.accept,
                "Accept-Encoding": "identity",
            },
            # A foreign server's cookies would be kept for the whole run, without end.
            cookies=CookieJar(DefaultCookiePolicy(netscape=False)),
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
        """Wake the waiting threads and close every connection."""
        self._closing.set()
        self._client.close()

    def fetch(
        self,
        url: str,
        known: Validators | None = None,
        credentials: Mapping[str, str] | None = None,
    ) -> FetchedPhoto | None:
        """Fetch a photo; None if it has not changed since `known` was returned.

        Args:
            credentials: headers that the URL's own origin alone receives, not a redirect's.

        Raises:
            FetchError: with a stable `code`, after as many attempts as the limits allow.
        """
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return self._attempt(url, known, credentials or {})
            except HostFailed as failure:
                too_long = (failure.retry_after or 0) > self.limits.longest_wait
                hopeless = too_long or failure.code == GIVEN_UP
                if hopeless or attempt == self.limits.attempts or self._closing.is_set():
                    raise
                pause = _FIRST_PAUSE * 2 ** (attempt - 1) * _CHANCE.uniform(0.75, 1.25)
                self._closing.wait(pause)
        raise AssertionError("limits.attempts is below 1")

    def fetch_bytes(self, url: str) -> bytes:
        """Fetch without validators: there are always bytes. Raises FetchError."""
        fetched = self.fetch(url)
        assert fetched is not None
        return fetched.data

    def _attempt(
        self, url: str, known: Validators | None, credentials: Mapping[str, str]
    ) -> FetchedPhoto | None:
        try:
            return self._follow(check_address(url), known, credentials)
        except httpx2.TimeoutException as error:
            raise HostFailed("timed_out", f"{url} took too long; try again later") from error
        except httpx2.HTTPError as error:
            reason = str(error) or type(error).__name__
            raise HostFailed(
                "unreachable", f"cannot fetch {url}: {reason}; check the address"
            ) from error

    def _follow(
        self, url: httpx2.URL, known: Validators | None, credentials: Mapping[str, str]
    ) -> FetchedPhoto | None:
        seconds = self.limits.seconds
        own = origin_of(url)
        for _ in range(self.limits.redirects + 1):
            headers = _conditions(known) | (dict(credentials) if origin_of(url) == own else {})
            with self._hosts.turn(url.host):
                start = time.monotonic()
                with (
                    deadline(seconds),
                    self._client.stream("GET", url, headers=headers) as response,
                ):
                    if response.next_request is None:
                        return self._photo_of(response, known)
                    url = check_address(str(response.next_request.url))
                seconds -= time.monotonic() - start
        raise NoPhotoThere(
            "too_many_redirects",
            f"{url} was reached over {self.limits.redirects} redirects and leads on; "
            f"give the {self._resource.name}'s own address",
        )

    def _photo_of(self, response: httpx2.Response, known: Validators | None) -> FetchedPhoto | None:
        # A 304 that was not asked for is an answer without a photo.
        if response.status_code == httpx2.codes.NOT_MODIFIED and _conditions(known):
            return None
        self._check_status(response)
        _check_kind(response, self._resource)
        headers = response.headers
        validators = Validators(headers.get("ETag"), headers.get("Last-Modified"))
        body = read_body(response, self.limits.bytes, self._resource.name)
        return FetchedPhoto(body, validators, dict(headers))

    def _check_status(self, response: httpx2.Response) -> None:
        status, url = response.status_code, response.url
        if status in PASSING:
            wait = _retry_after(response.headers.get("Retry-After"))
            if wait is not None:
                self._hosts.defer(url.host, min(wait, self.limits.longest_wait))
            asked = f" for {wait:.0f} s" if wait else ""
            message = f"{url.host} answers {status}, it is busy{asked}; try again later"
            raise HostFailed(f"http_{status}", message, wait)
        if status != httpx2.codes.OK:
            raise NoPhotoThere(f"http_{status}", f"{url} answers {status}; check the address")


def origin_of(url: httpx2.URL | str) -> tuple[str, str, int | None]:
    """Scheme, host and port of a URL; the scheme's usual port is None."""
    parsed = httpx2.URL(url)
    return parsed.scheme, parsed.host, parsed.port


def check_address(url: str) -> httpx2.URL:
    """Parse a URL; AddressRefused for what is not http(s), or holds a name or password."""
    try:
        parsed = httpx2.URL(url)
    except httpx2.InvalidURL as error:
        raise AddressRefused(f"{url} leads to no address ({error}); correct it") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise AddressRefused(f"{url} is not an http or https address; correct it")
    if parsed.userinfo:
        raise AddressRefused("the address holds a name or password; leave it out")
    return parsed


def _conditions(known: Validators | None) -> dict[str, str]:
    if known is None:
        return {}
    conditions = {"If-None-Match": known.etag, "If-Modified-Since": known.last_modified}
    return {name: value for name, value in conditions.items() if value}


def _check_kind(response: httpx2.Response, resource: _Resource) -> None:
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
    if kind in resource.refused:
        raise NoPhotoThere(
            f"not_a_{resource.name}",
            f"{response.url} is {kind}, not a {resource.name}; "
            f"give the {resource.name}'s own address",
        )


def _retry_after(value: str | None) -> float | None:
    """Seconds of a Retry-After header, which holds a number or a date."""
    if value is None:
        return None
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", value.strip()):  # Shopify writes 2.0
        return float(value)
    try:
        date = parsedate_to_datetime(value)
    except ValueError:
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(0.0, (date - datetime.now(UTC)).total_seconds())
