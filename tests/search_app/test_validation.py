"""What the API says to a request that it cannot take: which field, and what it must be."""

from typing import Any

import pytest
from fastapi.testclient import TestClient

SEARCH, VECTOR = "/api/v1/search", "/api/v1/search/vector"
ONE = "/api/v1/products/red-upper"


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
        ("PATCH", ONE, {"json": {"prize": 5}}, "prize: is not a name we know"),
        ("PATCH", ONE, {"json": {"price": "x"}}, "price: must be a number"),
        ("PATCH", ONE, {"json": {"currency": "euro"}}, "three capital letters, such as EUR"),
        ("PATCH", ONE, {"content": b"price=5"}, "body: no JSON"),
        ("PATCH", ONE, {"json": []}, "must be a JSON object"),
        ("POST", "/api/v1/imports", {"json": {"url": "ftp://x"}}, "begin with http:// or https://"),
        ("POST", "/api/v1/imports", {"json": {}}, "body: give either path or url"),
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
