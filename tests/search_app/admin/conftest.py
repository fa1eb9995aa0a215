"""A catalogue of four products with something to mend, and a signed-in admin."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.security.local_token import make_local_token
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_empty_photo, draw_photo
from tests.search_app.admin.desk import token_on

TITLES = {"jeans": "<b>Blue</b> jeans", "shirt": "Red shirt", "copy": "Crimson blouse"}


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Collection]:
    draw_photo(tmp_path / "jeans.png", "blue")
    for name in ("shirt", "copy"):
        draw_photo(tmp_path / f"{name}.png", "red")
    draw_empty_photo(tmp_path / "empty.png")
    rows = [ProductRow(name, title, (f"{name}.png",)) for name, title in TITLES.items()]
    rows.append(ProductRow("=empty", "Scarf", ("empty.png",)))
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    collection.index(Feed(rows=tuple(rows), folder=tmp_path))
    yield collection
    collection.close()


@pytest.fixture
def admin(own: Collection) -> Iterator[TestClient]:
    """A signed-in admin."""
    with TestClient(create_app(Settings(data=own.data), own), "http://127.0.0.1:8000") as client:
        key = make_local_token(own.data)
        client.post("/admin/login", data={"key": key, "csrf": token_on(client)})
        yield client
