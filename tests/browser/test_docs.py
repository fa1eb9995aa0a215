"""Each example of /docs runs as it stands when Execute is pressed."""

from typing import Any

import httpx2
from playwright.sync_api import Page

from tests.browser.conftest import Opener, Server

ANSWERED_MS = 60_000
STATE_DECIDES = ("/cancel", "/resume", "/apply", "/run", "/webhooks/")
"""Steps of a job, and what a shop signs: they have an answer as example, no request."""


def runnable(schema: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    """Operations whose required values all have an example, or are a photo to choose.

    Not yet POST /search: Swagger UI does not send the photo of a form that may have a url instead;
    its example is the curl line, which `tests/test_readme.py` runs.
    """
    found = []
    for path, operations in schema["paths"].items():
        for method, operation in operations.items():
            needed = [each for each in operation.get("parameters", ()) if each["required"]]
            given = all("example" in each or "examples" in each for each in needed)
            body = operation.get("requestBody")
            if method == "delete" or not given or any(each in path for each in STATE_DECIDES):
                continue
            has_json = body and "example" in body["content"].get("application/json", {})
            if body is None or has_json or path.endswith("/segment"):
                found.append((method, path, operation))
    return found


def authorise(page: Page, key: str) -> None:
    page.get_by_role("button", name="Authorize").click()
    page.get_by_label("Value:").last.fill(key)
    page.get_by_role("button", name="Apply credentials").last.click()
    page.get_by_role("button", name="Close").last.click()


def execute(page: Page, operation: dict[str, Any], sample: str) -> int:
    """Press Execute; the status of the answer."""
    block = page.locator(f"[id$='-{operation['operationId']}']").first
    block.locator(".opblock-summary-control").click()
    block.get_by_role("button", name="Try it out").click()
    photo = block.locator("input[type=file]")
    if photo.count():
        photo.first.set_input_files(sample)
    with page.expect_response(lambda answer: True, timeout=ANSWERED_MS) as answer:
        block.get_by_role("button", name="Execute").click()
    block.locator(".opblock-summary-control").click()
    return answer.value.status


def test_examples_run_as_they_stand(open_page: Opener, server: Server) -> None:
    operations = runnable(httpx2.get(f"{server.address}/openapi.json").json())
    assert len(operations) >= 12
    page = open_page("/docs")
    page.set_default_timeout(ANSWERED_MS)  # Swagger UI draws for seconds on a busy machine
    authorise(page, server.key)
    answers = {
        f"{method} {path}": execute(page, operation, str(server.samples / "red_tee.jpg"))
        for method, path, operation in operations
    }
    assert {route: status for route, status in answers.items() if status >= 300} == {}
