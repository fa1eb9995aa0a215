"""A real server under senders that stall, leave, come all at once or send bombs."""

import json
import logging
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import httpx2
import numpy as np
import pytest
from PIL import Image

from search_app.bodies import FORMS_AT_ONCE
from search_app.logs import RepeatFilter
from tests.load.run import drawn_catalogue
from tests.load.server import megabytes, served
from tests.photo_server import Answer, serving
from tests.ports import free_port
from tests.segmentation.test_decoding import empty_png

FREE = {"APPAREL_RATE_LIMIT": "off"}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn_catalogue(tmp_path_factory.mktemp("served"))[0]


@dataclass(frozen=True)
class Served:
    """A server that all tests share which do not stop it."""

    port: int
    process: subprocess.Popen[bytes]
    log: Path

    def search(self, photo: bytes) -> int:
        """The status of a search by a photo."""
        address = f"http://127.0.0.1:{self.port}/api/v1/search"
        return httpx2.post(address, files={"photo": ("a.png", photo)}, timeout=300).status_code


@pytest.fixture(scope="module")
def server(data: Path) -> Iterator[Served]:
    port, log = free_port(), data.parent / "log"
    with served(data, port, 0.05, "--private", log=log, **FREE) as process:
        yield Served(port, process, log)


@pytest.fixture
def port() -> int:
    return free_port()


def connected(port: int, first: bytes) -> socket.socket:
    """A connection on which so much of a request was sent."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=60)
    connection.sendall(first)
    return connection


def upload_head(size: int, more: str = "") -> bytes:
    return (
        f"POST /api/v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: {size}\r\n{more}"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    ).encode()


PART = b'--b\r\nContent-Disposition: form-data; name="photo"; filename="a.jpg"\r\n\r\n'


def rest(connection: socket.socket) -> bytes:
    """What still comes until the server closes."""
    received = b""
    try:
        while more := connection.recv(65_536):
            received += more
    except ConnectionResetError:
        pass
    return received


def seconds_of(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started


def quickest(port: int, path: str = "/readyz") -> float:
    """Seconds of the quickest of three answers: other work of this machine may delay one."""
    return min(seconds_of(partial(read, port, path)) for _ in range(3))


def read(port: int, path: str = "/readyz") -> Any:
    """The answer's body, which must be a success; plain, so that only the server takes time."""
    connection = HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()
    assert answer.status == 200
    body = answer.read()
    connection.close()
    return json.loads(body) if path == "/readyz" else body


def test_half_requests_and_stalled_bodies_are_closed_and_hold_nobody_up(server: Served) -> None:
    port = server.port
    with ExitStack() as stack:
        halves = [connected(port, b"GET / HTTP/1.1\r\nHost: a\r\n") for _ in range(200)]
        uploads = [connected(port, upload_head(5_000_000) + PART) for _ in range(40)]
        for each in (*halves, *uploads):
            stack.enter_context(each)
        assert quickest(port) < 1
        started = time.monotonic()
        assert all(rest(each) == b"" for each in halves)
        assert time.monotonic() - started < 14
        heard = [rest(each)[:20] for each in uploads]
        assert time.monotonic() - started < 20
    assert sum(b" 408 " in each for each in heard) == FORMS_AT_ONCE
    assert sum(b" 503 " in each for each in heard) == 40 - FORMS_AT_ONCE
    assert read(port)["waiting"] == 0


def test_body_of_two_lengths_ends_the_connection(server: Served) -> None:
    head = b"POST /api/v1/search HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n"
    smuggled = b"GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n"
    body = head + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
    with connected(server.port, body + smuggled) as connection:
        heard = rest(connection)
    assert heard.startswith(b"HTTP/1.1 400 ")
    assert heard.count(b"HTTP/1.1 ") == 1


def test_half_a_second_request_on_a_connection_is_closed_too(server: Served) -> None:
    whole = b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n"
    with connected(server.port, whole) as connection:
        assert b" 200 " in connection.recv(65_536)
        connection.sendall(b"GET /healthz HTTP/1.1\r\n")
        assert seconds_of(lambda: rest(connection)) < 14


def test_out_of_descriptors_the_log_stays_short_and_the_server_comes_back(
    data: Path, port: int, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    with served(data, port, 0.0, "--descriptors", "120", log=log, **FREE):
        with ExitStack() as stack:
            for _ in range(400):
                stack.enter_context(connected(port, b"GET / HTTP/1.1\r\n"))
            time.sleep(3)
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                read(port)
                break
            except (OSError, AssertionError):  # not accepted, or 503
                time.sleep(0.2)
        else:
            pytest.fail("the server did not come back")
    assert log.stat().st_size < 40_000


@pytest.mark.parametrize("sent", [signal.SIGHUP, signal.SIGTERM])
def test_full_line_refuses_before_the_body_and_a_signal_lets_it_be_answered(
    data: Path, port: int, sent: signal.Signals
) -> None:
    address = f"http://127.0.0.1:{port}/api/v1/search"
    files = {"photo": ("a.png", (data.parent / "red-upper.png").read_bytes())}
    with (
        served(data, port, 4.0, APPAREL_MAX_WAITING="1", **FREE) as process,
        ThreadPoolExecutor(2) as senders,
    ):
        answers = [
            senders.submit(lambda: httpx2.post(address, files=files, timeout=60)) for _ in range(2)
        ]
        while read(port)["waiting"] < 2:
            time.sleep(0.02)
        head = upload_head(20_000_000, "Expect: 100-continue\r\n")
        with connected(port, head) as waiting:
            heard = waiting.recv(65_536)
        assert b" 503 " in heard[:20]
        assert b"retry-after" in heard.lower()
        os.kill(process.pid, sent)
        assert [each.result().status_code for each in answers] == [200, 200]
        assert process.wait(30) in (0, -signal.SIGTERM)


def test_hundred_large_photos_at_once_cost_little_memory_and_it_comes_back(
    server: Served, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).integers(0, 255, (1600, 1600, 3), np.uint8)
    Image.fromarray(noise).save(tmp_path / "noise.png", compress_level=0)
    photo = (tmp_path / "noise.png").read_bytes()
    assert len(photo) > 7_000_000
    server.search(photo)
    before = megabytes(server.process, "VmRSS")
    with ThreadPoolExecutor(100) as senders:
        statuses = list(senders.map(server.search, [photo] * 100))
    assert set(statuses) <= {200, 503}
    assert statuses.count(200) >= 5
    assert megabytes(server.process, "VmHWM") - before < 400
    time.sleep(1)
    assert megabytes(server.process, "VmRSS") - before < 150


def test_sixty_slow_addresses_do_not_stall_other_requests(server: Served) -> None:
    with serving() as photos, ThreadPoolExecutor(60) as senders:
        photos.slowness = 8.0
        photos.answers["/slow.jpg"] = Answer(b"no photo")
        address = f"http://127.0.0.1:{server.port}/api/v1/search"

        def send(_: int) -> int:
            form = {"url": photos.url("/slow.jpg")}
            return httpx2.post(address, data=form, timeout=60).status_code

        answers = [senders.submit(send, place) for place in range(60)]
        while photos.at_once < 4:
            time.sleep(0.1)
        for path in ("/readyz", "/catalogue", "/api/v1/products"):
            assert quickest(server.port, path) < 1, path
        assert not all(each.done() for each in answers)
        assert {each.result() for each in answers} <= {503, 415, 422}


def test_sixteen_small_files_of_sixty_million_pixels_take_bounded_memory(server: Served) -> None:
    bomb = empty_png(7700, 6, 4)
    assert len(bomb) < 300_000
    before = megabytes(server.process, "VmRSS")
    with ThreadPoolExecutor(16) as senders:
        assert set(senders.map(server.search, [bomb] * 16)) <= {200, 503}
    assert megabytes(server.process, "VmHWM") - before < 700


def test_client_that_leaves_is_no_traceback(server: Served) -> None:
    heads = (
        upload_head(5_000_000) + PART,
        upload_head(500) + PART,
        b"POST /api/v1/imports HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 900\r\n"
        b"Content-Type: text/csv\r\n\r\nid,title\r\n",
        b"POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 900\r\n"
        b'Content-Type: application/json\r\n\r\n{"img',
        b"GET /catalogue HTTP/1.1\r\nHost: a\r\n\r\n",
    )
    for head in heads * 3:
        connected(server.port, head).close()
    time.sleep(2)
    read(server.port)
    said = server.log.read_text()
    assert "Traceback" not in said, said[-3000:]


def test_log_says_the_same_ten_times_a_minute_and_counts_the_rest() -> None:
    now = [0.0]
    seldom = RepeatFilter(clock=lambda: now[0])

    def passes(level: int, text: str) -> str | None:
        record = logging.LogRecord("a", level, "f", 1, text, ("x",), None)
        return str(record.msg) if seldom.filter(record) else None

    assert sum(passes(logging.ERROR, "broken %s") is not None for _ in range(5000)) == 10
    assert passes(logging.ERROR, "another %s") == "another %s"
    assert all(passes(logging.INFO, "answered %s") for _ in range(50))
    now[0] = 61.0
    assert passes(logging.ERROR, "broken %s") == "broken %s (and 4990 more like it before)"
