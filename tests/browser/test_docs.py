"""Each example of /docs runs as it stands when Execute is pressed."""

from typing import Any

import httpx2
from playwright.sync_api import Page

from tests.browser.conftest import Opener, Server

ANSWERED_MS = 60_000
WITHOUT_EXAMPLE = ("/imports/{job_id}", "/sources/{name}", "/webhooks/")
"""Jobs and sources have names of the user's own, and webhooks are signed by a shop."""


def operations_of(address: str) -> list[tuple[str, str, dict[str, Any]]]:
    """Every documented operation but those that remove, or that no example can be of."""
    paths = httpx2.get(f"{address}/openapi.json").json()["paths"]
    return [
        (method, path, operation)
        for path, operations in paths.items()
        for method, operation in operations.items()
        if method != "delete" and not any(each in path for each in WITHOUT_EXAMPLE)
    ]


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
    operations = operations_of(server.address)
    assert len(operations) >= 18
    page = open_page("/docs")
    page.set_default_timeout(ANSWERED_MS)  # Swagger UI draws for seconds on a busy machine
    authorise(page, server.key)
    answers = {
        f"{method} {path}": execute(page, operation, str(server.samples / "red_tee.jpg"))
        for method, path, operation in operations
    }
    assert {route: status for route, status in answers.items() if status >= 300} == {}
    added = f"{server.address}/api/v1/products/tee-18"
    assert httpx2.delete(added, headers={"X-API-Key": server.key}).status_code == 204
