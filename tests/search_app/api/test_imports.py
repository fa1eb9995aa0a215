"""Import jobs over HTTP: watched, cancelled, interrupted, resumed; what they may read."""

import csv
import io
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import update

from catalog.database import open_database
from catalog.models import ImportJob
from indexing.collection import open_collection
from indexing.types import EmbeddedPhoto
from search_app.app import create_app
from search_app.jobs import tasks as job_work
from search_app.jobs.claims import MAX_TAKEOVERS
from search_app.settings import Settings
from segmentation.photos import Photo
from tests.fakes import FakeEmbedder, draw_photo
from tests.photo_server import Answer
from tests.photo_server import serving as serving_files
from tests.search_app.conftest import local_client

IMPORTS = "/api/v1/imports"
COLOURS = ("red", "blue", "green", "black", "yellow", "purple")


class SlowEmbedder(FakeEmbedder):
    """Waits before each batch until it is let go; `entered` says that it got there."""

    def __init__(self) -> None:
        super().__init__()
        self.go = threading.Event()
        self.entered = threading.Event()

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        self.entered.set()
        assert self.go.wait(20)
        return super().embed(photos)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A folder with a feed of 18 products beside its photos, one of them broken."""
    folder = tmp_path / "shop"
    rows = [("id", "title", "photo")]
    for place in range(18):
        colour = COLOURS[place % len(COLOURS)]
        draw_photo(folder / f"{place}.png", colour, notch=place)
        rows.append((f"p{place}", f"{colour} top {place}", f"{place}.png"))
    (folder / "17.png").write_bytes(b"no photo")
    rows.append(("=cmd()", "no photo at all", ""))
    rows.append(("spy", "a photo from elsewhere", "../secret.png"))
    draw_photo(tmp_path / "secret.png")
    with (folder / "feed.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    return folder


@contextmanager
def serving(
    tmp_path: Path, shop: Path, embedder: FakeEmbedder | None = None
) -> Iterator[TestClient]:
    collection = open_collection(tmp_path / "data", embedder or FakeEmbedder())
    settings = Settings(data=tmp_path / "data", import_folder=shop)
    with local_client(create_app(settings, collection)) as client:
        yield client
    collection.close()


def start(client: TestClient, shop: Path) -> str:
    answer = client.post(IMPORTS, files={"feed": ("feed.csv", (shop / "feed.csv").read_bytes())})
    assert answer.status_code == 202, answer.text
    assert answer.json()["state"] in ("queued", "running", "done")
    return str(answer.headers["location"])


def ended(client: TestClient, address: str) -> dict[str, object]:
    deadline = time.monotonic() + 20
    while (job := client.get(address).json())["ended_at"] is None:
        assert time.monotonic() < deadline, job
        time.sleep(0.02)
    return dict(job)


def test_uploaded_feed_is_imported_and_found(tmp_path: Path, shop: Path) -> None:
    with serving(tmp_path, shop) as client:
        job = ended(client, start(client, shop))
        counts = ("state", "done", "total", "skipped", "garments", "products_new", "rejected")
        assert [job[name] for name in counts] == ["done", 18, 18, 1, 17, 18, 2]
        assert client.get("/api/v1/products").json()["total"] == 18
        assert [each["id"] for each in client.get(IMPORTS).json()["imports"]] == [job["id"]]


def test_rejects_are_a_csv_that_no_spreadsheet_runs(tmp_path: Path, shop: Path) -> None:
    with serving(tmp_path, shop) as client:
        address = start(client, shop)
        ended(client, address)
        answer = client.get(f"{address}/rejects")
        assert answer.headers["content-type"].startswith("text/csv")
        assert "attachment" in answer.headers["content-disposition"]
        rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows[0] == ["line", "id", "reason", "photo", "code"]
    reasons = {row[2] for row in rows[1:]}
    assert len(rows) == 4
    assert any("no photo" in reason for reason in reasons)
    assert any("'spy'" in reason for reason in reasons)
    assert ["19", "p17", "17.png", "not_a_photo"] in [[*row[:2], *row[3:]] for row in rows]
    assert "'=cmd()" in [row[1] for row in rows]


@pytest.mark.parametrize("body", [{"path": "feed.csv"}, {"path": "feed.csv", "photos": "."}])
def test_feed_on_the_server_is_imported_by_name(
    tmp_path: Path, shop: Path, body: dict[str, str]
) -> None:
    with serving(tmp_path, shop) as client:
        answer = client.post(IMPORTS, json=body)
        assert answer.status_code == 202
        assert ended(client, answer.headers["location"])["garments"] == 17


def test_feed_at_a_private_address_is_not_fetched(tmp_path: Path, shop: Path) -> None:
    with serving(tmp_path, shop) as client:
        answer = client.post(IMPORTS, json={"url": "http://127.0.0.1:9/feed.csv"})
        assert answer.status_code == 202
        job = ended(client, answer.headers["location"])
        assert (job["state"], job["source"]) == ("failed", "http://127.0.0.1:9/feed.csv")
        assert "private network" in str(job["message"])


def test_feed_is_fetched_and_kept_for_a_resume(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_files() as files:
        files.answers["/feed.csv"] = Answer((shop / "feed.csv").read_bytes())
        # The tests' own server is on this machine, where a stranger may not point.
        allowed = replace(job_work.FEED_LIMITS, allow_private=True, attempts=1)
        monkeypatch.setattr(job_work, "FEED_LIMITS", allowed)
        with serving(tmp_path, shop) as client:
            address = files.url("/feed.csv")
            answer = client.post(IMPORTS, json={"url": address, "photos": "."})
            assert ended(client, answer.headers["location"])["garments"] == 17


@pytest.mark.parametrize("body", [{"path": "feed.csv", "url": "https://a.b/c"}, {"photos": "."}])
def test_path_or_url_but_not_both(tmp_path: Path, shop: Path, body: dict[str, str]) -> None:
    with serving(tmp_path, shop) as client:
        assert client.post(IMPORTS, json=body).status_code == 422


@pytest.mark.parametrize(
    "path", ["../secret.png", "/etc/passwd", "absent.csv", "link.csv", "a\0b", "x" * 1999, "..", ""]
)
def test_nothing_outside_the_import_folder_is_read(tmp_path: Path, shop: Path, path: str) -> None:
    (tmp_path / "outside.csv").write_text("id,photo\n1,a.png\n")
    (shop / "link.csv").symlink_to(tmp_path / "outside.csv")
    with serving(tmp_path, shop) as client:
        answer = client.post(IMPORTS, json={"path": path})
        assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")
        assert client.get(IMPORTS).json()["imports"] == []


def test_feed_that_is_none_fails_with_its_reason(tmp_path: Path, shop: Path) -> None:
    with serving(tmp_path, shop) as client:
        answer = client.post(IMPORTS, files={"feed": ("feed.csv", b"a,b\n1,2\n")})
        job = ended(client, answer.headers["location"])
        assert job["state"] == "failed"
        assert "no column for id" in str(job["message"])
        assert client.get(f"{answer.headers['location']}/rejects").status_code == 404


@pytest.mark.parametrize(
    ("request_parts", "status"),
    [
        ({"files": {"other": ("a.csv", b"id")}}, 400),
        ({"files": {"feed": ("a.csv", b"")}}, 400),
        ({"json": {}}, 422),
        ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 422),
        ({"content": b" ", "headers": {"Content-Type": "text/csv"}}, 400),
        ({"content": b"id,photo", "headers": {"Content-Type": "text/made-up"}}, 400),
        ({"content": b"[]", "headers": {"Content-Type": "application/json"}}, 422),
        ({"content": b"[" * 9000, "headers": {"Content-Type": "application/json"}}, 422),
        ({"json": {"path": "feed.csv", "dryrun": True}}, 422),
        ({"json": {"path": "feed.csv", "map": ["title"]}}, 422),
        ({"files": {"feed": ("a.csv", b"id")}, "data": {"dryrun": "true"}}, 422),
        ({"files": {"feed": ("a.csv", b"id")}, "data": {"prune": "perhaps"}}, 422),
        ({"files": {"feed": ("a.csv", b"id")}, "params": {"dryrun": "true"}}, 422),
    ],
)
def test_request_without_a_feed_is_refused(
    tmp_path: Path, shop: Path, request_parts: dict[str, object], status: int
) -> None:
    with serving(tmp_path, shop) as client:
        answer = client.post(IMPORTS, **request_parts)  # type: ignore[arg-type]
        assert answer.status_code == status
        assert set(answer.json()) == {"error"}


OTHER_NAMES = b"id,name,photo\np0,Red top anew,0.png\np99,Gone,gone.png\n"
"""One product changed, one new; the columns need a map; what else is there is lacking."""


def test_dry_run_says_what_would_change_and_is_applied(tmp_path: Path, shop: Path) -> None:
    with serving(tmp_path, shop) as client:
        ended(client, start(client, shop))
        data = {"map": ["title=name"], "dry_run": "true", "prune": "1", "prune_all": "on"}
        data["source"] = "feed"
        answer = client.post(IMPORTS, files={"feed": ("new.csv", OTHER_NAMES)}, data=data)
        address = answer.headers["location"]
        job = ended(client, address)
        assert job["options"] == {
            "map": ["title=name"], "dry_run": True, "prune": True, "prune_all": True,
            "refresh_photos": False, "source": "feed", "clear_empty": False,
        }  # fmt: skip
        counts = ("state", "products_new", "products_changed", "products_unchanged", "rejected")
        assert [job[name] for name in counts] == ["done", 1, 1, 0, 0]
        outcome = job["outcome"]
        assert isinstance(outcome, dict)
        assert (outcome["kind"], outcome["products_removed"]) == ("table", 17)
        assert outcome["removed"][0] == "p1"
        photos = ("photos_unchanged", "photos_to_embed", "photos_to_fetch", "photos_missing")
        assert [outcome[name] for name in photos] == [1, 0, 0, 1]
        assert client.get("/api/v1/products").json()["total"] == 18
        assert client.get("/api/v1/products/p0").json()["title"] == "red top 0"

        assert client.post(f"{address}/apply").status_code == 202
        job = ended(client, address)
        assert (job["state"], job["products_new"]) == ("done", 1)
        assert client.get("/api/v1/products").json()["total"] == 2
        assert client.get("/api/v1/products/p0").json()["title"] == "Red top anew"
        again = client.post(f"{address}/apply")
        assert (again.status_code, again.json()["error"]["code"]) == (409, "job_state")


def test_pruning_most_wants_to_be_said(tmp_path: Path, shop: Path) -> None:
    with serving(tmp_path, shop) as client:
        ended(client, start(client, shop))
        answer = client.post(
            IMPORTS, params={"prune": True, "map": "title=name"}, content=OTHER_NAMES,
            headers={"Content-Type": "text/csv"},
        )  # fmt: skip
        job = ended(client, answer.headers["location"])
        assert job["state"] == "failed"
        assert "prune_all" in str(job["message"])
        assert client.get("/api/v1/products").json()["total"] == 18


LINES = b'{"id": "j0", "title": "Red", "photo": "0.png"}\n{"id": "j1", "photo": "1.png"}\n'
RSS = b"""<rss xmlns:g="http://base.google.com/ns/1.0"><channel><item><g:id>x0</g:id>
<title>Red</title><g:image_link>0.png</g:image_link></item></channel></rss>"""
TABLE = b"id\ttitle\tphoto\nt0\tRed\t0.png\n"


@pytest.mark.parametrize(
    ("kind", "name", "feed", "count"),
    [
        ("application/x-ndjson", "feed.jsonl", LINES, 2),
        ("application/json", "feed.json", LINES, 2),
        ("application/xml; charset=utf-8", "feed.xml", RSS, 1),
        ("text/tab-separated-values", "feed.tsv", TABLE, 1),
    ],
)
def test_every_kind_of_feed_comes_in_by_every_way(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch,
    kind: str, name: str, feed: bytes, count: int,
) -> None:  # fmt: skip
    allowed = replace(job_work.FEED_LIMITS, allow_private=True, attempts=1)
    monkeypatch.setattr(job_work, "FEED_LIMITS", allowed)
    with serving_files() as files, serving(tmp_path, shop) as client:
        files.answers[f"/{name}"] = Answer(feed, headers=(("Content-Type", kind),))
        dry = {"dry_run": True}
        for answer in (
            client.post(IMPORTS, content=feed, headers={"Content-Type": kind}, params=dry),
            client.post(IMPORTS, files={"feed": (name, feed)}, params=dry),
            client.post(IMPORTS, json={"url": files.url(f"/{name}"), **dry}),
        ):
            assert answer.status_code == 202, answer.text
            job = ended(client, answer.headers["location"])
            assert (job["state"], job["products_new"]) == ("done", count), job


def test_page_at_a_feeds_address_is_refused_as_what_it_is(
    tmp_path: Path, shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = replace(job_work.FEED_LIMITS, allow_private=True, attempts=1)
    monkeypatch.setattr(job_work, "FEED_LIMITS", allowed)
    with serving_files() as files, serving(tmp_path, shop) as client:
        files.answers["/login"] = Answer(b"<html>", headers=(("Content-Type", "text/html"),))
        answer = client.post(IMPORTS, json={"url": files.url("/login")})
        job = ended(client, answer.headers["location"])
        assert job["state"] == "failed"
        assert "text/html, not a feed" in str(job["message"])


def test_running_import_is_cancelled_and_goes_on(tmp_path: Path, shop: Path) -> None:
    embedder = SlowEmbedder()
    with serving(tmp_path, shop, embedder) as client:
        address = start(client, shop)
        assert embedder.entered.wait(20)
        assert client.get(address).json()["state"] == "running"
        add = client.post(
            "/api/v1/products",
            files={"photos": ("a.png", (shop / "0.png").read_bytes())},
            data={"id": "x", "title": "X"},
        )
        assert (add.status_code, add.json()["error"]["code"]) == (503, "busy")
        waiting = start(client, shop)
        assert client.post(f"{waiting}/cancel").json()["state"] == "cancelled"
        assert client.post(f"{address}/cancel").status_code == 202
        embedder.go.set()
        stopped = ended(client, address)
        assert stopped["state"] == "cancelled"
        assert client.post(f"{address}/cancel").status_code == 409
        assert client.post(f"{address}/resume").status_code == 202
        assert ended(client, address)["state"] == "done"
        assert client.post(f"{address}/resume").status_code == 409
        # What was committed is not looked at again; what was on its way is.
        assert embedder.photos_embedded < 20


def test_jobs_of_a_server_that_stops_go_on_at_its_next_start(tmp_path: Path, shop: Path) -> None:
    embedder = SlowEmbedder()
    with serving(tmp_path, shop, embedder) as client:
        running = start(client, shop)
        waiting = start(client, shop)
        assert embedder.entered.wait(20)
        threading.Timer(0.2, embedder.go.set).start()
    with serving(tmp_path, shop) as client:
        first, second = ended(client, running), ended(client, waiting)
        assert (first["state"], second["state"]) == ("done", "done")
        # The batch that was committed is not looked at again.
        assert first["total"] == 2
        assert second["total"] == 0


def test_job_whose_servers_were_killed_is_interrupted_in_the_end(
    tmp_path: Path, shop: Path
) -> None:
    with serving(tmp_path, shop) as client:
        address = start(client, shop)
        ended(client, address)
    for takeovers in (MAX_TAKEOVERS - 1, MAX_TAKEOVERS):
        database = open_database(tmp_path / "data")
        with database.transaction() as session:
            killed = {"state": "running", "takeovers": takeovers, "ended_at": None}
            session.execute(update(ImportJob).values(owner="dead", **killed))
        database.close()
        with serving(tmp_path, shop) as client:
            job = ended(client, address)
            assert job["state"] == ("done" if takeovers < MAX_TAKEOVERS else "interrupted")
    assert "resume the job" in str(job["message"])


@pytest.mark.parametrize("address", ["absent", "absent/rejects", "..%2F..%2Fapparel.db/rejects"])
def test_unknown_job_is_404(client: TestClient, address: str) -> None:
    assert client.get(f"{IMPORTS}/{address}").status_code == 404
