"""What is kept of a search and of what follows it, and what never is."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from catalog.feeds.rows import Feed, ProductRow
from catalog.models import DATABASE_NAME, SearchEventRow, SearchRow
from indexing.collection import Collection, open_collection
from search_app.analytics import recorder as recording
from search_app.analytics.records import QueryFacts, presentable, search_row
from search_app.app import create_app
from search_app.search.search import SearchOptions
from search_app.services import Services
from search_app.settings import Settings
from segmentation.classes import GarmentClass
from tests.fakes import FakeEmbedder, draw_photo
from tests.search_app.conftest import PhotoBytes

KEPT = {
    "id", "day", "query_type", "place", "garment_class", "kind", "pattern", "colour", "words",
    "unknown_words", "filters", "product_id", "results", "nothing_close", "colour_missing", "shown",
}  # fmt: skip
"""Every column of a search: a new one must be thought over."""
ADDRESS = "203.0.113.77"
AGENT = "CuriousBrowser/7.1"


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Collection]:
    """Red and blue tops and a red skirt."""
    rows = []
    for number, (colour, garment_class) in enumerate(
        (("red", GarmentClass.UPPER), ("blue", GarmentClass.UPPER), ("red", GarmentClass.LOWER))
    ):
        draw_photo(tmp_path / f"{number}.png", colour, garment_class)
        rows.append(ProductRow(f"p{number}", f"{colour} thing", (f"{number}.png",), brand="Acme"))
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    collection.index(Feed(rows=tuple(rows), folder=tmp_path))
    yield collection
    collection.close()


@pytest.fixture
def visitor(own: Collection, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    monkeypatch.setattr(recording, "SECONDS_BETWEEN_WRITES", 600)  # a busy machine is slow
    app = create_app(Settings(data=own.data), own)
    headers = {"User-Agent": AGENT, "Cookie": "visitor=4711"}
    with TestClient(app, headers=headers, client=(ADDRESS, 50000)) as client:
        yield client


def services_of(client: TestClient) -> Services:
    services = client.app.state.services  # type: ignore[attr-defined]
    assert isinstance(services, Services)
    return services


def searches(client: TestClient, own: Collection) -> list[SearchRow]:
    services_of(client).analytics.flush()
    with own.database.session() as session:
        return list(session.scalars(select(SearchRow)))


def events(client: TestClient, own: Collection) -> list[tuple[str, str, int | None]]:
    services_of(client).analytics.flush()
    with own.database.session() as session:
        rows = session.scalars(select(SearchEventRow)).all()
    return sorted((row.event, row.product_id, row.position) for row in rows)


def search(client: TestClient, photo: bytes, **fields: Any) -> dict[str, Any]:
    answer = client.post("/api/v1/search", files={"photo": photo}, data=fields)
    assert answer.status_code == 200, answer.text
    garment: dict[str, Any] = answer.json()["garments"][0]
    return garment


def test_search_by_photo_is_kept_without_the_photo_and_the_person(
    visitor: TestClient, own: Collection, photo_bytes: PhotoBytes
) -> None:
    words = "red mail me maria@shop.example or 0171 2345678"
    found = search(visitor, photo_bytes("red"), words=words, filters=["brand=Acme", "price_max=50"])
    (row,) = searches(visitor, own)
    assert {column.name for column in SearchRow.__table__.columns} == KEPT
    assert (row.query_type, row.place, row.garment_class) == ("photo", "api", "upper")
    assert (row.colour, row.day) == ("red", datetime.now(UTC).date())
    assert row.filters == ["brand=acme", "price_max=50.00"]
    assert row.words == "red mail me or"
    assert row.shown == [each["product_id"] for each in found["results"]]
    stored = b"".join(path.read_bytes() for path in own.data.glob(f"{DATABASE_NAME}*"))
    for secret in (ADDRESS, AGENT, "4711", "maria", "2345678", "query.png"):
        assert secret.encode() not in stored, secret
    with closing(sqlite3.connect(own.data / DATABASE_NAME)) as raw:
        (line,) = raw.execute("SELECT * FROM search").fetchall()
    assert not any(isinstance(value, bytes) for value in line)
    assert len(str(line)) < 600


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Rayé Kleid", "raye kleid"),
        ("me@shop.example dress", "dress"),
        ("https://a.example/x.jpg", None),
        ("+49 171 23", None),
        ("size 38 jeans", "size 38 jeans"),
        ("12 34 street dress", "street dress"),
        ("", None),
    ],
)
def test_words_like_an_address_or_a_number_are_left_out(text: str, kept: str | None) -> None:
    assert presentable(text) == kept


def test_nothing_is_kept_where_analytics_are_off(own: Collection, photo_bytes: PhotoBytes) -> None:
    with TestClient(create_app(Settings(data=own.data, analytics=False), own)) as client:
        assert search(client, photo_bytes())["search_id"] is None
        page = client.get("/find?words=red").text
        assert 'data-search="' not in page
        event = {"search_id": "x", "event": "click", "product_id": "p0"}
        assert client.post("/api/v1/events", json=event).status_code == 204
        assert searches(client, own) == []


def test_every_way_to_search_is_recorded_once(
    visitor: TestClient, own: Collection, photo_bytes: PhotoBytes
) -> None:
    visitor.post("/search", files={"photo": photo_bytes("green")})
    with own.database.session() as session:
        assert session.scalars(select(SearchRow)).all() == []  # in batches, not at once
    visitor.get("/find?words=red zebra").raise_for_status()
    visitor.get("/find?words=red&k=48").raise_for_status()  # more of the same search
    visitor.get("/like/1").raise_for_status()
    visitor.get("/api/v1/similar?product_id=p1").raise_for_status()
    visitor.get("/api/v1/search?words=skirt").raise_for_status()
    rows = searches(visitor, own)
    kinds = sorted((row.query_type, row.place) for row in rows)
    assert kinds == [
        ("photo", "page"), ("product", "api"), ("product", "page"), ("words", "api"),
        ("words", "page"),
    ]  # fmt: skip
    by_type = {(row.query_type, row.place): row for row in rows}
    assert by_type["words", "page"].unknown_words == "zebra"
    assert by_type["photo", "page"].colour == "green"
    assert by_type["product", "api"].product_id == "p1"
    assert by_type["words", "api"].kind == "skirt"


def test_events_of_known_searches_and_products_are_kept_once(
    visitor: TestClient, own: Collection, photo_bytes: PhotoBytes
) -> None:
    search_id = search(visitor, photo_bytes())["search_id"]
    click = {"search_id": search_id, "event": "click", "product_id": "p0", "position": 1}
    for body in (
        click, click, {**click, "event": "purchase", "position": None},
        {**click, "product_id": "nobody@shop.example"}, {**click, "search_id": "guessed"},
    ):  # fmt: skip
        assert visitor.post("/api/v1/events", json=body).status_code == 204
    assert events(visitor, own) == [("click", "p0", 1), ("purchase", "p0", None)]
    assert visitor.post("/api/v1/events", json={**click, "visitor": "me"}).status_code == 422
    assert visitor.post("/api/v1/events", json={**click, "event": "looked"}).status_code == 422


def test_memory_is_bounded_and_what_is_dropped_is_counted(
    visitor: TestClient, own: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "MAX_WAITING", 3)
    monkeypatch.setattr(recording, "SECONDS_BETWEEN_WRITES", 60.0)
    for _ in range(5):
        visitor.get("/find?words=red").raise_for_status()
    assert services_of(visitor).analytics.dropped >= 1
    assert "apparel_analytics_dropped_total" in visitor.get("/metrics").text


def test_old_searches_and_surplus_ones_are_deleted_with_their_events(
    visitor: TestClient, own: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(4):
        visitor.get("/find?words=red").raise_for_status()
    rows = searches(visitor, own)
    today = datetime.now(UTC).date()
    with own.database.transaction() as session:
        for days, row in zip((91, 2, 1, 0), rows, strict=True):
            session.get_one(SearchRow, row.id).day = today - timedelta(days=days)
            session.add(SearchEventRow(search_id=row.id, event="click", product_id="p0"))
    analytics = services_of(visitor).analytics
    analytics.sweep()
    assert len(searches(visitor, own)) == 3
    assert len(events(visitor, own)) == 3
    monkeypatch.setattr(recording, "MAX_SEARCHES", 1)
    analytics.sweep()
    assert [row.day for row in searches(visitor, own)] == [today]
    assert len(events(visitor, own)) == 1


def test_searches_go_on_where_nothing_can_be_written(
    visitor: TestClient, own: Collection, photo_bytes: PhotoBytes
) -> None:
    with own.database.transaction() as session:
        session.connection().exec_driver_sql("DROP TABLE search_event")
        session.connection().exec_driver_sql("DROP TABLE search")
    assert search(visitor, photo_bytes())["results"]
    services_of(visitor).analytics.flush()
    assert services_of(visitor).analytics.dropped == 1


def test_what_waits_is_written_when_the_server_stops(own: Collection) -> None:
    with TestClient(create_app(Settings(data=own.data), own)) as client:
        client.get("/find?words=red").raise_for_status()
    with own.database.session() as session:
        assert len(session.scalars(select(SearchRow)).all()) == 1


def test_event_waits_for_a_search_that_another_server_has_still_to_write(
    own: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (recording.Recorder(enabled=True, days=90) for _ in range(2))
    for each in (one, other):
        each.start(lambda: own.database)
        each.close()  # its thread, which would write at any moment
    search_id = one.search(
        lambda: search_row("words", "page", SearchOptions(words="red"), (), QueryFacts(), ())
    )
    for known in (search_id, "made-up"):
        other.event(SearchEventRow(search_id=known, event="click", product_id="p0", position=2))
    other.flush()
    one.flush()
    other.flush()
    with own.database.session() as session:
        assert session.scalars(select(SearchEventRow.search_id)).all() == [search_id]
    monkeypatch.setattr(recording, "SECONDS_FOR_SEARCH", 0)
    other.flush()
    assert other._waiting == []
