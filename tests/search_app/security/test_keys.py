from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog.data_folder.layout import LOCAL_TOKEN
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.security.keys import NewKey, Scope, make_key, revoke_key
from search_app.security.local_token import PREFIX, is_local_token, make_local_token
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
    # Not entered: no job is needed here. It comes from this machine.
    app = create_app(Settings(data=own.data, **settings), own)  # type: ignore[arg-type]
    return TestClient(app, address, client=("127.0.0.1", 50000))


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


def test_an_address_of_this_machine_is_not_enough_for_a_change(own: Collection) -> None:
    assert change(client_of(own)) == 401
    assert change(client_of(own, host="0.0.0.0")) == 401


def test_local_token_is_enough_for_every_change(own: Collection) -> None:
    token = make_local_token(own.data)
    assert token is not None
    for client in (client_of(own), client_of(own, "http://shop.example", host="0.0.0.0")):
        assert change(client, Authorization=f"Bearer {token}") == ALLOWED
        assert change(client, **{"X-API-Key": token}) == ALLOWED
    # Nor does it end when a key is made.
    make_key(own.database, "first", Scope.READ)
    assert change(client_of(own), **{"X-API-Key": token}) == ALLOWED
    # Another site's page cannot know it; it is refused nevertheless.
    evil = {"X-API-Key": token, "Origin": "https://evil.example"}
    assert change(client_of(own), **evil) == 403


@pytest.mark.parametrize("guess", ["", PREFIX, f"{PREFIX}guess", "apparel_", "\xe9"])
def test_guess_is_no_local_token(own: Collection, guess: str) -> None:
    make_local_token(own.data)
    assert change(client_of(own), **{"X-API-Key": guess.encode()}) == 401  # type: ignore[arg-type]
    assert not is_local_token(own.data, guess)


def test_local_token_is_private_made_once_and_ends_with_its_file(own: Collection) -> None:
    token = make_local_token(own.data)
    file = own.data / LOCAL_TOKEN
    assert token is not None
    assert file.stat().st_mode & 0o777 == 0o600
    file.chmod(0o644)
    assert make_local_token(own.data) == token
    assert file.stat().st_mode & 0o777 == 0o600
    file.unlink()
    assert change(client_of(own), **{"X-API-Key": token}) == 401
    assert make_local_token(own.data) != token
    file.write_text("")
    assert change(client_of(own), **{"X-API-Key": token}) == 401


def test_operator_may_open_writing_to_this_machine(own: Collection) -> None:
    def insecure(address: str = HOME, client: str = "127.0.0.1") -> TestClient:
        app = create_app(Settings(data=own.data, insecure_local_writes=True), own)
        return TestClient(app, address, client=(client, 50000))

    assert change(insecure()) == ALLOWED
    assert change(insecure(), Origin="https://evil.example") == 403
    # From elsewhere, or by another name of the same address (DNS rebinding).
    assert change(insecure(client="203.0.113.5")) == 401
    assert change(insecure("http://rebound.example:8000")) == 401
    assert change(insecure(), Host="[") == 401


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


def test_page_of_another_site_is_refused_without_an_origin_too(own: Collection) -> None:
    assert change(client_of(own), **{"Sec-Fetch-Site": "cross-site"}) == 403
    token = {"X-API-Key": str(make_local_token(own.data))}
    assert change(client_of(own), **token, **{"Sec-Fetch-Site": "cross-site"}) == 403
    assert change(client_of(own), **token, **{"Sec-Fetch-Site": "same-origin"}) == ALLOWED


@pytest.mark.parametrize("origin", ["http://[", "null", "http://", "http://a@b", "a"])
def test_origin_that_is_none_is_another_sites(own: Collection, origin: str) -> None:
    token = {"X-API-Key": str(make_local_token(own.data))}
    assert change(client_of(own), **token, Origin=origin) == 403


def test_revoked_key_loses_its_own_rate(own: Collection, keys: dict[Scope, NewKey]) -> None:
    client = client_of(own, rate_limit="3/minute")
    header = {"X-API-Key": keys[Scope.WRITE].secret}
    assert [change(client, **header) for _ in range(4)] == [ALLOWED] * 4
    revoke_key(own.database, "write")
    assert [change(client, **header) for _ in range(5)] == [401, 401, 401, 429, 429]
