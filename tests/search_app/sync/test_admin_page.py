"""The admin page of the sources: what it shows, and the buttons that run one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog.importing.records import ImportOptions
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.sources import add_source
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_photo
from tests.search_app.admin.desk import page_with, sign_in, token_on
from tests.search_app.conftest import HOME

PAGE = "/admin/sources"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for place, colour in enumerate(("red", "blue", "green")):
        draw_photo(tmp_path / "shop" / f"{colour}.png", colour, notch=place)
    return tmp_path / "shop"


@pytest.fixture
def collection(tmp_path: Path, folder: Path) -> Iterator[Collection]:
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    options = ImportOptions(prune=True)
    own = SyncSource("<eu>/shop", SourceKind.FOLDER, str(folder), timedelta(hours=6))
    feed = SyncSource("feed", SourceKind.FEED, "https://shop.example/feed?key=topsecret")
    with collection.database.transaction() as session:
        for source in (own, feed):
            add_source(session, replace(source, options=options))
    yield collection
    collection.close()


@pytest.fixture
def client(collection: Collection) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(data=collection.data), collection), HOME) as client:
        yield client


def test_a_source_is_run_from_the_page(
    client: TestClient, collection: Collection, folder: Path
) -> None:
    sign_in(client, collection)
    csrf = token_on(client)
    page = client.get(PAGE).text
    assert "&lt;eu&gt;/shop" in page
    assert "interval: 6 hours" in page
    assert "topsecret" not in page
    assert "APPAREL_SYNC=true" in page  # this server does not run them by itself
    run = {"name": "<eu>/shop", "csrf": csrf}
    assert client.post(f"{PAGE}/run", data=run).url.path == PAGE
    page = page_with(client, "Up to date", PAGE)
    assert "Products listed <strong>3</strong>" in page
    assert "Run, and remove what is missing" not in page
    for colour in ("red", "blue"):
        (folder / f"{colour}.png").unlink()
    client.post(f"{PAGE}/run", data=run)
    page = page_with(client, "Over half is missing", PAGE)
    assert "nothing was removed; if they are really gone, force a run." in page
    assert "Source “&lt;eu&gt;/shop”" in client.get("/admin").text
    client.post(f"{PAGE}/run", data={**run, "force": "true"})
    page_with(client, "Products removed <strong>2</strong>", PAGE)


def test_the_page_and_its_buttons_want_a_session_and_a_token(
    client: TestClient, collection: Collection
) -> None:
    assert client.get(PAGE).status_code == 401
    run = {"name": "<eu>/shop"}
    assert client.post(f"{PAGE}/run", data=run).status_code == 403
    sign_in(client, collection)
    csrf = token_on(client)
    assert client.post(f"{PAGE}/run", data=run).status_code == 403
    other = {"Origin": "https://evil.example"}
    assert client.post(f"{PAGE}/run", data={**run, "csrf": csrf}, headers=other).status_code == 403
    absent = client.post(f"{PAGE}/run", data={"name": "absent", "csrf": csrf})
    assert absent.status_code == 404
    assert "Not run yet" in client.get(PAGE).text
