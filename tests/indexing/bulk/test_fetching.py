"""Photos that a feed names by address: fetched once, kept, asked for again, refused."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from catalog.feeds.rows import Feed, ProductRow
from catalog.importing.records import ImportOptions
from catalog.models import PhotoRow
from indexing.collection import Collection, open_collection
from tests.fakes import FakeEmbedder, draw_photo
from tests.photo_server import Answer, PhotoServer, Request, serving

LOCAL = ImportOptions(allow_private_hosts=True)
REFRESH = replace(LOCAL, refresh_photos=True)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[PhotoServer]:
    with serving() as photos:
        for colour in ("red", "blue", "green"):
            body = draw_photo(tmp_path / "drawn" / f"{colour}.png", colour).read_bytes()
            photos.answers[f"/{colour}.png"] = Answer(body)
        yield photos


@pytest.fixture
def embedder() -> FakeEmbedder:
    return FakeEmbedder()


@pytest.fixture
def collection(tmp_path: Path, embedder: FakeEmbedder) -> Iterator[Collection]:
    opened = open_collection(tmp_path / "data", embedder)
    yield opened
    assert opened.verify() == []
    opened.close()


def _feed(server: PhotoServer, *names: str) -> Feed:
    rows = [ProductRow(f"p{n}", name, (server.url(f"/{name}"),)) for n, name in enumerate(names)]
    return Feed(tuple(rows), kind="table")


def test_photos_are_fetched_once_only(
    collection: Collection, server: PhotoServer, embedder: FakeEmbedder
) -> None:
    feed = _feed(server, "red.png", "blue.png", "red.png")
    assert collection.index(feed, options=LOCAL).indexed == 3
    assert sorted(server.paths()) == ["/blue.png", "/red.png"]
    again = collection.index(feed, options=LOCAL)
    assert (again.unchanged, len(server.requests), embedder.photos_embedded) == (3, 2, 2)


def test_private_hosts_are_refused_unless_allowed(
    collection: Collection, server: PhotoServer
) -> None:
    feed = _feed(server, "red.png")
    (skip,) = collection.index(feed).skips
    assert (skip.stage, skip.code) == ("fetch", "address_refused")
    assert skip.source.url == server.url("/red.png")
    assert server.requests == []
    assert collection.index(feed, options=LOCAL).indexed == 1


def test_a_photo_that_failed_is_tried_again_by_the_next_run(
    collection: Collection, server: PhotoServer
) -> None:
    server.answers["/late.png"] = lambda request: (
        Answer(status=404) if request.number == 1 else server.answers["/red.png"]  # type: ignore[return-value]
    )
    feed = _feed(server, "late.png", "blue.png")
    first = collection.index(feed, options=LOCAL)
    assert (first.indexed, first.skips[0].code) == (1, "http_404")
    second = collection.index(feed, options=LOCAL)
    assert (second.indexed, second.unchanged) == (1, 1)


def test_what_comes_is_judged_like_any_photo(collection: Collection, server: PhotoServer) -> None:
    server.answers["/text.png"] = Answer(b"no photo")
    (skip,) = collection.index(_feed(server, "text.png"), options=LOCAL).skips
    assert (skip.stage, skip.code) == ("read", "not_a_photo")


def test_refreshing_embeds_only_changed_photos(
    collection: Collection, server: PhotoServer, embedder: FakeEmbedder, tmp_path: Path
) -> None:
    bodies = {"/a.png": server.answers["/red.png"], "/b.png": server.answers["/blue.png"]}
    version = {"/a.png": '"1"', "/b.png": '"1"'}

    def tagged(request: Request) -> Answer:
        if request.headers.get("If-None-Match") == version[request.path]:
            return Answer(status=304)
        answer = bodies[request.path]
        assert isinstance(answer, Answer)
        return replace(answer, headers=(("ETag", version[request.path]),))

    server.answers |= {"/a.png": tagged, "/b.png": tagged}
    feed = _feed(server, "a.png", "b.png")
    collection.index(feed, options=LOCAL)
    embedder.photos_embedded = 0
    assert collection.index(feed, options=REFRESH).indexed == 0
    assert len(server.requests) == 4
    bodies["/b.png"], version["/b.png"] = server.answers["/green.png"], '"2"'
    summary = collection.index(feed, options=REFRESH)
    assert (summary.indexed, summary.unchanged, embedder.photos_embedded) == (1, 2, 1)


def test_refreshing_keeps_what_cannot_be_had_now(
    collection: Collection, server: PhotoServer
) -> None:
    feed = _feed(server, "red.png")
    collection.index(feed, options=LOCAL)
    server.answers["/red.png"] = Answer(status=404)
    assert collection.index(feed, options=REFRESH).skipped == 0
    assert collection.status().photos_indexed == 1


def test_a_photo_at_a_new_address_is_not_embedded_again(
    collection: Collection, server: PhotoServer, embedder: FakeEmbedder, tmp_path: Path
) -> None:
    collection.index(_feed(server, "red.png"), options=LOCAL)
    server.answers["/red.png?v=2"] = server.answers["/red.png"]
    summary = collection.index(_feed(server, "red.png?v=2"), options=LOCAL)
    assert (summary.indexed, embedder.photos_embedded) == (1, 1)
    with collection.database.session() as session:
        assert session.scalars(select(PhotoRow.source)).all() == [server.url("/red.png?v=2")]
    assert len(list((tmp_path / "data" / "fetched").rglob("*.photo"))) == 1


def test_a_photo_on_the_disk_goes_before_its_address(
    collection: Collection, server: PhotoServer, tmp_path: Path
) -> None:
    feed = _feed(server, "red.png", "blue.png")
    (tmp_path / "drawn" / "blue.png").unlink()
    assert collection.index(feed, tmp_path / "drawn", options=LOCAL).indexed == 2
    assert server.paths() == ["/blue.png"]


def test_pruned_products_take_their_fetched_photos_along(
    collection: Collection, server: PhotoServer, tmp_path: Path
) -> None:
    collection.index(_feed(server, "red.png", "blue.png", "blue.png"), options=LOCAL)
    collection.index(_feed(server, "red.png", "blue.png"), options=replace(LOCAL, prune=True))
    assert len(list((tmp_path / "data" / "fetched").rglob("*.photo"))) == 2
    collection.remove("p1")
    assert len(list((tmp_path / "data" / "fetched").rglob("*"))) == 4


def test_a_dead_host_is_given_up(collection: Collection) -> None:
    urls = [f"http://nowhere.invalid/{number}.png" for number in range(60)]
    rows = tuple(ProductRow(f"p{n}", "x", (url,)) for n, url in enumerate(urls))
    summary = collection.index(Feed(rows), options=LOCAL)
    assert summary.skipped == 60
    assert any("not asked any more" in skip.reason for skip in summary.skips)


def test_a_dry_run_fetches_nothing(collection: Collection, server: PhotoServer) -> None:
    feed = _feed(server, "red.png", "blue.png", "red.png")
    forecast = collection.index(feed, options=replace(LOCAL, dry_run=True)).products.forecast
    assert forecast is not None
    assert (forecast.to_fetch, forecast.to_embed, forecast.missing) == (2, 2, 0)
    assert server.requests == []
