from collections.abc import Callable

import pytest
from fastapi.testclient import TestClient

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


def test_photo_taken_whole_is_told_as_such(
    empty_client: TestClient, photo_bytes: PhotoBytes
) -> None:
    faint = photo_bytes((235, 235, 235))
    whole = add(empty_client, faint, id="a", title="White shirt").json()["photos"][0]
    assert (whole["status"], whole["whole_photo"], len(whole["garment_ids"])) == (
        "indexed",
        True,
        1,
    )
    assert "Top (whole photo)" in empty_client.get("/product/a").text
    unnamed = add(empty_client, faint, id="b", title="Alpine").json()["photos"][0]
    assert (unnamed["status"], unnamed["whole_photo"]) == ("skipped", False)
    found = add(empty_client, photo_bytes(), id="c", title="Red shirt").json()["photos"][0]
    assert (found["status"], found["whole_photo"]) == ("indexed", False)
    assert "whole photo)" not in empty_client.get("/product/c").text


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
