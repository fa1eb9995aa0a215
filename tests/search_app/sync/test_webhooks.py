"""Signed webhooks of a shop that plays here: made, changed, removed; forged and replayed."""

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx2 import Response

from catalog.importing.records import ImportOptions
from catalog.syncing.lease import held_lease
from catalog.syncing.records import SourceKind, SyncSource
from catalog.syncing.shop_products import instant
from catalog.syncing.sources import add_source, now
from catalog.syncing.webhooks import parse_change
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, drawn_photo
from tests.photo_server import Answer, PhotoServer, serving
from tests.search_app.conftest import HOME
from tests.search_app.sync.shops import page, shopify_entry, signature, woo_entry

SECRET = "APPAREL_SYNC_SECRET"
HOOKS = "/api/v1/webhooks"
SHOP = SyncSource(
    name="shop",
    kind=SourceKind.SHOPIFY,
    address="https://shop.example",
    secret_variable=SECRET,
    options=ImportOptions(prune=True, allow_private_hosts=True),
)
WOO = replace(SHOP, name="woo/eu", kind=SourceKind.WOOCOMMERCE)
PLAIN = replace(SHOP, name="plain", secret_variable=None)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhotoServer]:
    path = tmp_path_factory.mktemp("photo") / "red.png"
    drawn_photo("red").save(path)
    with serving() as shop:
        shop.answers["/photo.png"] = Answer(path.read_bytes())
        yield shop


@pytest.fixture
def collection(tmp_path: Path) -> Iterator[Collection]:
    collection = open_collection(tmp_path / "data", FakeEmbedder())
    with collection.database.transaction() as session:
        for source in (SHOP, WOO, PLAIN):
            add_source(session, source)
    yield collection
    collection.close()


@pytest.fixture
def client(collection: Collection, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestClient]:
    """A client without a key, like a shop."""
    monkeypatch.setenv(SECRET, "s3cret")
    with TestClient(create_app(Settings(data=collection.data), collection), HOME) as client:
        yield client


def shopify(
    client: TestClient, content: Any, delivery: str, topic: str = "products/update", **more: str
) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {
        "Content-Type": "application/json", "X-Shopify-Topic": topic,
        "X-Shopify-Webhook-Id": delivery, "X-Shopify-Hmac-Sha256": signature("s3cret", body),
        **more,
    }  # fmt: skip
    return client.post(f"{HOOKS}/shopify/shop", content=body, headers=headers)


def woocommerce(
    client: TestClient, content: Any, delivery: str, topic: str = "product.updated"
) -> Response:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    headers = {
        "Content-Type": "application/json", "X-WC-Webhook-Topic": topic,
        "X-WC-Webhook-Delivery-ID": delivery, "X-WC-Webhook-Signature": signature("s3cret", body),
    }  # fmt: skip
    return client.post(f"{HOOKS}/woocommerce/woo/eu", content=body, headers=headers)


def said(answer: Response) -> tuple[int, str]:
    document = answer.json()
    return answer.status_code, document.get("state") or document["error"]["code"]


def titles(client: TestClient) -> dict[str, str]:
    found = client.get("/api/v1/products").json()["products"]
    return {each["id"]: each["title"] for each in found}


def photo_status(client: TestClient, product_id: str) -> str:
    return str(client.get(f"/api/v1/products/{product_id}").json()["photos"][0]["status"])


def soon(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_shopify_makes_changes_and_removes_a_product(
    client: TestClient, server: PhotoServer, collection: Collection
) -> None:
    made = shopify(client, shopify_entry(server, 7), "d-1", "products/create")
    assert said(made) == (200, "accepted")
    soon(lambda: titles(client) == {"tee-7": "Tee 7"})
    product = client.get("/api/v1/products/tee-7").json()
    assert (product["price"], len(product["photos"])) == (24.95, 1)
    soon(lambda: photo_status(client, "tee-7") == "indexed")

    # A new handle is the same product under a new id.
    later = "2099-02-01T00:00:00Z"  # the shop's clock is fast, which delays no removal
    renamed = shopify_entry(server, 7, handle="top-7", title="Top 7", updated_at=later)
    shopify(client, renamed, "d-2")
    soon(lambda: titles(client) == {"top-7": "Top 7"})

    # What comes late and is older has no effect.
    stale = shopify_entry(server, 7, handle="top-7", title="Old", updated_at="2026-01-15T00:00:00Z")
    assert said(shopify(client, stale, "d-3")) == (200, "accepted")
    other = shopify_entry(server, 8, updated_at=later)
    shopify(client, other, "d-4", "products/create")
    soon(lambda: titles(client) == {"top-7": "Top 7", "tee-8": "Tee 8"})

    # Taken out of the online shop, and removed by the number alone.
    hidden = shopify_entry(server, 8, status="draft", updated_at="2099-03-01T00:00:00Z")
    shopify(client, hidden, "d-5")
    assert said(shopify(client, {"id": 7}, "d-6", "products/delete")) == (200, "accepted")
    soon(lambda: titles(client) == {})


def test_woocommerce_makes_changes_and_removes_a_product(
    client: TestClient, server: PhotoServer
) -> None:
    ping = client.post(f"{HOOKS}/woocommerce/woo/eu", content=b"webhook_id=31")
    assert said(ping) == (200, "ignored")
    made = woocommerce(client, woo_entry(server, 5), "w-1", "product.created")
    assert said(made) == (200, "accepted")
    soon(lambda: titles(client) == {"5": "Shirt 5"})
    variation = woo_entry(server, 6, type="variation", parent_id=5)
    assert said(woocommerce(client, variation, "w-2")) == (200, "ignored")
    assert said(woocommerce(client, {"id": 5}, "w-3", "product.deleted")) == (200, "accepted")
    soon(lambda: titles(client) == {})
    # The late twin of a change before the removal does not bring it back.
    late = woo_entry(server, 5, name="Late", date_modified_gmt="2026-01-02T03:04:06")
    woocommerce(client, late, "w-4")
    woocommerce(client, woo_entry(server, 9), "w-5")
    soon(lambda: titles(client) == {"9": "Shirt 9"})


def test_a_product_of_woocommerce_gets_its_variations(
    client: TestClient, server: PhotoServer, collection: Collection
) -> None:
    with collection.database.transaction() as session:
        add_source(session, replace(WOO, name="var", address=server.url("")))
    path = "/wp-json/wc/v3/products/5/variations?per_page=100"
    server.answers[path] = page([woo_entry(server, 51, regular_price="14.00")])
    entry = woo_entry(server, 5, type="variable", regular_price="", variations=[51])
    body = json.dumps(entry).encode()
    headers = {
        "X-WC-Webhook-Topic": "product.updated", "X-WC-Webhook-Delivery-ID": "v-1",
        "X-WC-Webhook-Signature": signature("s3cret", body),
    }  # fmt: skip
    assert said(client.post(f"{HOOKS}/woocommerce/var", content=body, headers=headers))[0] == 200
    soon(lambda: "5" in titles(client))
    assert client.get("/api/v1/products/5").json()["price"] == 14.0
    assert path in server.paths()


def test_forged_webhooks_are_refused(client: TestClient, server: PhotoServer) -> None:
    entry = shopify_entry(server, 7)
    body = json.dumps(entry).encode()
    others = (signature("other", body), signature("s3cret", body + b" "))
    for forged in ("", "x", "ä" * 44, *others):
        headers = {"X-Shopify-Hmac-Sha256": forged.encode()}
        answer = client.post(f"{HOOKS}/shopify/shop", content=body, headers=headers)
        assert said(answer) == (401, "signature_wrong")
    unsigned = client.post(f"{HOOKS}/woocommerce/woo/eu", content=b"webhook_id=31&x=1")
    assert said(unsigned) == (401, "signature_wrong")
    # A key is not a signature, and the page of another site has neither.
    key = client.app.state.services.settings.data.joinpath("local-token").read_text().strip()
    keyed = client.post(f"{HOOKS}/shopify/shop", content=body, headers={"X-API-Key": key})
    assert said(keyed) == (401, "signature_wrong")
    assert titles(client) == {}


def test_replays_have_no_effect(client: TestClient, server: PhotoServer) -> None:
    entry = shopify_entry(server, 7)
    assert said(shopify(client, entry, "d-1")) == (200, "accepted")
    assert said(shopify(client, entry, "d-1")) == (200, "repeated")
    # The id is not signed: whoever recorded a body sends it with an id of his own.
    assert said(shopify(client, entry, "d-99")) == (200, "repeated")
    soon(lambda: "tee-7" in titles(client))
    shopify(client, {"id": 7}, "d-2", "products/delete")
    soon(lambda: titles(client) == {})
    assert said(shopify(client, entry, "d-100")) == (200, "repeated")
    # Nor is the topic: a recorded change does not become a removal.
    again = shopify_entry(server, 7, updated_at="2099-01-01T00:00:00Z")
    shopify(client, again, "d-3")
    soon(lambda: "tee-7" in titles(client))
    whole = shopify_entry(server, 7, updated_at="2099-01-02T00:00:00Z", title="Tee seven")
    assert said(shopify(client, whole, "d-4", "products/delete")) == (200, "accepted")
    soon(lambda: titles(client) == {"tee-7": "Tee seven"})


@pytest.mark.parametrize(
    ("content", "topic"),
    [
        ({"id": 7}, "orders/delete"),
        ({"id": 7, "email": "a@b.example"}, "products/delete"),
        ({"id": 7, "line_items": []}, "orders/create"),
        ([], "products/update"),
        (b"{", "products/update"),
        (b"\xff\xfe", "products/update"),
        (b"[" * 50_000, "products/update"),
    ],
)
def test_what_is_no_product_is_ignored(client: TestClient, content: Any, topic: str) -> None:
    assert said(shopify(client, content, "d-1", topic)) == (200, "ignored")


def test_a_source_says_whether_it_takes_webhooks(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, status in (("absent", 404), ("plain", 404), ("woo/eu", 404)):
        answer = client.post(f"{HOOKS}/shopify/{name}", content=b"{}")
        assert answer.status_code == status, answer.text
    monkeypatch.delenv(SECRET)
    assert said(shopify(client, {"id": 7}, "d-1", "products/delete")) == (503, "not_ready")


def test_a_webhook_removes_no_other_sources_product(
    client: TestClient, server: PhotoServer, collection: Collection
) -> None:
    woocommerce(client, woo_entry(server, 5), "w-1")
    soon(lambda: "5" in titles(client))
    removal = shopify_entry(server, 1, handle="5", status="draft")
    shopify(client, removal, "d-1")
    shopify(client, shopify_entry(server, 2), "d-2")
    soon(lambda: "tee-2" in titles(client))
    assert "5" in titles(client)


def test_deliveries_wait_while_their_source_is_run_and_outlast_the_server(
    collection: Collection, server: PhotoServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(SECRET, "s3cret")
    app = create_app(Settings(data=collection.data), collection)
    with held_lease(collection.database, "shop"), TestClient(app, HOME) as client:
        for number in (1, 2, 3):
            answer = shopify(client, shopify_entry(server, number), f"d-{number}")
            assert said(answer) == (200, "accepted")
        time.sleep(0.3)
        assert titles(client) == {}
    with TestClient(create_app(Settings(data=collection.data), collection), HOME) as client:
        soon(lambda: len(titles(client)) == 3)
        assert said(shopify(client, shopify_entry(server, 1), "d-1")) == (200, "repeated")


@pytest.mark.parametrize("moment", ["9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_impossible_time_of_change_is_no_error_and_holds_no_later_change_up(moment: str) -> None:
    told = instant(moment)
    assert told is None or told <= datetime.now(UTC).isoformat()


def test_entry_nested_too_deeply_is_no_product() -> None:
    nested = b'{"a":' * 500 + b"1" + b"}" * 500
    body = b'{"id": 1, "handle": "a", "title": "A", "variants": [], "images": [], "b": %b}' % nested
    assert parse_change(SourceKind.SHOPIFY, "products/update", body, now()) is None
