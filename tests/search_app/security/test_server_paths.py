"""What is said over HTTP names no folder of the server."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog.database import DATABASE_NAME
from indexing.collection import open_collection
from search_app import app as app_module
from search_app.app import create_app
from search_app.jobs.runner import GivenFeed
from search_app.security.server_paths import without_paths
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_photo
from tests.search_app.conftest import local_client

IMPORTS = "/api/v1/imports"


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("cannot read /usr/share/a/b.csv: gone; check it", "cannot read b.csv: gone; check it"),
        ("Permission denied: '/etc/ssl/key.pem'", "Permission denied: 'key.pem'"),
        (
            "/usr/lib is in use (by http://127.0.0.1:8000)",
            "lib is in use (by http://127.0.0.1:8000)",
        ),
        ("/srv/my shop/photos/a.jpg is broken", "photos/a.jpg is broken"),
        ("see /docs, or https://shop.example/usr/a", "see /docs, or https://shop.example/usr/a"),
        ("nothing is at /api/v1/products/usr", "nothing is at /api/v1/products/usr"),
    ],
)
def test_path_in_a_message_is_cut_to_its_name(message: str, shown: str) -> None:
    assert without_paths(message, Path("/srv/my shop")) == shown


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    shop = tmp_path / "my shop"
    draw_photo(shop / "red.png")
    (shop / "empty").mkdir()
    (shop / "feed.csv").write_text("id,title,photo\na,Red top,red.png\nb,Gone,gone.png\n")
    (shop / "broken.xml").write_text("<rss><item>")
    (shop / "page.csv").write_bytes(b"\x89PNG")
    return shop


@pytest.fixture
def client(tmp_path: Path, shop: Path) -> Iterator[TestClient]:
    collection = open_collection(tmp_path / "data of mine", FakeEmbedder())
    settings = Settings(data=collection.data, import_folder=shop)
    with local_client(create_app(settings, collection)) as client:
        yield client
    collection.close()


@pytest.mark.parametrize("path", ["empty", "broken.xml", "page.csv", "feed.csv", "."])
def test_import_names_no_folder_of_the_server(
    client: TestClient, tmp_path: Path, path: str
) -> None:
    started = client.post(IMPORTS, json={"path": path})
    assert started.status_code == 202
    address = started.headers["location"]
    while client.get(address).json()["ended_at"] is None:
        time.sleep(0.02)
    said = client.get(address).text + client.get(f"{address}/rejects").text
    assert str(tmp_path) not in said
    assert "my shop/" not in said


def test_import_of_a_feed_that_is_gone_names_no_folder(
    client: TestClient, tmp_path: Path, shop: Path
) -> None:
    jobs = client.app.state.services.open_jobs  # type: ignore[attr-defined]
    for feed in (shop / "gone.csv", shop / "gone"):
        job = jobs.submit(GivenFeed("gone", feed, photos=shop))
        while not (ended := jobs.get(job.id)).ended:
            time.sleep(0.02)
        assert ended.state == "failed"
        assert "gone" in ended.message
        assert str(tmp_path) not in client.get(f"{IMPORTS}/{job.id}").text


def test_missing_models_are_reported_without_folders(tmp_path: Path) -> None:
    missing = Settings(data=tmp_path / "data", segmenter=str(tmp_path / "absent.safetensors"))
    with TestClient(create_app(missing)) as client:
        said = client.get("/readyz").text
    assert "absent.safetensors" in said
    assert str(tmp_path) not in said


def test_broken_database_is_reported_without_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(app_module, "_load_embedder", lambda *_: FakeEmbedder())
    (tmp_path / DATABASE_NAME).write_bytes(b"no database" * 999)
    with TestClient(create_app(Settings(data=tmp_path))) as client:
        for path in ("/readyz", "/catalogue", "/api/v1/products"):
            answer = client.get(path)
            assert answer.status_code == 503, path
            assert DATABASE_NAME in answer.text
            assert str(tmp_path) not in answer.text
