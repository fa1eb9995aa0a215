import subprocess
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text

from indexing.collection import Collection, open_collection
from indexing.types import EmbeddedPhoto
from search_app.app import create_app
from search_app.settings import Settings
from segmentation.photos import Photo
from tests.fakes import FakeEmbedder

PhotoBytes = Callable[..., bytes]


class StuckEmbedder(FakeEmbedder):
    """Embeds when it is let go."""

    def __init__(self) -> None:
        super().__init__()
        self.entered = threading.Event()
        self.go = threading.Event()

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        self.entered.set()
        assert self.go.wait(10)
        return super().embed(photos)


def test_alive_and_ready_with_counts(client: TestClient) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}
    ready = client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["products"] == 13
    assert ready.json()["searchable"] == {"upper": 5, "whole": 4, "lower": 4}


def test_server_without_models_is_alive_and_says_why_it_is_not_ready(
    tmp_path: Path, photo_bytes: PhotoBytes
) -> None:
    settings = Settings(data=tmp_path / "data", segmenter=str(tmp_path / "absent.safetensors"))
    with TestClient(create_app(settings)) as client:
        assert client.get("/healthz").status_code == 200
        ready = client.get("/readyz")
        assert ready.status_code == 503
        assert "absent.safetensors" in ready.json()["error"]["message"]
        page = client.get("/", headers={"Accept": "text/html"})
        assert page.status_code == 503
        assert "Out of order" in page.text
        assert "stop-ways" not in page.text  # nothing else answers either
        search = client.post("/api/v1/search", files={"photo": ("a.png", photo_bytes())})
        assert search.json()["error"]["code"] == "not_ready"


def test_collection_opened_without_models_is_browsed_but_not_searched(
    collection: Collection, photo_bytes: PhotoBytes
) -> None:
    without = open_collection(collection.data)
    with TestClient(create_app(Settings(data=collection.data), without)) as client:
        assert client.get("/catalogue").status_code == 200
        assert client.get("/like/1").status_code == 200
        answer = client.post("/search", files={"photo": ("a.png", photo_bytes())})
        assert answer.status_code == 503
        assert "finds the reason in its log" in answer.text
        assert client.get("/readyz").status_code == 503
    without.close()


def test_server_whose_database_is_gone_is_not_ready(tmp_path: Path) -> None:
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    with TestClient(create_app(Settings(data=tmp_path / "data"), collection)) as client:
        assert client.get("/readyz").status_code == 200
        with collection.database.transaction() as session:
            session.execute(text("DROP TABLE product"))
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["error"]["code"]) == (503, "not_ready")
        assert client.get("/healthz").status_code == 200
    collection.close()


def test_who_asked_too_often_can_try_again_from_the_page(collection: Collection) -> None:
    settings = Settings(data=collection.data, rate_limit="1/minute")
    with TestClient(create_app(settings, collection)) as client:
        html = {"Accept": "text/html"}
        assert client.get("/catalogue", headers=html).status_code == 200
        page = client.get("/catalogue?brand=Acme", headers=html)
        assert page.status_code == 429
        assert '<a class="button" href="">Try again</a>' in page.text


def test_full_line_answers_busy_and_the_rest_still_works(
    tmp_path: Path, photo_bytes: PhotoBytes
) -> None:
    embedder = StuckEmbedder()
    collection = open_collection(tmp_path / "data", embedder)
    settings = Settings(data=tmp_path / "data", max_waiting=1)
    files = {"photo": ("a.png", photo_bytes())}
    with (
        TestClient(create_app(settings, collection)) as client,
        ThreadPoolExecutor(2) as visitors,
    ):
        first = visitors.submit(client.post, "/api/v1/search", files=files)
        assert embedder.entered.wait(10)
        second = visitors.submit(client.post, "/api/v1/search", files=files)
        while client.get("/readyz").json()["waiting"] < 2:
            pass
        busy = client.post("/api/v1/search", files=files)
        page = client.post("/search", files=files)
        assert client.get("/catalogue").status_code == 200
        embedder.go.set()
        assert first.result().status_code == second.result().status_code == 200
    collection.close()
    assert (busy.status_code, busy.json()["error"]["code"]) == (503, "busy")
    assert busy.headers["retry-after"] == page.headers["retry-after"] == "5"
    assert "Many photos are being searched" in page.text


def test_metrics_count_requests_by_pattern_and_time_stages(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    client.get("/product/red-upper")
    client.post("/search", files={"photo": ("a.png", photo_bytes())})
    client.post("/api/v1/search", files={"photo": ("a.png", b"no photo")})
    text = client.get("/metrics").text
    assert (
        'apparel_requests_total{method="GET",route="/product/{product_id:path}",status="200"} 1.0'
        in text
    )
    assert 'apparel_stage_seconds_count{stage="embed"} 1.0' in text
    assert 'apparel_refused_photos_total{code="not_a_photo"} 1.0' in text
    assert "apparel_queries_kept 1.0" in text


def test_docs_work_from_this_server_alone(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "http" not in page.replace("http-equiv", "")
    script = client.get("/static/vendor/swagger-ui/swagger-ui-bundle.js")
    assert script.status_code == 200
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/api", "/api/v1/search", "/api/v1/segment", "/api/v1/products", "/healthz"} <= set(
        paths
    )


@pytest.mark.parametrize("name", ["style.css", "page.js", "docs.js", "icon.svg"])
def test_files_of_the_pages_are_small_and_local(client: TestClient, name: str) -> None:
    answer = client.get(f"/static/{name}")
    assert answer.status_code == 200
    assert len(answer.content) < 40_000
    assert "https://" not in answer.text


def test_read_only_folder_is_served(disk: Path, photo_bytes: PhotoBytes) -> None:
    settings = Settings(data=disk / "data")
    open_collection(settings.data, FakeEmbedder()).close()
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    collection = open_collection(settings.data, FakeEmbedder())
    with TestClient(create_app(settings, collection)) as client:
        ready = client.get("/readyz")
        assert (ready.status_code, ready.json()["writable"]) == (200, False)
        assert client.post("/api/v1/search", files={"photo": photo_bytes("red")}).status_code == 200
    collection.close()
