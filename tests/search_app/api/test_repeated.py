"""A thousand of each parameter: refused where a list takes fewer, and no route fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from catalog.filtering.fields import MAX_FILTERS
from indexing.collection import Collection
from search_app.app import create_app
from search_app.settings import Settings
from tests.search_app.conftest import PhotoBytes, local_client

TIMES = 1000
VALID = {
    "words": "red top",
    "product_id": "red-upper",
    "garment_class": "upper",
    "garment_id": "1",
    "filters": "brand!=x",
    "filter": "brand!=x",
    "region": "0,0,50,50",
    "in_colour": "blue",
    "id": "x",
    "title": "x",
    "url": "https://127.0.0.1/a.jpg",
    "price": "1",
    "currency": "EUR",
    "map": "title=name",
    "attributes": "fit=loose",
    "img_string": "AAAA",
}
"""Values that are understood; any other parameter gets a 1."""
STATE = (
    "garment class words in_colour text brand category colour availability price_min price_max "
    "not exclude k colour_weight page left top right bottom ticket"
).split()
"""Parameters of the pages, which are in no description."""
PAGES = ("/", "/catalogue", "/find", "/like/1", "/product/red-upper", "/admin", "/docs")


@pytest.fixture(scope="module")
def client(collection: Collection) -> Iterator[TestClient]:
    settings = Settings(data=collection.data, rate_limit="off", key_rate_limit="off")
    with local_client(create_app(settings, collection)) as client:
        yield client


def operations(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in client.get("/openapi.json").json()["paths"].items():
        for method, operation in methods.items():
            address = path.replace("{product_id}", "absent").replace("{job_id}", "absent")
            yield method, address, operation


def resolved(client: TestClient, schema: dict[str, Any]) -> dict[str, Any]:
    """A schema with what it refers to in its place."""
    for each in (schema, *schema.get("anyOf", ()), *schema.get("allOf", ())):
        if "$ref" in each:
            name = each["$ref"].rpartition("/")[2]
            return dict(client.get("/openapi.json").json()["components"]["schemas"][name])
    return schema


def bodies(
    client: TestClient, operation: dict[str, Any]
) -> Iterator[tuple[str, dict[str, dict[str, Any]]]]:
    """Media type and described fields of each kind of body."""
    for media, content in operation.get("requestBody", {}).get("content", {}).items():
        yield media, resolved(client, content["schema"]).get("properties", {})


def is_list(schema: dict[str, Any]) -> bool:
    return any(each.get("type") == "array" for each in (schema, *schema.get("anyOf", ())))


def test_every_list_that_is_taken_has_a_bound(client: TestClient) -> None:
    found = 0
    for method, path, operation in operations(client):
        taken = {each["name"]: each["schema"] for each in operation.get("parameters", ())}
        for _, fields in bodies(client, operation):
            taken |= fields
        for name, schema in taken.items():
            if is_list(schema):
                found += 1
                assert 1 <= schema["maxItems"] <= 8192, f"{method} {path}: {name}"
    assert found >= 12


def test_a_thousand_of_each_query_parameter_fail_nowhere(client: TestClient) -> None:
    tried = 0
    for method, path, operation in operations(client):
        names = {each["name"]: each for each in operation.get("parameters", ())}
        for name, parameter in names.items():
            if parameter["in"] != "query":
                continue
            tried += 1
            others = {
                each: VALID.get(each, "1")
                for each, described in names.items()
                if described.get("required") and each != name
            }
            answer = client.request(
                method, path, params={**others, name: [VALID.get(name, "1")] * TIMES}
            )
            assert answer.status_code < 500, f"{method} {path}: {name}"
            if is_list(parameter["schema"]):
                assert answer.status_code == 422, f"{method} {path}: {name}"
                assert "at most" in answer.json()["error"]["message"]
    assert tried >= 25


def test_a_thousand_of_each_field_of_a_body_fail_nowhere(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    photo = photo_bytes()
    tried = 0
    for method, path, operation in operations(client):
        for media, fields in bodies(client, operation):
            for name, schema in fields.items():
                tried += 1
                value = VALID.get(name, "1")
                if media == "application/json":
                    answer = client.request(method, path, json={name: [value] * TIMES})
                elif schema.get("format") == "binary" or name in ("photo", "photos", "feed"):
                    files = [(name, ("a.png", photo))] * (TIMES // 2)
                    answer = client.request(method, path, files=files)
                else:
                    data = {name: [value] * TIMES}
                    answer = client.request(method, path, data=data, files={"photo": photo})
                assert 400 <= answer.status_code < 500 or not is_list(schema), f"{path}: {name}"
                assert answer.status_code < 500, f"{method} {path}: {name}"
    assert tried >= 40


@pytest.mark.parametrize("page", PAGES)
def test_a_thousand_of_each_parameter_of_a_page_fail_nowhere(client: TestClient, page: str) -> None:
    for name in STATE:
        value = {"not": "brand=x", "class": "upper", "words": "red top"}.get(name, "1")
        answer = client.get(page, params={name: [value] * TIMES})
        assert answer.status_code < 500, name


def test_as_many_filters_as_are_allowed_are_answered(
    client: TestClient, photo_bytes: PhotoBytes
) -> None:
    filters = [f"colour!=c{place}" for place in range(MAX_FILTERS)]
    for path, more in (
        ("/api/v1/products", {}),
        ("/api/v1/facets", {}),
        ("/api/v1/search", {"words": "red top"}),
        ("/api/v1/similar", {"product_id": "red-upper"}),
    ):
        assert client.get(path, params={"filters": filters, **more}).status_code == 200, path
    form = {"filters": filters, "k": "3"}
    found = client.post("/api/v1/search", data=form, files={"photo": photo_bytes()})
    assert found.status_code == 200
    both = {**form, "filter": filters}
    refused = client.post("/api/v1/search", data=both, files={"photo": photo_bytes()})
    assert (refused.status_code, refused.json()["error"]["code"]) == (422, "catalogue_refused")
