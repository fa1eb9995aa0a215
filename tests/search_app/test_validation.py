"""What the API says to a request that it cannot take: which field, and what it must be."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

from search_app.app import create_app
from search_app.settings import Settings

SEARCH, VECTOR = "/api/v1/search", "/api/v1/search/vector"
ONE = "/api/v1/products/red-upper"
NEEDED = {SEARCH: {"words": "red"}, "/api/v1/similar": {"product_id": "red-upper"}}
"""What a route cannot do without."""


@pytest.mark.parametrize(
    ("method", "path", "sent", "said"),
    [
        ("GET", SEARCH, {}, "words: is missing"),
        ("GET", SEARCH, {"params": {"words": "red", "k": "0"}}, "k: must be at least 1"),
        ("GET", SEARCH, {"params": {"words": "red", "k": "10000"}}, "k: must be at most 200"),
        ("GET", SEARCH, {"params": {"words": "red", "k": "x"}}, "k: must be a whole number"),
        ("POST", SEARCH, {"data": {"photo": "hello"}}, "photo: must be a file, not text"),
        ("POST", SEARCH, {"content": b"\xff\xd8"}, "curl -F photo=@FILE"),
        ("POST", SEARCH, {"data": {"region": "1,2"}}, "region: must be x0,y0,x1,y1"),
        ("POST", SEARCH, {"data": {"garment_class": "hat"}}, "must be 'upper', 'whole' or 'lower'"),
        ("POST", VECTOR, {"content": b"{bad"}, "body: no JSON"),
        ("POST", VECTOR, {}, "body: is missing"),
        ("PATCH", ONE, {"json": {"prize": 5}}, "prize: is not a name we know; did you mean price?"),
        ("PATCH", ONE, {"json": {"price": "x"}}, "price: must be a number"),
        ("PATCH", ONE, {"json": {"currency": "euro"}}, "three capital letters, such as EUR"),
        (
            "PATCH",
            ONE,
            {"json": {"availability": "soon"}},
            "availability: must be 'in stock', 'out",
        ),
        (
            "PATCH",
            ONE,
            {"json": {"availability": "OutOfStock"}},
            "'discontinued' or 'in store only'",
        ),
        ("PATCH", ONE, {"content": b"price=5"}, "body: no JSON"),
        ("PATCH", ONE, {"json": []}, "must be a JSON object"),
        ("POST", "/api/v1/imports", {"json": {"url": "ftp://x"}}, "begin with http:// or https://"),
        ("POST", "/api/v1/imports", {"json": {}}, "body: give either path or url"),
        ("POST", "/api/v1/imports", {"json": {"url": "http://x", "dryrun": 1}}, "mean dry_run?"),
        ("POST", "/api/v1/imports", {"json": {"path": "gone.csv"}}, "path: "),
        ("POST", "/api/v1/imports", {"json": {"url": "http://x", "map": ["=ab"]}}, "map: "),
        ("GET", SEARCH, {"params": {"words": "red", "filters": "brnd=Acme"}}, "mean brand?"),
        ("GET", SEARCH, {"params": {"words": "red", "filters": "class=uper"}}, "mean upper?"),
        ("GET", SEARCH, {"params": {"words": "xyzzy"}}, "words: no word of 'xyzzy' is known"),
        ("POST", VECTOR, {"json": {"vector": [1.0], "garment_class": "upper"}}, "vector: has 1"),
    ],
)
def test_says_which_field_and_what_it_must_be(
    client: TestClient, method: str, path: str, sent: dict[str, Any], said: str
) -> None:
    if "content" in sent and path != SEARCH:
        sent = sent | {"headers": {"Content-Type": "application/json"}}
    answer = client.request(method, path, **sent)
    assert answer.status_code == 422
    assert said in answer.json()["error"]["message"]


def parameters() -> list[tuple[str, str, str, bool]]:
    """Method, path, name and whether it is not a plain text of each documented query parameter."""
    return [
        (method.upper(), path, each["name"], not is_text(each["schema"]))
        for path, operations in create_app(Settings()).openapi()["paths"].items()
        for method, operation in operations.items()
        for each in operation.get("parameters", ())
        if each["in"] == "query"
    ]


def is_text(schema: dict[str, Any]) -> bool:
    options = schema.get("items", schema).get("anyOf", [schema.get("items", schema)])
    return any(each.get("type") == "string" and "enum" not in each for each in options)


@pytest.mark.parametrize(("method", "path", "name", "has_values"), parameters())
def test_every_parameter_is_named_where_it_is_wrong_and_where_it_is_meant(
    client: TestClient, method: str, path: str, name: str, has_values: bool
) -> None:
    path = path.replace("{", "").replace("}", "")
    misspelt = client.request(method, path, params={f"{name}x": "5"})
    assert misspelt.status_code == 422
    assert f"{name}x: is not a name we know; did you mean {name}?" in said(misspelt)
    if has_values:
        needed = NEEDED.get(path, {})
        wrong = client.request(method, path, params={**needed, name: "x!"})
        assert wrong.status_code == 422
        assert said(wrong).startswith(f"{name}: must be") or f"{name}.0: must be" in said(wrong)


def said(answer: Any) -> str:
    return str(answer.json()["error"]["message"])


@pytest.mark.parametrize(
    ("address", "named"),
    [
        ("/catalogue?price_max=cheap", "price_max: must be a number such as 49.90"),
        ("/catalogue?page=x", "page: must be a whole number"),
        ("/find?words=red&class=hat", "class: unknown garment class"),
        ("/like/1?colour_weight=7", "colour_weight: must be a number from 0"),
        ("/like/x", "garment_id: must be a whole number"),
    ],
)
def test_page_names_the_field_of_its_address_that_is_wrong(
    client: TestClient, address: str, named: str
) -> None:
    answer = client.get(address, headers={"Accept": "text/html"})
    assert answer.status_code == 422
    assert named in answer.text
    assert "Start a new search" in answer.text


def test_endless_json_is_refused_wherever_there_is_a_body(client: TestClient) -> None:
    taking = [
        (method.upper(), path.replace("{product_id}", "red-upper"))
        for path, operations in create_app(Settings()).openapi()["paths"].items()
        for method, operation in operations.items()
        if "requestBody" in operation
    ]
    assert len(taking) > 5
    headers = {"Content-Type": "application/json"}
    for method, path in taking:
        answer = client.request(method, path, content=b"[" * 100_000, headers=headers)
        assert 400 <= answer.status_code < 500, path
