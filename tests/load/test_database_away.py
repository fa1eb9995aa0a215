"""A database that stops and starts under real servers: nobody restarts them."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.orm import Session

from catalog.database import open_database
from tests.fakes import draw_photo
from tests.load.conftest import OwnPostgres, RunningServer, Serve


def test_servers_answer_503_while_the_database_is_away_and_200_after_it(
    tmp_path: Path, own_postgres: OwnPostgres, serve: Serve
) -> None:
    photo = draw_photo(tmp_path / "query.png", "red").read_bytes()
    with serve("first") as first, serve("second") as second:
        _add(first, photo)
        paths = ("/readyz", "/api/v1/products", "/catalogue", "/", "/api/v1/facets", "/admin")
        for server in (first, second):
            assert {server.http.get(path).status_code for path in paths} == {200}
        own_postgres.stop()
        try:
            for server in (first, second):
                assert {server.http.get(path).status_code for path in paths[:-1]} == {503}
                assert server.http.get("/healthz").status_code == 200
                away = server.http.get("/api/v1/products")
                assert away.json()["error"]["code"] == "not_ready"
                assert int(away.headers["retry-after"]) > 0
                written = server.http.patch("/api/v1/products/tee", json={"title": "Blue"})
                assert written.status_code == 503
        finally:
            own_postgres.start()
        for server in (first, second):
            # At once, on the first request of each path: no stale connection is used.
            assert [server.http.get(path).status_code for path in paths] == [200] * len(paths)
            found = server.http.post("/api/v1/search", files={"photo": ("q.png", photo)})
            assert found.json()["garments"][0]["results"][0]["product_id"] == "tee"
        title = second.http.get("/api/v1/products/tee").json()["title"]
        assert title == "Red tee"


def test_restarts_under_reads_give_503_at_worst_and_end(
    tmp_path: Path, own_postgres: OwnPostgres, serve: Serve
) -> None:
    with serve("first") as first:
        statuses: Counter[int] = Counter()
        ended = threading.Event()

        def read() -> None:
            while not ended.is_set():
                statuses[first.http.get("/api/v1/products").status_code] += 1

        reader = threading.Thread(target=read)
        reader.start()
        for _ in range(3):
            own_postgres.stop()
            own_postgres.start()
            time.sleep(0.5)
        ended.set()
        reader.join()
        assert set(statuses) <= {200, 503}, statuses
        assert statuses[200] > 0
        assert first.http.get("/api/v1/products").status_code == 200


def test_read_whose_connection_is_cut_is_run_once_more_and_a_write_is_not(
    tmp_path: Path, database_url: str, serve: Serve
) -> None:
    other = open_database(tmp_path, database_url)
    with serve("first") as first, ThreadPoolExecutor(1) as visitor:
        _add(first, draw_photo(tmp_path / "a.png").read_bytes())
        for request, status in (
            (partial(first.http.get, "/api/v1/products/tee"), 200),
            (partial(first.http.patch, "/api/v1/products/tee", json={"title": "Blue"}), 503),
        ):
            with other.session() as session:
                session.execute(text("LOCK TABLE product IN ACCESS EXCLUSIVE MODE"))
                answer = visitor.submit(request)
                _end_waiting_backend(session)
            assert answer.result().status_code == status
        assert first.http.get("/api/v1/products/tee").json()["title"] == "Red tee"
    other.close()


def _add(server: RunningServer, photo: bytes) -> None:
    added = server.http.post(
        "/api/v1/products",
        files={"photos": ("a.png", photo)},
        data={"id": "tee", "title": "Red tee"},
    )
    assert added.status_code == 201, added.text


def _end_waiting_backend(session: Session) -> None:
    """End the connection that waits for a lock, once there is one."""
    waiting = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock' "
        "AND datname = current_database()"
    )
    deadline = time.monotonic() + 20
    while not session.scalars(waiting).all():
        assert time.monotonic() < deadline
        session.execute(text("SELECT pg_stat_clear_snapshot()"))
        time.sleep(0.05)
