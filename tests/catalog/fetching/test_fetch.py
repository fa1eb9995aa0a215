"""Fetching photos: what is refused, how far a fetch goes, how it treats the other side."""

import gzip
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import pytest

from catalog.errors import AddressRefused, FetchError, HostFailed, NoPhotoThere
from catalog.fetching import connections
from catalog.fetching.connections import is_public
from catalog.fetching.fetch import PhotoFetcher, Validators, fetch_photo
from catalog.fetching.hosts import FetchLimits
from tests.photo_server import Answer, PhotoServer, Request, serving

LOCAL = FetchLimits(seconds=5.0, attempts=1, host_pause=0.0, allow_private=True)
BODY = b"bytes of a photo" * 100


@pytest.fixture
def server() -> Iterator[PhotoServer]:
    with serving() as photos:
        photos.answers["/a.png"] = Answer(BODY)
        yield photos


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("8.8.8.8", True),
        ("2606:4700::1111", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.100.100.200", False),
        ("192.0.0.192", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("::ffff:10.0.0.1", False),
        ("::ffff:8.8.8.8", False),
        ("64:ff9b::a00:1", False),
        ("2002:a00:1::1", False),
        ("2001:0:a00:1::1", False),
        ("fc00::1", False),
        ("fe80::1%eth0", False),
        ("ff02::1", False),
        ("shop.example", False),
    ],
)
def test_only_addresses_everybody_reaches_are_public(address: str, public: bool) -> None:
    assert is_public(address) is public


def test_a_photo_comes_whole(server: PhotoServer) -> None:
    assert fetch_photo(server.url("/a.png"), LOCAL) == BODY
    (request,) = server.requests
    assert "apparel-search" in request.headers["User-Agent"]
    assert "Cookie" not in request.headers


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", "2130706433", "127.1"])
def test_private_hosts_are_refused_before_a_byte_is_sent(server: PhotoServer, host: str) -> None:
    with pytest.raises(AddressRefused, match="private network") as caught:
        fetch_photo(server.url("/a.png", host))
    assert caught.value.code == "address_refused"
    assert server.requests == []


@pytest.mark.parametrize(
    "url",
    ["ftp://shop.example/a.jpg", "file:///etc/passwd", "nonsense", "http://", "http://a:b@h/x",
     "http://[::1/a.jpg", "//shop.example/a.jpg", ""],
)  # fmt: skip
def test_what_is_no_http_address_is_refused(url: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        fetch_photo(url)
    assert "\n" not in str(caught.value)


def test_a_redirect_into_a_private_network_is_refused(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "is_public", lambda address: address == "127.0.0.1")
    inside = server.url("/a.png", "127.0.0.2")
    server.answers["/out"] = Answer(status=302, headers=(("Location", inside),))
    assert fetch_photo(server.url("/a.png")) == BODY
    with pytest.raises(AddressRefused, match=r"127\.0\.0\.2"):
        fetch_photo(server.url("/out"))
    assert server.paths() == ["/a.png", "/out"]


def test_the_connection_goes_to_the_address_that_was_checked(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that answers with a public address first and a private one then (rebinding)."""
    asked: list[str] = []
    real = socket.getaddrinfo

    def rebinding(host: str, *args: Any, **options: Any) -> Any:
        if host != "shop.example":
            return real(host, *args, **options)
        asked.append(host)
        return real("127.0.0.1" if len(asked) == 1 else "127.0.0.2", *args, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(connections, "is_public", lambda address: address == "127.0.0.1")
    url = server.url("/a.png", "shop.example")
    assert fetch_photo(url) == BODY
    assert server.requests[0].headers["Host"] == f"shop.example:{server.port}"
    with pytest.raises(AddressRefused):
        fetch_photo(url)
    assert len(server.requests) == 1
    assert len(asked) == 2


def test_a_host_with_a_private_address_too_is_reached_by_its_public_one(
    server: PhotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = [
        (socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 0)) for ip in ("10.0.0.1", "8.8.8.8")
    ]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *args, **options: places)
    assert connections.GuardedBackend(False)._addresses("shop.example", 80) == ["8.8.8.8"]


def test_redirects_are_followed_so_far_and_no_further(server: PhotoServer) -> None:
    for number in range(9):
        to = "/a.png" if number == 0 else f"/{number - 1}"
        server.answers[f"/{number}"] = Answer(status=301, headers=(("Location", to),))
    assert fetch_photo(server.url("/4"), LOCAL) == BODY
    with pytest.raises(NoPhotoThere) as caught:
        fetch_photo(server.url("/5"), LOCAL)
    assert caught.value.code == "too_many_redirects"


def test_a_long_address_makes_no_long_message(server: PhotoServer) -> None:
    server.answers["/long"] = Answer(status=302, headers=(("Location", "/" + "a" * 50_000),))
    with pytest.raises(NoPhotoThere, match="check the address") as caught:
        fetch_photo(server.url("/long"), LOCAL)
    assert len(str(caught.value)) < 600


def test_a_redirect_to_another_scheme_is_refused(server: PhotoServer) -> None:
    server.answers["/out"] = Answer(status=302, headers=(("Location", "file:///etc/passwd"),))
    with pytest.raises(FetchError):
        fetch_photo(server.url("/out"), LOCAL)


@pytest.mark.parametrize("announced", [True, False])
def test_size_is_bounded_whether_announced_or_not(server: PhotoServer, announced: bool) -> None:
    server.answers["/big"] = Answer(bytes(3_000_000), announced=announced)
    with pytest.raises(NoPhotoThere, match="over 1 MB") as caught:
        fetch_photo(server.url("/big"), replace(LOCAL, bytes=1_000_000))
    assert caught.value.code == "too_large"


def test_size_is_bounded_after_unpacking(server: PhotoServer) -> None:
    headers = (("Content-Type", "image/png"), ("Content-Encoding", "gzip"))
    server.answers["/bomb"] = Answer(gzip.compress(bytes(20_000_000)), headers=headers)
    with pytest.raises(NoPhotoThere, match="over 1 MB"):
        fetch_photo(server.url("/bomb"), replace(LOCAL, bytes=1_000_000))


def test_layers_of_packing_are_refused_before_they_cost_time(server: PhotoServer) -> None:
    """Layers of empty blocks: 37 kB of them once cost 13 s of processor time."""
    packed = gzip.compress(gzip.compress(b"\0\0\0\xff\xff" * 1_000_000))
    for coding in ("gzip, gzip", "gzip,gzip,gzip", "br", "deflate"):
        server.answers["/packed"] = Answer(packed, headers=(("Content-Encoding", coding),))
        with pytest.raises(NoPhotoThere, match="packed") as caught:
            fetch_photo(server.url("/packed"), LOCAL)
        assert caught.value.code == "packed"


@pytest.mark.parametrize(
    "body",
    [gzip.compress(BODY)[:-9], gzip.compress(BODY) + b"more", BODY],
    ids=["cut", "longer", "not packed"],  # the bytes hold the time, which differs between workers
)
def test_a_gzip_that_is_not_whole_is_not_taken(server: PhotoServer, body: bytes) -> None:
    server.answers["/cut"] = Answer(body, headers=(("Content-Encoding", "gzip"),))
    with pytest.raises(HostFailed, match="damaged"):
        fetch_photo(server.url("/cut"), LOCAL)


def test_a_gzip_that_nobody_asked_for_is_unpacked(server: PhotoServer) -> None:
    server.answers["/gz"] = Answer(gzip.compress(BODY), headers=(("Content-Encoding", "gzip"),))
    assert fetch_photo(server.url("/gz"), LOCAL) == BODY


def test_cookies_are_not_kept(server: PhotoServer) -> None:
    cookies = tuple(("Set-Cookie", f"c{number}=1; path=/") for number in range(9))
    server.answers["/a.png"] = Answer(BODY, headers=cookies)
    with PhotoFetcher(LOCAL) as fetcher:
        for _ in range(2):
            fetcher.fetch_bytes(server.url("/a.png"))
    assert all("Cookie" not in request.headers for request in server.requests)


def test_time_is_bounded_however_slowly_the_bytes_drip(server: PhotoServer) -> None:
    server.answers["/slow"] = Answer(BODY, drip=0.15)
    start = time.monotonic()
    with pytest.raises(HostFailed, match="took too long") as caught:
        fetch_photo(server.url("/slow"), replace(LOCAL, seconds=0.5))
    assert caught.value.code == "timed_out"
    assert time.monotonic() - start < 2


def test_no_server_is_reported_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/a.png"
        with pytest.raises(HostFailed, match="cannot fetch") as caught:
            fetch_photo(url, LOCAL)
    assert caught.value.code == "unreachable"


def test_a_page_and_a_missing_photo_are_distinguished(server: PhotoServer) -> None:
    server.answers["/page"] = Answer(b"<html>", headers=(("Content-Type", "text/html; x"),))
    for path, code in (("/page", "not_a_photo"), ("/none", "http_404")):
        with pytest.raises(NoPhotoThere) as caught:
            fetch_photo(server.url(path), replace(LOCAL, attempts=4))
        assert caught.value.code == code
    assert len(server.requests) == 2, "what will not change is not tried again"


def test_a_failure_that_passes_is_tried_again(server: PhotoServer) -> None:
    def second_time(request: Request) -> Answer:
        return Answer(status=500) if request.number == 1 else Answer(BODY)

    server.answers["/flaky"] = second_time
    assert fetch_photo(server.url("/flaky"), replace(LOCAL, attempts=2)) == BODY
    server.answers["/down"] = Answer(status=503)
    with pytest.raises(HostFailed) as caught:
        fetch_photo(server.url("/down"), replace(LOCAL, attempts=2))
    assert caught.value.code == "http_503"
    assert server.paths().count("/down") == 2


@pytest.mark.parametrize("as_date", [True, False])
def test_retry_after_is_kept(server: PhotoServer, as_date: bool) -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=3), usegmt=True)

    def busy_once(request: Request) -> Answer:
        if request.number == 1:
            return Answer(status=429, headers=(("Retry-After", later if as_date else "1"),))
        return Answer(BODY)

    server.answers["/busy"] = busy_once
    assert fetch_photo(server.url("/busy"), replace(LOCAL, attempts=2)) == BODY
    first, second = server.starts
    assert second - first >= 1.0


def test_a_host_that_asks_for_a_long_pause_is_not_asked_again(server: PhotoServer) -> None:
    server.answers["/busy"] = Answer(status=429, headers=(("Retry-After", "3600"),))
    start = time.monotonic()
    with pytest.raises(HostFailed, match="for 3600 s") as caught:
        fetch_photo(server.url("/busy"), replace(LOCAL, attempts=4))
    assert caught.value.retry_after == 3600
    assert len(server.requests) == 1
    assert time.monotonic() - start < 2


def test_what_has_not_changed_is_not_sent_again(server: PhotoServer) -> None:
    tag = '"v1"'

    def by_tag(request: Request) -> Answer:
        if request.headers.get("If-None-Match") == tag:
            return Answer(status=304)
        return Answer(
            BODY, headers=(("ETag", tag), ("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT"))
        )

    server.answers["/tagged"] = by_tag
    with PhotoFetcher(LOCAL) as fetcher:
        first = fetcher.fetch(server.url("/tagged"))
        assert first is not None
        assert first.validators == Validators(tag, "Mon, 02 Jan 2006 15:04:05 GMT")
        assert fetcher.fetch(server.url("/tagged"), first.validators) is None
        assert fetcher.fetch(server.url("/tagged"), Validators('"v0"')) == first


def test_a_304_that_was_not_asked_for_is_no_photo(server: PhotoServer) -> None:
    server.answers["/lies"] = Answer(status=304)
    with pytest.raises(NoPhotoThere, match="answers 304"):
        fetch_photo(server.url("/lies"), LOCAL)


@pytest.mark.parametrize("length", ["1000000000000", "9" * 5000, "-5", "many", "1, 2"])
def test_a_wrong_content_length_is_an_error_at_once(server: PhotoServer, length: str) -> None:
    server.answers["/lies"] = Answer(BODY, headers=(("Content-Length", length),), announced=False)
    started = time.monotonic()
    with pytest.raises(FetchError):
        fetch_photo(server.url("/lies"), LOCAL)
    assert time.monotonic() - started < 5


def test_a_body_shorter_than_announced_is_not_taken(server: PhotoServer) -> None:
    headers = (("Content-Length", str(len(BODY) + 1)),)
    server.answers["/short"] = Answer(BODY, headers=headers, announced=False)
    with pytest.raises(HostFailed):
        fetch_photo(server.url("/short"), LOCAL)


def test_one_host_gets_few_requests_at_once(server: PhotoServer) -> None:
    server.slowness = 0.05
    with (
        PhotoFetcher(replace(LOCAL, per_host=2)) as fetcher,
        ThreadPoolExecutor(8) as pool,
    ):
        urls = [server.url("/a.png")] * 12
        assert all(photo.data == BODY for photo in pool.map(fetcher.fetch, urls) if photo)
    assert server.most_at_once == 2


def test_requests_to_one_host_are_kept_apart(server: PhotoServer) -> None:
    start = time.monotonic()
    with (
        PhotoFetcher(replace(LOCAL, host_pause=0.1)) as fetcher,
        ThreadPoolExecutor(4) as pool,
    ):
        list(pool.map(fetcher.fetch, [server.url("/a.png")] * 5))
    # Not between two requests: a busy machine may start the first one late.
    assert server.starts[-1] - start >= 0.4


def test_closing_wakes_who_waits(server: PhotoServer) -> None:
    server.answers["/busy"] = Answer(status=503, headers=(("Retry-After", "30"),))
    fetcher = PhotoFetcher(replace(LOCAL, attempts=3))
    threading.Timer(0.3, fetcher.close).start()
    start = time.monotonic()
    with pytest.raises(HostFailed):
        fetcher.fetch(server.url("/busy"))
    assert time.monotonic() - start < 5
