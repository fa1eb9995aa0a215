"""What strangers may send: odd files, addresses of private networks, hostile words."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from indexing.collection import Collection
from search_app.app import create_app
from search_app.search import uploads
from search_app.settings import Settings
from tests.hostile_photos import PHOTO, RED, HostileFile, hostile_files
from tests.search_app.conftest import HOME

FILES = hostile_files()
PRIVATE = (
    "http://127.0.0.1:8000/healthz",
    "http://127.0.0.1:22/",
    "http://localhost/",
    "http://LOCALHOST/",
    "http://0.0.0.0/",
    "http://0/",
    "http://127.1/",
    "http://2130706433/",
    "http://0x7f000001/",
    "http://017700000001/",
    "http://[::1]/",
    "http://[::]/",
    "http://[::ffff:127.0.0.1]/",
    "http://[::ffff:7f00:1]/",
    "http://[64:ff9b::7f00:1]/",
    "http://[fe80::1]/",
    "http://[fc00::1]/",
    "http://10.0.0.1/",
    "http://172.16.0.1/",
    "http://192.168.0.1/",
    "http://169.254.169.254/latest/meta-data/",
    "http://100.100.100.200/latest/meta-data/",
    "http://192.0.0.192/",
    "http://224.0.0.1/",
    "http://255.255.255.255/",
    "http://user:secret@127.0.0.1/",
    "http://8.8.8.8@127.0.0.1/",
    "file:///etc/passwd",
    "ftp://127.0.0.1/",
    "gopher://127.0.0.1:6379/_FLUSHALL",
    "data:image/png;base64,AAAA",
    "//127.0.0.1/",
    "http://",
    "http:///etc/passwd",
    "http://127.0.0.1\r\nHost: shop.example/",
)


@pytest.fixture(scope="module")
def open_client(collection: Collection) -> Iterator[TestClient]:
    settings = Settings(data=collection.data, rate_limit="off")
    with TestClient(create_app(settings, collection), HOME) as client:
        yield client


def test_there_are_many() -> None:
    assert len(FILES) >= 60
    assert len(PRIVATE) >= 20


@pytest.mark.parametrize("file", FILES.values(), ids=FILES.keys())
def test_odd_file_gives_the_right_result_or_a_clear_refusal(
    open_client: TestClient, file: HostileFile
) -> None:
    answer = open_client.post("/api/v1/search", files={"photo": (file.name, file.data)})
    document = answer.json()
    if file.answer in (RED, PHOTO):
        assert answer.status_code == 200, document
        if file.answer == RED:
            (garment,) = document["garments"]
            assert garment["results"][0]["product_id"] == "red-upper"
        return
    assert 400 <= answer.status_code < 500
    assert document["error"]["code"] in file.answer.split("|"), document
    assert len(document["error"]["message"]) < 200


@pytest.mark.parametrize("url", PRIVATE)
def test_address_that_is_not_public_is_refused(open_client: TestClient, url: str) -> None:
    answer = open_client.post("/api/v1/search", data={"url": url})
    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "address_refused"


def test_sixty_slow_addresses_hold_up_nothing_else(
    open_client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def slow_fetch(url: str, limits: object) -> bytes:
        released.wait(30)
        return b"no photo"

    def search(place: int) -> int:
        url = f"https://slow.example/{place}.jpg"
        return open_client.post("/api/v1/search", data={"url": url}).status_code

    monkeypatch.setattr(uploads, "fetch_photo", slow_fetch)
    with ThreadPoolExecutor(60) as senders:
        answers = [senders.submit(search, place) for place in range(60)]
        while sum(answer.done() for answer in answers) < 60 - 17:
            time.sleep(0.01)
        assert open_client.get("/readyz").status_code == 200
        assert open_client.get("/catalogue").status_code == 200
        assert not released.is_set()
        released.set()
    statuses = [answer.result() for answer in answers]
    assert (statuses.count(503), statuses.count(415)) == (43, 17)
