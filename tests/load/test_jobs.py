"""Imports that several real servers share: killed, stopped, cancelled, started twice."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from catalog.database import open_database
from indexing.collection import open_collection
from search_app.cli.main import app
from tests.fakes import FakeEmbedder
from tests.load.conftest import OwnPostgres, RunningServer, Serve
from tests.load.server import ROOT
from tests.load.test_load import write_feed

IMPORTS = "/api/v1/imports"
PHOTOS = 96
SLOW = 2.0
"""Seconds a batch of 16 photos takes where somebody must come in between."""
SECONDS_TO_TAKE_OVER = 30


@pytest.fixture
def feed(tmp_path: Path) -> Path:
    return write_feed(tmp_path / "shop", PHOTOS)


@pytest.fixture
def folder(feed: Path) -> dict[str, str]:
    return {"APPAREL_IMPORT_FOLDER": str(feed.parent)}


def start(server: RunningServer, feed: Path, name: str = "feed.csv") -> str:
    answer = server.http.post(IMPORTS, files={"feed": (name, feed.read_bytes())})
    assert answer.status_code == 202, answer.text
    return str(answer.headers["location"])


def job(http: httpx2.Client, address: str) -> dict[str, Any]:
    return dict(http.get(address).json())


def wait_for(http: httpx2.Client, address: str, done: int) -> dict[str, Any]:
    while (now := job(http, address))["done"] < done:
        assert now["ended_at"] is None, now
        time.sleep(0.02)
    return now


def ended(http: httpx2.Client, address: str, seconds: float = 120) -> dict[str, Any]:
    deadline = time.monotonic() + seconds
    while (now := job(http, address))["ended_at"] is None:
        assert time.monotonic() < deadline, now
        time.sleep(0.2)
    return now


def check_whole(data: Path, url: str) -> None:
    collection = open_collection(data, FakeEmbedder(), url)
    status = collection.status()
    assert (status.products, status.photos_indexed, status.photos_pending) == (PHOTOS, PHOTOS, 0)
    collection.close()


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_import_of_a_server_that_ends_goes_on_at_another(
    tmp_path: Path, feed: Path, folder: dict[str, str], serve: Serve, database_url: str,
    how: signal.Signals,
) -> None:  # fmt: skip
    with serve("second", **folder) as second:
        with serve("first", SLOW, **folder) as first:
            address = start(first, feed)
            before = wait_for(first.http, address, 16)
            assert job(second.http, address)["state"] == "running"
            first.process.send_signal(how)
            died = time.monotonic()
            first.process.wait()
        _wait_for_an_owner(tmp_path / "third", database_url, died + SECONDS_TO_TAKE_OVER)
        end = ended(second.http, address)
        assert end["state"] == "done", end
        assert end["total"] <= PHOTOS - before["done"]
        assert second.http.get(f"{address}/rejects").text.startswith("line,id,reason")
    check_whole(tmp_path / "second", database_url)


def _wait_for_an_owner(data: Path, url: str, until: float) -> None:
    """Wait until the job has its second owner."""
    database = open_database(data, url)
    with database.session() as session:
        while session.execute(text("SELECT fence FROM import_job")).scalar_one() < 2:
            assert time.monotonic() < until
            session.rollback()
            time.sleep(0.1)
    database.close()


def test_starting_server_leaves_a_running_import_alone_and_may_cancel_it(
    feed: Path, folder: dict[str, str], serve: Serve
) -> None:
    with serve("first", 5 * SLOW, **folder) as first:
        address = start(first, feed)
        wait_for(first.http, address, 1)
        with serve("second", **folder) as second:
            assert job(second.http, address)["state"] == "running"
            assert second.http.post(f"{address}/cancel").status_code == 202
            end = ended(second.http, address)
            assert (end["state"], end["done"] < PHOTOS) == ("cancelled", True)
            assert second.http.post(f"{address}/resume").status_code == 202
            assert ended(second.http, address)["state"] == "done"


def test_the_same_feed_sent_to_two_servers_is_imported_once_at_a_time(
    tmp_path: Path, feed: Path, folder: dict[str, str], serve: Serve, database_url: str
) -> None:
    with serve("first", 0.2, **folder) as first, serve("second", 0.2, **folder) as second:
        addresses = [start(server, feed) for server in (first, second)]
        together: Counter[tuple[str, ...]] = Counter()
        while True:
            jobs = [job(second.http, each) for each in addresses]
            # Read again: the first may have ended before the second, which then began, was read.
            states = [*jobs, job(second.http, addresses[0])]
            together[tuple(each["state"] for each in states)] += 1
            if all(each["ended_at"] for each in jobs):
                break
            time.sleep(0.02)
        assert ("running", "running", "running") not in together, together
        assert [each["state"] for each in jobs] == ["done", "done"]
        assert sorted(each["products_new"] for each in jobs) == [0, PHOTOS]
        assert sorted(each["done"] for each in jobs) == [0, PHOTOS]
    check_whole(tmp_path / "first", database_url)


def test_import_outlasts_restarts_of_the_database(
    tmp_path: Path, feed: Path, folder: dict[str, str], serve: Serve, database_url: str,
    own_postgres: OwnPostgres,
) -> None:  # fmt: skip
    with serve("first", 1.0, **folder) as first:
        address = start(first, feed)
        for done in (8, 24, 40, 56):
            _soon_done(first.http, address, done)
            own_postgres.stop()
            own_postgres.start()
        end = ended(first.http, address)
        assert end["state"] == "done", end
        ready = first.http.get("/readyz")
        assert ready.status_code == 200, ready.text
        assert sum(ready.json()["searchable"].values()) == PHOTOS
    check_whole(tmp_path / "first", database_url)


def _soon_done(http: httpx2.Client, address: str, photos: int) -> None:
    """Wait until so many garments are searchable; the import has not ended by then."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        ready = http.get("/readyz")
        if ready.status_code == 200 and sum(ready.json()["searchable"].values()) >= photos:
            return
        time.sleep(0.05)
    raise AssertionError("the import does not go on")


def test_workers_run_what_servers_take_in_and_replace_each_other(
    tmp_path: Path, feed: Path, folder: dict[str, str], serve: Serve, database_url: str
) -> None:
    with serve("first", APPAREL_JOBS="false", **folder) as first:
        address = start(first, feed)
        with working(tmp_path / "one", database_url, SLOW) as worker:
            before = wait_for(first.http, address, 16)
            worker.kill()
            worker.wait()
        with working(tmp_path / "two", database_url, 0.0):
            end = ended(first.http, address)
        assert (end["state"], end["total"] <= PHOTOS - before["done"]) == ("done", True)
    check_whole(tmp_path / "first", database_url)


@contextmanager
def working(data: Path, url: str, drawn: float) -> Iterator["subprocess.Popen[bytes]"]:
    """A worker process; killed at the end."""
    command = [sys.executable, "-m", "tests.load.server", str(data), "0", "--worker"]
    environment = os.environ | {"APPAREL_DATABASE_URL": url}
    with subprocess.Popen([*command, "--drawn", str(drawn)], cwd=ROOT, env=environment) as process:
        yield process
        process.kill()


def test_a_worker_without_a_shared_database_says_what_to_do(tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["worker", "--data", str(tmp_path)])
    assert done.exit_code == 1
    assert "APPAREL_DATABASE_URL" in done.stderr
