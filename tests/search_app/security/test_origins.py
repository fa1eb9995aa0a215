"""Keys of pages: CORS for their origins only, reading only; who may frame the pages."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.errors import BadRequest
from search_app.security import origins
from search_app.security.keys import Scope, make_key, revoke_key
from search_app.security.origins import checked_origin
from search_app.settings import Settings
from tests.fakes import FakeEmbedder
from tests.search_app.conftest import HOME, PhotoBytes

SHOP = "https://shop.example"
EVIL = "https://evil.example"


@pytest.fixture
def own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Collection]:
    monkeypatch.setattr(origins, "SECONDS_BETWEEN_READS", 0.0)
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    yield collection
    collection.close()


def client_of(own: Collection, **settings: object) -> TestClient:
    return TestClient(create_app(Settings(data=own.data, **settings), own), HOME)  # type: ignore[arg-type]


def page_key(own: Collection, *allowed: str) -> dict[str, str]:
    made = make_key(own.database, "page", Scope.READ, allowed or (SHOP,))
    return {"Authorization": f"Bearer {made.secret}"}


def preflight(client: TestClient, origin: str, method: str = "POST") -> tuple[int, str | None]:
    answer = client.options(
        "/api/v1/search",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": method,
            "Access-Control-Request-Headers": "authorization",
        },
    )
    return answer.status_code, answer.headers.get("access-control-allow-origin")


def test_preflights_of_a_keys_origins_alone_are_granted(own: Collection) -> None:
    client = client_of(own)
    assert preflight(client, SHOP) == (400, None)
    page_key(own, SHOP, "http://127.0.0.1:9000")
    assert preflight(client, SHOP) == (200, SHOP)
    assert preflight(client, "http://127.0.0.1:9000") == (200, "http://127.0.0.1:9000")
    for other in (EVIL, "http://shop.example", "https://shop.example:444", f"{SHOP}.evil.example"):
        assert preflight(client, other) == (400, None)
    for method in ("PATCH", "DELETE", "PUT"):
        assert preflight(client, SHOP, method)[0] == 400
    revoke_key(own.database, "page")
    assert preflight(client, SHOP) == (400, None)


def test_page_key_searches_from_its_origin_alone(own: Collection, photo_bytes: PhotoBytes) -> None:
    client = client_of(own, api_reads=False)
    key = page_key(own)

    def search(**headers: str) -> tuple[int, str | None]:
        files = {"photo": ("a.png", photo_bytes())}
        answer = client.post("/api/v1/search", files=files, headers=key | headers)
        return answer.status_code, answer.headers.get("access-control-allow-origin")

    assert search(Origin=SHOP) == (200, SHOP)
    assert search(Origin=EVIL) == (403, None)
    assert search() == (403, None)
    refused = client.get("/api/v1/products", headers=key | {"Origin": EVIL}).json()["error"]
    assert refused["code"] == "origin_forbidden"
    assert "for pages of https://shop.example" in refused["message"]


def test_page_key_changes_nothing(own: Collection) -> None:
    client = client_of(own)
    key = page_key(own)
    for headers in ({"Origin": SHOP}, {}):
        answer = client.patch("/api/v1/products/a", json={}, headers=key | headers)
        assert answer.status_code == 403
    with pytest.raises(BadRequest, match="only reads"):
        make_key(own.database, "writer", Scope.WRITE, [SHOP])


def test_errors_and_photos_can_be_read_by_the_page_too(own: Collection) -> None:
    client = client_of(own, rate_limit="2/minute")
    key = page_key(own)
    answers = [client.get("/api/v1/products", headers=key | {"Origin": SHOP}) for _ in range(3)]
    # Counted by address, although the key is good: every visitor has it.
    assert [each.status_code for each in answers] == [200, 200, 429]
    assert answers[-1].headers["access-control-allow-origin"] == SHOP
    photo = client.get("/photos/1.jpg", headers={"Origin": SHOP})
    assert photo.headers["access-control-allow-origin"] == SHOP
    assert "origin" in photo.headers["vary"].lower()
    page = client.get("/", headers={"Origin": SHOP})
    assert "access-control-allow-origin" not in page.headers


def test_any_page_may_include_the_script(own: Collection) -> None:
    client = client_of(own)
    script = client.get("/static/widget.js", headers={"Origin": EVIL})
    assert script.headers["cross-origin-resource-policy"] == "cross-origin"
    assert script.headers["access-control-allow-origin"] == "*"
    assert len(script.content) <= 25_000
    style = client.get("/static/style.css", headers={"Origin": EVIL})
    assert style.headers["cross-origin-resource-policy"] == "same-origin"
    assert "access-control-allow-origin" not in style.headers


def test_pages_are_framed_only_where_the_setting_says(own: Collection) -> None:
    def policy(path: str, **settings: object) -> str:
        return client_of(own, **settings).get(path).headers["content-security-policy"]

    assert "frame-ancestors 'none'" in policy("/")
    framed = {"frame_origins": f"{SHOP},https://www.shop.example"}
    assert policy("/", **framed).endswith(f"frame-ancestors {SHOP} https://www.shop.example")
    assert "frame-ancestors 'none'" in policy("/admin", **framed)
    with pytest.raises(ValueError, match="not an origin"):
        Settings(frame_origins="https://shop.example; script-src *")


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("https://Shop.Example/", "https://shop.example"),
        ("http://127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("http://[::1]:9000", "http://[::1]:9000"),
    ],
)
def test_origin_is_normalised(text: str, origin: str) -> None:
    assert checked_origin(text) == origin


@pytest.mark.parametrize(
    "text", ["shop.example", "https://a/b", "*", "null", "file:///x", "https://a b"]
)
def test_what_is_no_origin_is_refused(text: str, own: Collection) -> None:
    with pytest.raises(BadRequest, match="write it like"):
        make_key(own.database, "page", Scope.READ, [text])
