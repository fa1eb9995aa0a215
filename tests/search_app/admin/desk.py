"""Signing in to the admin pages and reading them, for the tests of every tab."""

import re
import time

from fastapi.testclient import TestClient

from indexing.collection import Collection
from search_app.security.keys import Scope, make_key

SECONDS = 60
"""A page gets so long to say something: the machine may be busy."""


def token_on(client: TestClient) -> str:
    """The token of the forms."""
    (token, *_) = re.findall(r'name="csrf" value="([^"]+)"', client.get("/admin").text)
    return str(token)


def sign_in(client: TestClient, collection: Collection, scope: Scope = Scope.ADMIN) -> int:
    """Sign in with a new key; return the status of the answer."""
    secret = make_key(collection.database, f"desk {scope}", scope).secret
    answer = client.post("/admin/login", data={"key": secret, "csrf": token_on(client)})
    return answer.status_code


def page_with(client: TestClient, words: str, path: str = "/admin") -> str:
    """The page, once it says this."""
    deadline = time.monotonic() + SECONDS
    while words not in (page := client.get(path).text):
        assert time.monotonic() < deadline, f"the page never said {words!r}"
        time.sleep(0.05)
    return page
