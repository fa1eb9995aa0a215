"""The admin page: who gets in, which forms are taken, what an import shows."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from catalog.data_folder.layout import LOCAL_TOKEN
from catalog.models import Product
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.security.expiring import MemoryRows
from search_app.security.keys import Scope, make_key, revoke_key
from search_app.security.local_token import make_local_token
from search_app.security.sessions import (
    SESSION_HOURS,
    TICKET_MINUTES,
    AdminSessions,
)
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_photo
from tests.search_app.admin.desk import page_with, sign_in, token_on

FEED = b"id,title,photo\na,Red top,red.png\n,no id,red.png\nb,Gone,gone.png\n"


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    draw_photo(tmp_path / "shop" / "red.png")
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    yield collection
    collection.close()


@pytest.fixture
def client(collection: Collection, tmp_path: Path) -> Iterator[TestClient]:
    settings = Settings(data=collection.data, import_folder=tmp_path / "shop")
    with TestClient(create_app(settings, collection), "http://127.0.0.1:8000") as client:
        yield client


def test_without_a_session_there_is_only_the_way_to_sign_in(client: TestClient) -> None:
    page = client.get("/admin").text
    assert 'action="/admin/login"' in page
    assert "Import a feed" not in page
    csrf = token_on(client)
    for path in ("/admin/imports", "/admin/rebuild", "/admin/imports/x/cancel"):
        assert client.post(path, data={"csrf": csrf}).status_code == 401
    assert client.get("/admin/imports/x/rejects.csv").status_code == 401


def test_only_a_key_of_scope_admin_opens_it(client: TestClient, collection: Collection) -> None:
    wrong = client.post("/admin/login", data={"key": "apparel_no", "csrf": token_on(client)})
    assert wrong.status_code == 401
    assert "unknown or revoked" in wrong.text
    assert sign_in(client, collection, Scope.WRITE) == 401
    assert sign_in(client, collection) == 200
    assert "Signed in with key “desk admin”" in client.get("/admin").text


def test_session_is_closed_to_scripts_and_other_sites(
    client: TestClient, collection: Collection
) -> None:
    secret = make_key(collection.database, "desk", Scope.ADMIN).secret
    answer = client.post(
        "/admin/login", data={"key": secret, "csrf": token_on(client)}, follow_redirects=False
    )
    cookie = answer.headers["set-cookie"].lower()
    assert secret.lower() not in cookie
    assert {"httponly", "samesite=strict", "path=/admin"} <= set(cookie.split("; "))


def test_form_without_its_token_changes_nothing(client: TestClient, collection: Collection) -> None:
    sign_in(client, collection)
    assert client.post("/admin/imports", files={"feed": ("f.csv", FEED)}).status_code == 403
    assert client.post("/admin/rebuild", data={"csrf": "x" * 43}).status_code == 403
    assert "Nothing has been imported" in client.get("/admin").text


def test_feed_is_imported_watched_and_its_rejects_are_offered(
    client: TestClient, collection: Collection
) -> None:
    sign_in(client, collection)
    data = {"csrf": token_on(client)}
    page = client.post("/admin/imports", files={"feed": ("spring.csv", FEED)}, data=data).text
    assert "spring.csv" in page
    page = page_with(client, "Download rejects")
    (rejects,) = re.findall(r'href="(/admin/imports/\w+/rejects\.csv)"', page)
    assert "hx-trigger" not in page
    lines = client.get(rejects).text
    assert "gone.png" in lines
    assert collection.status().products == 2
    assert "fake-encoder/1" in page


def test_form_without_a_feed_says_so(client: TestClient, collection: Collection) -> None:
    sign_in(client, collection)
    answer = client.post("/admin/imports", data={"csrf": token_on(client)})
    assert answer.status_code == 400
    assert "Choose a feed first" in answer.text


def test_dry_run_shows_what_would_change_and_imports_at_a_click(
    client: TestClient, collection: Collection
) -> None:
    sign_in(client, collection)
    feed = {"feed": ("names.csv", b"id,name,photo\na,Red top,red.png\n")}
    form = {"csrf": token_on(client), "columns": "title=name", "dry_run": "true", "prune": "true"}
    client.post("/admin/imports", files=feed, data=form)
    page = page_with(client, "Import it now")
    assert "Dry run · Prune · title=name" in page
    assert "nothing was written" in page
    assert collection.status().products == 0
    (address,) = re.findall(r'action="(/admin/imports/\w+/apply)"', page)
    assert client.post(address, data={"csrf": "x" * 43}).status_code == 403
    client.post(address, data={"csrf": token_on(client)})
    assert "Import it now" not in page_with(client, ">Done<")
    assert collection.status().products == 1


def test_feed_under_a_new_name_is_told_which_field_keeps_its_source(
    client: TestClient, collection: Collection
) -> None:
    sign_in(client, collection)
    rows = b"id,title,photo\na,Red top,red.png\n"
    form = {"csrf": token_on(client)}
    client.post("/admin/imports", files={"feed": ("shop.csv", rows)}, data=form)
    page_with(client, ">Done<")
    client.post("/admin/imports", files={"feed": ("today.csv", rows)}, data=form)
    page_with(client, "under a new name, set “Source” to &#39;shop&#39;")
    german = client.get("/admin", headers={"Accept-Language": "de"}).text
    assert "setzen Sie „Quelle“ auf &#39;shop&#39;" in german
    form |= {"source": "shop"}
    more = {"feed": ("friday.csv", rows + b"b,Blue top,blue.png\n")}
    client.post("/admin/imports", files=more, data=form)
    page_with(client, '<h3>friday.csv</h3><span class="state state-done">')
    with collection.database.session() as session:
        assert {each.source for each in session.scalars(select(Product))} == {"shop"}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"columns": "title"}, "is not FIELD=COLUMN"),
        ({"address": "ftp://a.b/c"}, "Choose a feed first"),
    ],
)
def test_form_that_cannot_be_understood_says_why(
    client: TestClient, collection: Collection, form: dict[str, str], words: str
) -> None:
    sign_in(client, collection)
    answer = client.post("/admin/imports", data={"csrf": token_on(client), **form})
    assert answer.status_code in (400, 422)
    assert words in answer.text


def test_revoked_key_and_sign_out_end_the_session(
    client: TestClient, collection: Collection
) -> None:
    sign_in(client, collection)
    client.post("/admin/logout", data={"csrf": token_on(client)})
    assert "Import a feed" not in client.get("/admin").text
    secret = make_key(collection.database, "other", Scope.ADMIN).secret
    client.post("/admin/login", data={"key": secret, "csrf": token_on(client)})
    assert "Import a feed" in client.get("/admin").text
    revoke_key(collection.database, "other")
    assert "Import a feed" not in client.get("/admin").text


def test_ticket_of_the_terminal_signs_in_once(client: TestClient, collection: Collection) -> None:
    token = make_local_token(collection.data)
    assert token is not None
    ticket = client.app.state.services.sessions.issue_ticket(token)  # type: ignore[attr-defined]
    opened = client.get("/admin", params={"ticket": ticket}, follow_redirects=False)
    assert (opened.status_code, opened.headers["location"]) == (303, "/admin")
    assert {"httponly", "samesite=strict"} <= set(opened.headers["set-cookie"].lower().split("; "))
    assert token not in opened.headers["set-cookie"]
    assert "Import a feed" in client.get("/admin").text
    again = {"ticket": ticket}
    assert "Import a feed" in client.get("/admin", params=again).text  # who has signed in stays
    client.cookies.clear()
    refused = client.get("/admin", params=again)
    assert refused.status_code == 401
    assert "has been used" in refused.text
    assert "Import a feed" not in refused.text


def test_local_token_signs_in_and_ends_with_its_file(
    client: TestClient, collection: Collection
) -> None:
    token = make_local_token(collection.data)
    client.post("/admin/login", data={"key": token, "csrf": token_on(client)})
    assert "Signed in with key “local token”" in client.get("/admin").text
    (collection.data / LOCAL_TOKEN).unlink()
    assert "Import a feed" not in client.get("/admin").text


def test_ticket_ends_after_its_minutes() -> None:
    now = 0.0
    sessions = AdminSessions(MemoryRows(1, 60, renewed=False), lambda: now)
    early, late = sessions.issue_ticket("secret"), sessions.issue_ticket("secret")
    assert sessions.redeem("") is None
    token = sessions.redeem(early)
    assert token is not None
    assert sessions.secret_of(token) == "secret"
    assert sessions.redeem(early) is None
    now = TICKET_MINUTES * 60 + 1
    assert sessions.redeem(late) is None


def test_session_ends_after_its_hours() -> None:
    now = 0.0
    sessions = AdminSessions(MemoryRows(9, SESSION_HOURS * 3600, False, lambda: now))
    token = sessions.begin("secret")
    assert sessions.secret_of(token) == "secret"
    assert sessions.secret_of("") is None
    now = SESSION_HOURS * 3600 + 1
    assert sessions.secret_of(token) is None
