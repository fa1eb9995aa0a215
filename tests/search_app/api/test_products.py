import errno
from collections.abc import Callable
from typing import Any

import pytest
from fastapi.testclient import TestClient

from search_app.pages import catalogue
from segmentation.classes import GarmentClass

PhotoBytes = Callable[..., bytes]
PRODUCTS = "/api/v1/products"


def add(client: TestClient, data: bytes, **fields: str):  # type: ignore[no-untyped-def]
    return client.post(PRODUCTS, files={"photos": ("a.png", data)}, data=fields)


def test_products_are_listed_by_pages(client: TestClient) -> None:
    first = client.get(f"{PRODUCTS}?page_size=5").json()
    assert (first["total"], first["pages"], len(first["products"])) == (13, 3, 5)
    last = client.get(f"{PRODUCTS}?page_size=5&page=3").json()
    assert len(last["products"]) == 3
    assert not {each["id"] for each in first["products"]} & {
        each["id"] for each in last["products"]
    }


def test_products_are_filtered_and_searched_by_text(client: TestClient) -> None:
    filtered = client.get(PRODUCTS, params={"filters": ["brand=Acme", "category=whole"]}).json()
    assert {each["id"] for each in filtered["products"]} == {"red-whole", "blue-whole"}
    assert client.get(f"{PRODUCTS}?text=green").json()["total"] == 3
    assert client.get(f"{PRODUCTS}?filters=nonsense").status_code == 422
    assert client.get(f"{PRODUCTS}?page_size=1000").status_code == 422


def test_one_product_is_read_by_any_id(client: TestClient) -> None:
    product = client.get(f"{PRODUCTS}/odd%2Fid%20%26%20more%3F").json()
    assert product["attributes"] == {"fit": "<b>loose</b>"}
    # It is javascript:alert(1) in the catalogue.
    assert product["url"] is None
    assert product["photos"][0]["status"] == "indexed"
    assert client.get(product["photos"][0]["photo_url"]).status_code == 200
    absent = client.get(f"{PRODUCTS}/absent")
    assert absent.status_code == 404
    assert absent.json()["error"]["code"] == "product_not_found"


def test_product_tells_all_that_it_has(empty_client: TestClient, photo_bytes: PhotoBytes) -> None:
    files = {"photos": ("a.png", photo_bytes())}
    fields = {"id": "a", "title": "A", "description": "Soft.", "group_id": "g"}
    form = fields | {"attributes": ["fit=loose", "size=S=M"]}
    added = empty_client.post(PRODUCTS, files=files, data=form).json()
    assert {name: added[name] for name in fields} == fields
    assert added["attributes"] == {"fit": "loose", "size": "S=M"}
    (garment_id,) = added["photos"][0]["garment_ids"]
    near = empty_client.get("/api/v1/similar", params={"product_id": "a", "garment_id": garment_id})
    assert near.status_code == 200
    # What is not named stays.
    changed = empty_client.patch(f"{PRODUCTS}/a", json={"group_id": None, "brand": "B"}).json()
    assert changed == added | {"group_id": None, "brand": "B"}
    refused = empty_client.post(
        PRODUCTS, files={"photos": ("a.png", photo_bytes())}, data=form | {"attributes": "fit"}
    )
    assert (refused.status_code, "NAME=VALUE" in refused.text) == (422, True)


def test_added_product_is_found_changed_and_removed(
    empty_client: TestClient, photo_bytes: PhotoBytes
) -> None:
    data = photo_bytes("green", GarmentClass.LOWER)
    added = add(empty_client, data, id="a/1", title="Green skirt", price="49.90", currency="EUR")
    assert added.status_code == 201
    assert added.json()["photos"][0]["status"] == "indexed"

    def found() -> list[dict[str, object]]:
        answer = empty_client.post("/api/v1/search", files={"photo": ("q.png", data)})
        return list(answer.json()["garments"][0]["results"])

    assert [each["product_id"] for each in found()] == ["a/1"]

    changed = empty_client.patch(f"{PRODUCTS}/a/1", json={"title": "Moss skirt", "price": "39.50"})
    assert changed.json()["price"] == 39.5
    assert changed.json()["currency"] == "EUR"
    assert found()[0]["title"] == "Moss skirt"

    assert empty_client.delete(f"{PRODUCTS}/a/1").status_code == 204
    assert found() == []
    assert empty_client.delete(f"{PRODUCTS}/a/1").status_code == 404


def test_bad_photo_adds_nothing(empty_client: TestClient, photo_bytes: PhotoBytes) -> None:
    files = [("photos", ("a.png", photo_bytes())), ("photos", ("b.png", b"no photo"))]
    answer = empty_client.post(PRODUCTS, files=files, data={"id": "1", "title": "One"})
    assert answer.status_code == 415
    assert empty_client.get(PRODUCTS).json()["total"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"title": "no id"},
        {"id": "1", "title": "t", "price": "-1"},
        {"id": "1", "title": "t", "url": "javascript:alert(1)"},
        {"id": "1", "title": "t", "currency": "euro"},
    ],
)
def test_bad_field_adds_nothing(
    empty_client: TestClient, photo_bytes: PhotoBytes, fields: dict[str, str]
) -> None:
    assert add(empty_client, photo_bytes(), **fields).status_code == 422
    assert empty_client.get(PRODUCTS).json()["total"] == 0


@pytest.mark.parametrize(
    "body",
    [
        '{"title": "\\ud800"}',
        '{"title": "a\\u0000b"}',
        '{"attributes": {"fit": "\\ud800"}}',
        '{"attributes": {"\\ud800": "loose"}}',
        '{"attributes": {"": "loose"}}',
        '{"price": 1e999}',
        '{"price": "NaN"}',
        "[" * 100_000,
    ],
)
def test_text_that_no_database_takes_is_refused(client: TestClient, body: str) -> None:
    headers = {"Content-Type": "application/json"}
    answer = client.patch(f"{PRODUCTS}/red-upper", content=body, headers=headers)
    assert answer.status_code in (400, 422)
    assert client.get(f"{PRODUCTS}/red-upper").json()["title"] == "Red upper"


@pytest.mark.parametrize("change", [{"title": None}, {"url": "ftp://x"}, {"price": -1}])
def test_bad_change_changes_nothing(client: TestClient, change: dict[str, object]) -> None:
    before = client.get(f"{PRODUCTS}/red-upper").json()
    assert client.patch(f"{PRODUCTS}/red-upper", json=change).status_code == 422
    assert client.get(f"{PRODUCTS}/red-upper").json() == before


def test_page_of_another_site_may_not_change_anything(client: TestClient) -> None:
    evil = {"Origin": "https://evil.example"}
    answer = client.delete(f"{PRODUCTS}/red-upper", headers=evil)
    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "writes_forbidden"
    assert client.get(f"{PRODUCTS}/red-upper").status_code == 200


def test_a_sale_is_shown_and_changed(empty_client: TestClient, photo_bytes: PhotoBytes) -> None:
    fields = {"id": "a", "title": "Tee", "price": "35", "regular_price": "49"}
    added = add(empty_client, photo_bytes("red"), **fields).json()
    assert (added["price"], added["regular_price"], added["sale_price"]) == (35, 49, 35)
    found = empty_client.post("/api/v1/search", files={"photo": photo_bytes("red")}).json()
    (result,) = found["garments"][0]["results"]
    assert (result["price"], result["regular_price"]) == (35, 49)

    def prices(**changes: object) -> tuple[object, ...]:
        product = empty_client.patch(f"{PRODUCTS}/a", json=changes).json()
        return product["price"], product["regular_price"], product["sale_end"]

    assert prices(sale_end="2999-01-01T00:00:00Z") == (35, 49, "2999-01-01T00:00:00Z")
    assert prices(regular_price=59) == (35, 59, "2999-01-01T00:00:00Z")
    assert prices(sale_end="2020-01-01T00:00:00") == (59, 59, "2020-01-01T00:00:00Z")
    assert prices(sale_price=29, sale_end=None) == (29, 59, None)
    assert prices(price=39) == (39, 39, None)


def test_original_with_its_metadata_is_not_kept(
    empty_client: TestClient, photo_bytes: PhotoBytes
) -> None:
    assert add(empty_client, photo_bytes("red"), id="a", title="Tee").status_code == 201
    data = empty_client.app.state.services.collection.data  # type: ignore[attr-defined]
    assert not list((data / "uploads").iterdir())
    assert len(list((data / "photos").rglob("*.jpg"))) == 1
    assert empty_client.delete(f"{PRODUCTS}/a").status_code == 204
    assert not list((data / "photos").rglob("*.jpg"))


def test_full_disk_is_507_and_readyz_tells(
    empty_client: TestClient, photo_bytes: PhotoBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("catalog.files.flush", full)
    answer = add(empty_client, photo_bytes("red"), id="a", title="Tee")
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "no_room")
    monkeypatch.setattr("search_app.health.can_write", lambda folder: False)
    assert empty_client.get("/readyz").json()["writable"] is False


def test_product_removed_while_its_page_is_made_is_404(
    empty_client: TestClient, photo_bytes: PhotoBytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(empty_client, photo_bytes("red"), id="a", title="Tee")
    collection = empty_client.app.state.services.collection  # type: ignore[attr-defined]
    similar = catalogue._similar

    def removed_meanwhile(*arguments: Any) -> Any:
        collection.remove("a")
        return similar(*arguments)

    monkeypatch.setattr(catalogue, "_similar", removed_meanwhile)
    assert empty_client.get("/product/a", headers={"Accept": "text/html"}).status_code == 404
