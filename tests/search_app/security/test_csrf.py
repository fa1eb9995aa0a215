"""Forms with a token, on an app of their own."""

from typing import Annotated

import pytest
from fastapi import FastAPI, Form, Request, Response
from fastapi.testclient import TestClient

from search_app.problems import add_error_handlers
from search_app.security.csrf import COOKIE, check_form, form_token, keep_token


@pytest.fixture
def client() -> TestClient:
    app = FastAPI()
    add_error_handlers(app)

    @app.get("/form")
    def form(request: Request) -> Response:
        token = form_token(request)
        response = Response(token)
        keep_token(request, response, token)
        return response

    @app.post("/form")
    def send(request: Request, csrf: Annotated[str, Form()] = "") -> Response:
        check_form(request, csrf)
        return Response("changed")

    return TestClient(app, "http://127.0.0.1:8000")


def test_form_of_this_browser_is_taken_as_often_as_wanted(client: TestClient) -> None:
    shown = client.get("/form")
    cookie = shown.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    for _ in range(2):
        token = client.get("/form").text
        assert token == shown.text
        assert client.post("/form", data={"csrf": token}).text == "changed"


@pytest.mark.parametrize("token", ["", "x" * 43, "other"])
def test_form_with_another_token_is_refused(client: TestClient, token: str) -> None:
    client.get("/form")
    answer = client.post("/form", data={"csrf": token})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "writes_forbidden")


def test_form_without_the_cookie_or_from_another_site_is_refused(client: TestClient) -> None:
    token = client.get("/form").text
    evil = {"Origin": "https://evil.example"}
    assert client.post("/form", data={"csrf": token}, headers=evil).status_code == 403
    client.cookies.delete(COOKIE)
    assert client.post("/form", data={"csrf": token}).status_code == 403
    client.cookies.set(COOKIE, "")
    assert client.post("/form", data={"csrf": ""}).status_code == 403
