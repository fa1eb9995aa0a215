"""The description of the API: complete, with valid examples; and no input makes it fail."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from fastapi import FastAPI
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import content_type_conformance, response_schema_conformance

from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import Collection, open_collection
from search_app import documents
from search_app.api.openapi import route_examples
from search_app.app import create_app
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_photo
from tests.search_app.conftest import local_client

EXAMPLES = 25
"""Requests made up for each route."""
CHECKS = [not_a_server_error, content_type_conformance, response_schema_conformance]


@pytest.fixture
def app(collection: Collection) -> FastAPI:
    return create_app(Settings(data=collection.data), collection)


def operations(app: FastAPI) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in app.openapi()["paths"].items():
        for method, operation in methods.items():
            yield method, path, operation


def json_parts(app: FastAPI) -> Iterator[tuple[str, dict[str, Any]]]:
    """Route and described JSON, of bodies and answers."""
    for method, path, operation in operations(app):
        for part in (operation.get("requestBody", {}), *operation["responses"].values()):
            media = part.get("content", {}).get("application/json")
            if media is not None:
                yield f"{method} {path}", media


def test_every_json_body_and_answer_has_an_example(app: FastAPI) -> None:
    assert [route for route, media in json_parts(app) if "example" not in media] == []


def test_examples_are_valid(app: FastAPI) -> None:
    checked = 0
    for _, media in json_parts(app):
        name = media["schema"].get("$ref", media["schema"].get("title", "")).rpartition("/")[2]
        model = getattr(documents, name, None)
        if model is not None:
            model.model_validate(media["example"])
            checked += 1
    assert checked > 40


def test_no_example_is_of_a_route_that_is_gone(app: FastAPI) -> None:
    known = {(method, path) for method, path, _ in operations(app)}
    assert set(route_examples()) <= known


@pytest.fixture(scope="module")
def described(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[TestClient, schemathesis.BaseSchema]]:
    """A client that may change a small catalogue, whose jobs run, and the app's description."""
    folder = tmp_path_factory.mktemp("schema")
    draw_photo(folder / "a.png")
    collection = open_collection(folder / "data", FakeEmbedder())
    collection.index(Feed(rows=(ProductRow("a", "A", ("a.png",)),), folder=folder))
    own = Settings(
        data=collection.data, rate_limit="off", key_rate_limit="off", import_folder=folder
    )
    app = create_app(own, collection)
    with local_client(app) as client:
        yield client, schemathesis.openapi.from_asgi("/openapi.json", app)
    collection.close()


def test_no_request_makes_a_route_fail(
    described: tuple[TestClient, schemathesis.BaseSchema],
) -> None:
    client, schema = described
    key = {"X-API-Key": client.headers["X-API-Key"]}
    statuses = Counter[int]()
    for found in schema.get_all_operations():
        operation = found.ok()

        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            derandomize=True,
            database=None,
            phases=[Phase.explicit, Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy())
        def check(case: schemathesis.Case) -> None:
            response = case.call(headers=key)
            statuses[response.status_code] += 1
            case.validate_response(response, checks=CHECKS)

        check()
    assert statuses.total() > 100
    assert statuses[401] == 0
