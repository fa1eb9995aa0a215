"""Many clients, and a server that is killed: nothing else than wanted is answered, nothing lost."""

import csv
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from indexing.collection import open_collection
from search_app.security.local_token import read_local_token
from tests.fakes import FakeEmbedder, draw_photo
from tests.load.run import drawn_catalogue, run_load
from tests.load.server import served
from tests.ports import free_port

COLOURS = ("red", "blue", "green", "black", "orange", "purple", "brown", "gold")


def test_many_clients_hear_200_429_or_503_and_memory_stays_flat(tmp_path: Path) -> None:
    data, photos = drawn_catalogue(tmp_path)
    report = run_load(data, photos, clients=32, seconds=5, rate="1200/minute", drawn=0.1)
    assert report.ok, report
    assert report.photo_searches > 0, report


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=60) as client:
        yield client


def write_feed(folder: Path, count: int) -> Path:
    rows = [("id", "title", "photo")]
    for place in range(count):
        name = f"{place}.png"
        draw_photo(folder / name, COLOURS[place % 8], notch=place % 20)
        rows.append((f"p{place}", f"product {place}", name))
    with (folder / "feed.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder / "feed.csv"


def test_server_killed_while_importing_loses_nothing_it_reported(
    tmp_path: Path, http: httpx2.Client
) -> None:
    write_feed(tmp_path / "shop", 160)
    data, port = tmp_path / "data", free_port()
    address = f"http://127.0.0.1:{port}"
    folder = {"APPAREL_IMPORT_FOLDER": str(tmp_path / "shop")}
    with served(data, port, 0.2, **folder) as process:
        http.headers["X-API-Key"] = str(read_local_token(data))
        started = http.post(f"{address}/api/v1/imports", json={"path": "feed.csv"})
        job = address + started.headers["location"]
        while (told := http.get(job).json())["done"] < 24:
            assert told["state"] in ("queued", "running"), told
            time.sleep(0.02)
        process.kill()
        process.wait()
    assert told["done"] < 160
    with served(data, port, 0.0, **folder):
        ready = http.get(f"{address}/readyz").json()
        assert sum(ready["searchable"].values()) >= told["garments"]
        while http.get(job).json()["ended_at"] is None:
            time.sleep(0.05)
        end = http.get(job).json()
        assert end["state"] == "done"
        # What was committed before is not done again.
        assert end["total"] <= 160 - told["done"]
    collection = open_collection(data, FakeEmbedder())
    status = collection.status()
    assert (status.products, status.photos_indexed) == (160, 160)
    assert collection.verify() == []
    collection.close()


def test_server_killed_while_serving_keeps_every_product_it_took(
    tmp_path: Path, http: httpx2.Client
) -> None:
    data, port = tmp_path / "data", free_port()
    address = f"http://127.0.0.1:{port}/api/v1"
    photos = {
        f"p{place}": draw_photo(tmp_path / f"{place}.png", colour).read_bytes()
        for place, colour in enumerate(COLOURS)
    }
    with served(data, port, 0.01) as process:
        http.headers["X-API-Key"] = str(read_local_token(data))
        for product_id, photo in photos.items():
            added = http.post(
                f"{address}/products",
                files={"photos": ("a.png", photo)},
                data={"id": product_id, "title": product_id},
            )
            assert added.status_code == 201
        assert http.patch(f"{address}/products/p1", json={"title": "changed"}).status_code == 200
        assert http.delete(f"{address}/products/p0").status_code == 204
        process.kill()
        process.wait()
    with served(data, port, 0.0):
        listed = http.get(f"{address}/products?page_size=100").json()["products"]
        assert {each["id"]: each["title"] for each in listed} == {
            product_id: "changed" if product_id == "p1" else product_id
            for product_id in photos
            if product_id != "p0"
        }
        for product_id in ("p1", "p7"):
            found = http.post(f"{address}/search", files={"photo": ("q.png", photos[product_id])})
            assert found.json()["garments"][0]["results"][0]["product_id"] == product_id
