from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.keys import NewKey, Scope, make_key, revoke_key
from search_app.settings import Settings
from tests.fakes import FakeEmbedder
from tests.search_app.conftest import HOME

PhotoBytes = Callable[..., bytes]
PRODUCT = "/api/v1/products/absent"
ALLOWED = 404
"""A change of a product that is not there: the answer to those who may."""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Collection]:
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    yield collection
    collection.close()


def client_of(own: Collection, address: str = HOME, **settings: object) -> TestClient:
    # Not entered: no job is needed here.
    return TestClient(create_app(Settings(data=own.data, **settings), own), address)  # type: ignore[arg-type]


def change(client: TestClient, **headers: str) -> int:
    return client.patch(PRODUCT, json={}, headers=headers).status_code


@pytest.fixture
def keys(own: Collection) -> dict[Scope, NewKey]:
    return {scope: make_key(own.database, scope.value, scope) for scope in Scope}


def test_scopes_contain_each_other() -> None:
    covered = {scope: [each.value for each in Scope if scope.covers(each)] for scope in Scope}
    assert covered == {
        Scope.READ: ["read"],
        Scope.WRITE: ["read", "write"],
        Scope.ADMIN: ["read", "write", "admin"],
    }


@pytest.mark.parametrize(("scope", "status"), [("read", 403), ("write", 404), ("admin", 404)])
def test_key_may_do_what_its_scope_says(
    own: Collection, keys: dict[Scope, NewKey], scope: Scope, status: int
) -> None:
    client = client_of(own, "http://shop.example", host="0.0.0.0")
    secret = keys[scope].secret
    assert change(client, Authorization=f"Bearer {secret}") == status
    assert change(client, **{"X-API-Key": secret}) == status


def test_without_a_key_or_with_a_wrong_one_the_answer_says_what_to_do(
    own: Collection, keys: dict[Scope, NewKey]
) -> None:
    client = client_of(own)
    without = client.patch(PRODUCT, json={})
    assert without.status_code == 401
    assert without.headers["www-authenticate"] == "Bearer"
    assert without.json()["error"]["code"] == "key_needed"
    assert "apparel keys add NAME --scope write" in without.json()["error"]["message"]
    wrong = client.patch(PRODUCT, json={}, headers={"X-API-Key": "apparel_guess"})
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (401, "key_unknown")


def test_revoked_key_is_refused_at_once(own: Collection, keys: dict[Scope, NewKey]) -> None:
    client = client_of(own)
    secret = keys[Scope.WRITE].secret
    assert change(client, **{"X-API-Key": secret}) == ALLOWED
    revoke_key(own.database, "write")
    assert change(client, **{"X-API-Key": secret}) == 401


def test_changes_without_a_key_are_for_this_machine_alone(own: Collection) -> None:
    at_home = client_of(own)
    assert change(at_home) == ALLOWED
    # Through a proxy, by another name (DNS rebinding), or from a page of another site.
    assert change(at_home, **{"X-Forwarded-For": "203.0.113.5"}) == 401
    assert change(client_of(own, "http://rebound.example:8000")) == 401
    assert change(at_home, Origin="https://evil.example") == 403
    assert change(client_of(own, host="0.0.0.0")) == 401


def test_once_a_key_was_made_it_is_needed(own: Collection) -> None:
    client = client_of(own)
    assert change(client) == ALLOWED
    make_key(own.database, "first", Scope.READ)
    assert change(client) == 401


@pytest.mark.parametrize(("setting", "status"), [(True, ALLOWED), (False, 401)])
def test_operator_may_decide_otherwise(own: Collection, setting: bool, status: int) -> None:
    client = client_of(own, "http://shop.example", host="0.0.0.0", api_writes=setting)
    assert change(client) == status


def test_reading_may_need_a_key_too(
    own: Collection, keys: dict[Scope, NewKey], photo_bytes: PhotoBytes
) -> None:
    closed = client_of(own, api_reads=False)
    header = {"X-API-Key": keys[Scope.READ].secret}
    for method, address in (("GET", "/api/v1/products"), ("POST", "/api/v1/search")):
        files = {"photo": ("a.png", photo_bytes())} if method == "POST" else None
        assert closed.request(method, address, files=files).status_code == 401
        assert closed.request(method, address, files=files, headers=header).status_code == 200
    assert closed.get("/healthz").status_code == 200
    assert client_of(own).get("/api/v1/products").status_code == 200


def test_page_of_another_site_is_refused_with_a_key_too(
    own: Collection, keys: dict[Scope, NewKey]
) -> None:
    headers = {"Origin": "https://evil.example", "X-API-Key": keys[Scope.ADMIN].secret}
    assert change(client_of(own), **headers) == 403
