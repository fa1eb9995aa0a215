"""Sources over HTTP, and the server that runs them when they are due."""

import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient

from catalog.importing.records import ImportOptions
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.sources import add_source
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.security.keys import Scope, make_key
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_photo
from tests.search_app.conftest import HOME, local_client

SOURCES = "/api/v1/sources"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    yield collection
    collection.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place, colour in enumerate(("red", "blue", "green")):
        draw_photo(tmp_path / "shop" / f"{colour}.png", colour, notch=place)
    return tmp_path / "shop"


def add(collection: Collection, name: str, address: object, every: timedelta | None = None) -> None:
    kind = SourceKind.FOLDER if Path(str(address)).suffix == "" else SourceKind.FILE
    source = SyncSource(name, kind, str(address), every, options=ImportOptions(prune=True))
    with collection.database.transaction() as session:
        add_source(session, source)


def ended(client: TestClient, name: str) -> dict[str, Any]:
    """The source, once a run of it has ended."""
    deadline = time.monotonic() + 60
    while (found := client.get(f"{SOURCES}/{name}").json())["running"] or not found["ended_at"]:
        assert time.monotonic() < deadline, found
        time.sleep(0.05)
    return dict(found)


def test_the_server_runs_what_is_due_if_it_is_asked_to(
    collection: Collection, folder: Path
) -> None:
    add(collection, "eu/shop", folder, timedelta(hours=6))
    add(collection, "by hand", folder)
    settings = Settings(data=collection.data, sync=True)
    with local_client(create_app(settings, collection)) as client:
        done = ended(client, "eu/shop")
        assert (done["state"], done["outcome"]["new"], done["every"]) == ("done", 3, "6h")
        assert done["next_run_at"] > done["ended_at"]
        by_hand = client.get(f"{SOURCES}/by hand").json()
        assert (by_hand["state"], by_hand["next_run_at"]) == ("new", None)


def test_a_run_is_asked_for_over_http_and_seen(collection: Collection, folder: Path) -> None:
    add(collection, "eu/shop", folder, timedelta(hours=6))
    app = create_app(Settings(data=collection.data), collection)
    with local_client(app) as client:
        answer = client.post(f"{SOURCES}/eu/shop/run")
        assert (answer.status_code, answer.headers["location"]) == (202, f"{SOURCES}/eu/shop")
        assert answer.json()["running"]
        assert ended(client, "eu/shop")["outcome"]["listed"] == 3
        for colour in ("red", "blue"):
            (folder / f"{colour}.png").unlink()
        client.post(f"{SOURCES}/eu/shop/run")
        shrunk = ended(client, "eu/shop")
        assert (shrunk["state"], shrunk["outcome"]["removed"]) == ("shrunk", 0)
        assert client.get("/api/v1/products").json()["total"] == 3
        client.post(f"{SOURCES}/eu/shop/run", params={"force": True})
        assert ended(client, "eu/shop")["outcome"]["removed"] == 2
        assert client.get("/api/v1/products").json()["total"] == 1
        listed = client.get(SOURCES).json()["sources"]
        assert [(each["name"], each["state"]) for each in listed] == [("eu/shop", "done")]
        missing = client.post(f"{SOURCES}/absent/run")
        assert (missing.status_code, missing.json()["error"]["code"]) == (404, "source_not_found")
        page = client.get("/metrics").text
        assert "apparel_sources_needing_attention 0.0" in page


def test_sources_are_for_keys_that_may_write(collection: Collection, folder: Path) -> None:
    add(collection, "shop", folder)
    reader = make_key(collection.database, "reader", Scope.READ).secret
    with TestClient(create_app(Settings(data=collection.data), collection), HOME) as client:
        for method, path in (("GET", SOURCES), ("GET", f"{SOURCES}/shop")):
            assert client.request(method, path).status_code == 401
        assert client.post(f"{SOURCES}/shop/run").status_code == 401
        denied = client.post(f"{SOURCES}/shop/run", headers={"X-API-Key": reader})
        assert denied.status_code == 403
        other = {"Origin": "https://evil.example", "X-API-Key": reader}
        assert client.post(f"{SOURCES}/shop/run", headers=other).status_code == 403


def test_a_run_that_fails_is_a_failed_job_and_an_alert(
    collection: Collection, tmp_path: Path
) -> None:
    feed = tmp_path / "feed.csv"
    feed.write_text("a,b\n1,2\n")
    add(collection, "shop", feed, timedelta(days=1))
    with local_client(create_app(Settings(data=collection.data), collection)) as client:
        client.post(f"{SOURCES}/shop/run")
        failed = ended(client, "shop")
        assert failed["state"] == "failed"
        assert "no column for id" in failed["message"]
        # Not in /api/v1/imports, which lists feeds that were sent.
        assert client.get("/api/v1/imports").json()["imports"] == []
        assert "apparel_sources_needing_attention 1.0" in client.get("/metrics").text
