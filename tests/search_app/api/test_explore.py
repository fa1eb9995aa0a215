import base64
from collections.abc import Callable

import numpy as np
import pytest
from fastapi.testclient import TestClient

from indexing.collection import Collection
from tests.fakes import COLOUR_DIMENSION, STYLE_DIMENSION

PhotoBytes = Callable[..., bytes]
DIMENSION = STYLE_DIMENSION + COLOUR_DIMENSION


def ids(answer: object) -> list[str]:
    return [each["product_id"] for each in answer.json()["results"]]  # type: ignore[attr-defined]


def garment_of(client: TestClient, product_id: str) -> int:
    (first, *_) = client.get("/api/v1/similar", params={"product_id": product_id, "k": 20}).json()[
        "results"
    ]
    return int(first["garment_id"])


def test_similar_products_leave_the_product_itself_out(client: TestClient) -> None:
    answer = client.get("/api/v1/similar", params={"product_id": "red-upper", "k": 3})
    assert answer.json()["garment_class"] == "upper"
    assert len(ids(answer)) == 3
    assert "red-upper" not in ids(answer)


def test_similar_products_are_steered(client: TestClient) -> None:
    base = {"product_id": "red-upper", "k": 1}
    steered = client.get("/api/v1/similar", params={**base, "in_colour": "blue"})
    assert ids(steered) == ["blue-upper"]
    among = client.get(
        "/api/v1/similar", params={**base, "garment_class": "lower", "colour_weight": 1}
    )
    assert ids(among) == ["red-lower"]
    filtered = client.get("/api/v1/similar", params={**base, "k": 9, "filters": "brand=Ostra"})
    assert set(ids(filtered)) == {"green-upper", "black-upper"}


def test_garment_of_a_product_is_chosen(client: TestClient) -> None:
    other = garment_of(client, "red-upper")
    refused = client.get("/api/v1/similar", params={"product_id": "red-upper", "garment_id": other})
    assert refused.status_code == 422
    assert str(other) in refused.json()["error"]["message"]
    assert client.get("/api/v1/similar?product_id=absent").status_code == 404


def test_vector_finds_the_product_it_is_of(client: TestClient, collection: Collection) -> None:
    (first,) = client.get("/api/v1/similar?product_id=blue-upper&k=1").json()["results"]
    vector = collection.query_like(first["garment_id"]).vector
    # Lengths do not matter, each half is brought to 1.
    body = {"vector": (vector * 3).tolist(), "garment_class": "upper", "k": 2}
    answer = client.post("/api/v1/search/vector", json=body)
    assert ids(answer)[0] == first["product_id"]
    assert answer.json()["results"][0]["score"] == pytest.approx(1, abs=1e-3)
    only = client.post("/api/v1/search/vector", json={**body, "filters": ["colour=green"]})
    assert ids(only) == ["green-upper"]


@pytest.mark.parametrize(
    "vector",
    [
        [1.0],
        [0.0] * DIMENSION,
        [1.0] * STYLE_DIMENSION + [0.0] * COLOUR_DIMENSION,
        [1.0] * (DIMENSION + 1),
        ["a"] * DIMENSION,
        [],
    ],
)
def test_vector_that_is_none_is_refused(client: TestClient, vector: list[object]) -> None:
    body = {"vector": vector, "garment_class": "upper"}
    answer = client.post("/api/v1/search/vector", json=body)
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


def test_vector_with_nan_is_refused(client: TestClient) -> None:
    text = f'{{"vector": [{", ".join(["NaN"] * DIMENSION)}], "garment_class": "upper"}}'
    headers = {"Content-Type": "application/json"}
    assert client.post("/api/v1/search/vector", content=text, headers=headers).status_code == 422


def test_large_vector_does_not_overflow(client: TestClient) -> None:
    rng = np.random.default_rng(0)
    body = {"vector": (rng.random(DIMENSION) * 1e307).tolist(), "garment_class": "upper"}
    results = client.post("/api/v1/search/vector", json=body).json()["results"]
    assert all(-1.01 <= each["score"] <= 1.01 for each in results)


def test_facets_count_products(client: TestClient) -> None:
    found = client.get("/api/v1/facets").json()
    assert {each["value"]: each["count"] for each in found["brand"]} == {"Acme": 6, "Ostra": 6}
    assert (found["price_min"], found["price_max"]) == (10.0, 40.0)
    assert len(client.get("/api/v1/facets?limit=1").json()["category"]) == 1


def test_facets_are_counted_under_the_other_filters(client: TestClient) -> None:
    params = {"filters": ["brand=Acme", "colour=red"], "attributes": "fit"}
    found = client.get("/api/v1/facets", params=params).json()
    assert {each["value"]: each["count"] for each in found["brand"]} == {"Acme": 3}
    colours = {each["value"] for each in found["colour"]}
    assert {"red", "blue"} <= colours
    assert "green" not in colours
    assert {each["value"] for each in found["garment_class"]} == {"upper", "whole", "lower"}
    assert found["attributes"] == {"fit": []}
    everything = client.get("/api/v1/facets?attributes=fit").json()
    assert everything["attributes"]["fit"][0]["value"].strip("<b/>") == "loose"


def test_exclusions_hold_for_similar_products(client: TestClient) -> None:
    params = {"product_id": "red-upper", "k": 9, "filters": ["brand!=Acme", "colour!=green"]}
    found = ids(client.get("/api/v1/similar", params=params))
    assert "black-upper" in found
    assert not {"blue-upper", "green-upper"} & set(found)


def test_region_of_a_photo_is_searched_with(client: TestClient, photo_bytes: PhotoBytes) -> None:
    def search(region: str) -> object:
        files = {"photo": ("a.png", photo_bytes("blue"))}
        return client.post("/api/v1/search", files=files, data={"region": region})

    (garment,) = search("10,40,99999,120").json()["garments"]  # type: ignore[attr-defined]
    assert garment["results"][0]["product_id"] == "blue-upper"
    assert garment["box"][0] >= 10
    for region in ("200,10,300,20", "50,50,50,60", "9,9,1,1", "a,b,c,d", "1,2,3", "-1,0,9,9"):
        assert search(region).status_code == 422, region  # type: ignore[attr-defined]


def test_cursor_walks_the_whole_catalogue(client: TestClient) -> None:
    everything = client.get("/api/v1/products?page_size=100").json()["products"]
    walked: list[str] = []
    cursor = None
    while True:
        params = {"page_size": "4"} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/products", params=params).json()
        walked += [each["id"] for each in page["products"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert walked == [each["id"] for each in everything]


@pytest.mark.parametrize(
    "cursor",
    ["x", "W10=", "WzEsIDJd", "bnVsbA==", "ééé", base64.b64encode(b"[" * 1400).decode(),
     base64.b64encode(b'["\\ud800", "a"]').decode()],
)  # fmt: skip
def test_cursor_that_is_none_is_refused(client: TestClient, cursor: str) -> None:
    answer = client.get("/api/v1/products", params={"cursor": cursor})
    assert (answer.status_code, answer.json()["error"]["code"]) == (422, "invalid_request")


def test_photo_or_url_but_not_both(client: TestClient, photo_bytes: PhotoBytes) -> None:
    both = client.post(
        "/api/v1/search", files={"photo": ("a.png", photo_bytes())}, data={"url": "https://a.b/c"}
    )
    assert (both.status_code, both.json()["error"]["code"]) == (422, "invalid_request")
    assert client.post("/api/v1/search", data={"url": ""}).status_code == 422


def test_more_and_less_like_a_result_steer(client: TestClient) -> None:
    base = {"product_id": "red-upper", "k": 9}
    plain = client.get("/api/v1/similar", params=base).json()["results"]
    last, first = plain[-1], plain[0]
    more = client.get("/api/v1/similar", params={**base, "more_like": last["garment_id"]})
    assert ids(more).index(last["product_id"]) < len(plain) - 1
    less = client.get("/api/v1/similar", params={**base, "less_like": first["garment_id"]})
    assert ids(less)[-1] == first["product_id"]
    unknown = client.get("/api/v1/similar", params={**base, "more_like": 99999})
    assert (unknown.status_code, "99999" in unknown.text) == (422, True)


def test_further_photos_are_averaged_in(client: TestClient, photo_bytes: PhotoBytes) -> None:
    red, blue = photo_bytes("red"), photo_bytes("blue")
    files = [("photo", ("a.png", red)), ("further_photos", ("b.png", blue))]
    (garment,) = client.post("/api/v1/search", files=files).json()["garments"]
    found = [each["product_id"] for each in garment["results"]]
    assert set(found[:2]) == {"red-upper", "blue-upper"}
    assert garment["results"][0]["score"] < 0.97
    many = [("photo", ("a.png", red)), *[("further_photos", ("b.png", blue))] * 4]
    assert client.post("/api/v1/search", files=many).status_code == 422
