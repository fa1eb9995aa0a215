"""Values that their types do not allow, met while the catalogue is served, are mended at once."""

import logging
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.mending import Mender
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_photo
from tests.search_app.conftest import local_client

PATHS = (
    "/", "/?words=red", "/product/a", "/api/v1/products", "/api/v1/products/a", "/api/v1/facets",
    "/api/v1/search?words=red", "/api/v1/similar?product_id=a",
)  # fmt: skip
UNFIT = (
    ("product", "title", "x'ff41'"),
    ("product", "title", "CAST(x'41eda08042' AS TEXT)"),
    ("product", "brand", "x'ff41'"),
    ("product", "price", "'12,50'"),
    ("product", "sale_price", "9e999"),
    ("product", "sale_start", "'today'"),
    ("product", "updated_at", "20261130"),
    ("product", "url", "x'ff41'"),
    ("product", "currency", "x'ff41'"),
    ("photo", "updated_at", "'today'"),
    ("photo", "source", "x'ff41'"),
    ("garment", "garment_class", "99"),
    ("garment", "x0", "'left'"),
    ("vector", "values", "x'ff41'"),
)


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    rows = tuple(ProductRow(each, f"{each} red top", (f"{each}.png",)) for each in "ab")
    for row in rows:
        draw_photo(tmp_path / row.photos[0], "red", notch=ord(row.id) - 90)
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    collection.index(Feed(rows=rows, folder=tmp_path))
    yield collection
    collection.close()


@pytest.fixture
def client(collection: Collection) -> Iterator[TestClient]:
    with local_client(create_app(Settings(data=collection.data), collection)) as client:
        yield client


def _put(collection: Collection, table: str, column: str, value: str) -> None:
    with closing(sqlite3.connect(collection.data / "apparel.db")) as connection:
        connection.execute(f"UPDATE [{table}] SET [{column}] = {value} WHERE rowid = 1")
        connection.execute("UPDATE catalogue_version SET number = number + 1")
        connection.commit()


@pytest.mark.parametrize(("table", "column", "value"), UNFIT)
def test_no_reading_fails(
    client: TestClient, collection: Collection, table: str, column: str, value: str
) -> None:
    _put(collection, table, column, value)
    for path in PATHS:
        # A garment that is mended away may be missing, but nothing breaks.
        assert client.get(path).status_code in (200, 404, 422), path
    assert {each["id"] for each in client.get("/api/v1/products").json()["products"]} == {"a", "b"}


def test_a_search_by_photo_that_met_one_is_to_be_repeated(
    client: TestClient, collection: Collection, tmp_path: Path
) -> None:
    photo = {"photo": (tmp_path / "a.png").read_bytes()}
    _put(collection, "product", "brand", "x'ff41'")
    answer = client.post("/api/v1/search", files=photo)
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "1")
    assert client.post("/api/v1/search", files=photo).status_code == 200


def test_a_sound_catalogue_is_not_read_again_and_again(
    collection: Collection, caplog: pytest.LogCaptureFixture
) -> None:
    mender = Mender(lambda: collection)
    assert not mender.mend(since=0.0)
    _put(collection, "product", "brand", "x'ff41'")
    with caplog.at_level(logging.WARNING):
        assert not mender.mend(since=0.0)
        assert caplog.messages == []
        assert Mender(lambda: collection).mend(since=0.0)
    assert caplog.messages == ["1 rows with values that their types do not allow were mended"]
