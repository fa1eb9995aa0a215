"""Names that a route does not have are refused; the examples of /docs run as they stand."""

import io
import shlex
from itertools import pairwise
from urllib.parse import urlsplit

import pytest
from fastapi.testclient import TestClient
from PIL import Image

from search_app.api.openapi import SERVER, route_examples
from search_app.app import create_app
from search_app.settings import Settings

SEARCH = "/api/v1/search"


def all_operations() -> list[tuple[str, str]]:
    paths = create_app(Settings()).openapi()["paths"]
    return [
        (method.upper(), path.replace("{", "").replace("}", ""))
        for path, operations in paths.items()
        for method in operations
        if path.startswith("/api")
    ]


@pytest.mark.parametrize(("method", "path"), all_operations())
def test_every_route_refuses_an_unknown_parameter(
    client: TestClient, method: str, path: str
) -> None:
    response = client.request(method, path, params={"garment_clas": "upper"})
    assert response.status_code == 422, response.text
    assert "garment_clas: is not a name we know" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("method", "path", "sent", "remedy"),
    [
        ("GET", SEARCH, {"params": {"words": "red", "colour": "blue"}}, "filters=colour=VALUE"),
        ("GET", SEARCH, {"params": {"words": "red", "price_max": "20"}}, "filters=price_max=VALUE"),
        ("GET", SEARCH, {"params": {"words": "red", "garment_clas": "upper"}}, "garment_class?"),
        ("POST", SEARCH, {"data": {"in_color": "red"}}, "did you mean in_colour?"),
        ("POST", f"{SEARCH}?k=5", {}, "this takes none"),
        ("POST", f"{SEARCH}/vector", {"json": {"vecter": [1]}}, "did you mean vector?"),
        ("PATCH", "/api/v1/products/red-upper", {"json": {"brandd": "x"}}, "did you mean brand?"),
        ("GET", "/api/v1/products", {"params": {"pagesize": "5"}}, "did you mean page_size?"),
        ("POST", "/api", {"json": {"img": "x", "img_string": "x"}}, "use one of img_string"),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_one(
    client: TestClient, method: str, path: str, sent: dict, remedy: str
) -> None:
    response = client.request(method, path, **sent)
    assert response.status_code == 422, response.text
    message = response.json()["error"]["message"]
    assert "is not a name we know" in message
    assert remedy in message


@pytest.mark.parametrize(
    ("method", "path"), [route for route, each in route_examples().items() if "curl" in each]
)
def test_the_curl_of_a_route_runs_as_documented(client: TestClient, method: str, path: str) -> None:
    described = client.get("/openapi.json").json()["paths"][path][method]["description"]
    command = described.split("```sh\n")[1].split("\n```")[0]
    response = _run(client, shlex.split(command))
    assert response.status_code == 200, response.text


def _run(client: TestClient, words: list[str]):
    assert words.pop(0) == "curl"
    *options, address = words
    assert address.startswith(SERVER)
    path = urlsplit(address).path
    flagged = pairwise(options)
    pairs = [
        text.split("=", 1) for flag, text in flagged if flag in ("-F", "-d", "--data-urlencode")
    ]
    if "-G" in options:
        return client.get(path, params=pairs)
    fields: dict[str, list[str]] = {}
    files = {}
    for name, value in pairs:
        if value.startswith("@"):
            files[name] = (value[1:], _photo())
        else:
            fields.setdefault(name, []).append(value)
    return client.post(path, data=fields, files=files)


def _photo() -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 96), (200, 20, 20)).save(buffer, "JPEG")
    return buffer.getvalue()
