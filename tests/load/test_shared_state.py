"""What a visitor or an admin left at one of two real servers, asked for at the other."""

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx2
import pytest
from sqlalchemy import text

from catalog.database import open_database
from search_app.security.expiring import SealedRows
from search_app.security.keys import Scope, make_key
from tests.fakes import draw_photo
from tests.load.conftest import RunningServer, Serve


@pytest.fixture
def photo(tmp_path: Path) -> bytes:
    return draw_photo(tmp_path / "query.png", "red").read_bytes()


def upload(server: RunningServer, photo: bytes) -> str:
    answer = server.http.post("/search", files={"photo": ("q.png", photo)})
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def test_query_photo_is_shown_steered_and_forgotten_by_any_server(
    tmp_path: Path, photo: bytes, serve: Serve, database_url: str
) -> None:
    with serve("first") as first, serve("second") as second:
        page = upload(first, photo)
        assert second.http.get(page).status_code == 200
        shown = second.http.get(f"{page}/photo.jpg")
        assert shown.content == first.http.get(f"{page}/photo.jpg").content
        region = {"left": 10, "top": 10, "right": 90, "bottom": 90}
        assert second.http.get(page, params=region).status_code == 200
        token = page.removeprefix("/q/")
        database = open_database(tmp_path / "other", database_url)
        with database.session() as session:
            rows = session.execute(text("SELECT id, kind, content FROM sealed")).all()
            kept = session.scalar(
                text("SELECT relpersistence FROM pg_class WHERE relname = 'sealed'")
            )
        database.close()
        assert [row.kind for row in rows] == ["query"]
        assert kept == "u"
        for secret in (token.encode(), shown.content[:64], b"garment_class"):
            assert all(secret not in row.id.encode() + row.content for row in rows)
        assert second.http.post(f"{page}/forget").status_code == 303
        assert first.http.get(page).status_code == 404


def test_sealed_values_expire_and_the_oldest_make_room(tmp_path: Path, database_url: str) -> None:
    database = open_database(tmp_path, database_url)
    rows = SealedRows(lambda: database, "query", count=2, seconds=60, renewed=True)
    other = SealedRows(lambda: database, "session", count=2, seconds=60, renewed=False)
    for token in ("a", "b", "c"):
        rows.put(token, token.encode())
        other.put(token, b"secret of " + token.encode())
    assert [rows.get(each) for each in ("a", "b", "c")] == [None, b"b", b"c"]
    assert len(rows) == len(other) == 2
    rows.put("b", b"anew")
    assert rows.get("b") == b"anew"
    with database.side_transaction() as session:
        session.execute(text("UPDATE sealed SET expires_at = now() + interval '1 second'"))
    assert rows.get("b") == b"anew"  # its time begins again
    assert other.get("b") == b"secret of b"
    time.sleep(1.1)
    assert (rows.get("b"), rows.get("c"), other.get("b")) == (b"anew", None, None)
    rows.put("d", b"d")
    with database.session() as session:
        assert session.scalar(text("SELECT count(*) FROM sealed")) == 2
    rows.drop("d")
    assert rows.get("d") is None
    database.close()


def test_admin_session_holds_at_every_server_until_its_key_is_revoked(
    tmp_path: Path, serve: Serve, database_url: str
) -> None:
    with serve("first") as first, serve("second") as second:
        database = open_database(tmp_path / "other", database_url)
        key = make_key(database, "desk", Scope.ADMIN)
        sign_in(first.http, key.secret)
        assert "Import a feed" in first.http.get("/admin").text
        session = {"Cookie": f"apparel_admin={first.http.cookies['apparel_admin']}"}
        assert "Import a feed" in second.http.get("/admin", headers=session).text
        with database.session() as each:
            (content,) = each.scalars(text("SELECT content FROM sealed")).all()
        assert key.secret.encode() not in content
        with database.transaction() as each:
            each.execute(text("UPDATE api_key SET revoked_at = now()"))
        for server in (first, second):
            assert "Import a feed" not in server.http.get("/admin", headers=session).text
        database.close()


def sign_in(http: httpx2.Client, secret: str) -> None:
    found = re.search(r'name="csrf" value="([^"]+)"', http.get("/admin").text)
    assert found is not None
    answer = http.post("/admin/login", data={"key": secret, "csrf": found[1]})
    assert answer.status_code == 303


def test_two_servers_allow_exactly_the_rate_together(serve: Serve) -> None:
    rate = {"APPAREL_RATE_LIMIT": "60/hour"}
    with serve("first", **rate) as first, serve("second", **rate) as second:
        servers = (first, second)
        for server in servers:
            del server.http.headers["X-API-Key"]  # a key has a rate of its own

        def ask(place: int) -> int:
            return servers[place % 2].http.get("/api/v1/facets").status_code

        with ThreadPoolExecutor(4) as visitors:
            statuses = Counter(visitors.map(ask, range(100)))
        assert statuses == {200: 60, 429: 40}
        refused = second.http.get("/api/v1/facets")
        assert 1 <= int(refused.headers["retry-after"]) <= 3600
        assert second.http.get("/healthz").status_code == 200
