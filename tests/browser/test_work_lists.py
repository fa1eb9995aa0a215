"""Admin pages beyond imports: work lists with a check, analytics of a real click; access."""

import csv
import time
from collections.abc import Callable
from io import StringIO
from typing import Final
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.browser.axe import serious
from tests.browser.conftest import DESKTOP, PHONE, SECONDS, Server
from tests.browser.test_admin import sign_in

Opener = Callable[..., Page]
LIMIT: Final = 54321
"""A highest price that no other test searches with."""


def signed_in(open_page: Opener, server: Server, **options: object) -> Page:
    page = open_page("/admin", **options)
    sign_in(page, server.key)
    return page


def test_catalogue_is_checked_under_ones_eyes(open_page: Opener, server: Server) -> None:
    page = signed_in(open_page, server)
    page.get_by_role("link", name="Work lists").click()
    page.get_by_role("button", name="Check the catalogue").click()
    expect(page.get_by_text("Checked on")).to_be_visible()
    expect(page.get_by_text("Not checked yet")).to_have_count(0)


def test_click_on_a_result_is_counted_where_it_was(
    look: Opener, open_page: Opener, server: Server
) -> None:
    product = _click_second_result(look, LIMIT)
    admin = signed_in(open_page, server)
    admin.get_by_role("link", name="Searches").click()
    assert _clicks(admin) == product
    admin.reload()
    expect(admin.locator("title", has_text="Place 2: ")).to_have_count(1)


def _clicks(admin: Page) -> str:
    """The clicks of the search below `LIMIT`, once there are any: a server writes them late."""
    until = time.monotonic() + SECONDS
    while time.monotonic() < until:
        table = admin.request.get("/admin/searches/searches.csv").text().lstrip("\ufeff")
        searches = [row for row in csv.DictReader(StringIO(table)) if str(LIMIT) in row["filters"]]
        if clicks := " ".join(row["clicks"] for row in searches):
            return clicks
        time.sleep(0.5)
    raise AssertionError(f"no click was counted: {table}")


def _click_second_result(look: Opener, price_max: int) -> str:
    """The product that was clicked."""
    page = look(query=f"price_max={price_max}")
    # A beacon: the page that sends it is gone before its response.
    with page.expect_request("**/api/v1/events"):
        page.locator("#results .card-link").nth(1).click()
    page.wait_for_url("**/product/*")
    return urlsplit(page.url).path.removeprefix("/product/")


def test_product_is_found_and_removed_under_ones_eyes(open_page: Opener, server: Server) -> None:
    _add(open_page(), server, id="short-lived", title="Tee that is here for a moment")
    page = signed_in(open_page, server)
    page.get_by_role("link", name="Products", exact=True).click()
    page.get_by_placeholder("Title, brand or number").fill("here for a moment")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="1 product")).to_be_visible()
    page.get_by_label("Tee that is here for a moment").check()
    page.get_by_text("Remove products…").click()
    page.get_by_role("button", name="Remove for good").click()
    expect(page.get_by_role("status").filter(has_text="Removed: 1.")).to_be_visible()
    expect(page.get_by_text("Nothing matches")).to_be_visible()
    assert page.request.get("/product/short-lived").status == 404
    page.get_by_placeholder("Title, brand or number").fill("")
    page.get_by_role("button", name="Find").click()
    first = page.locator(".entry-id").first
    shown = first.inner_text()
    page.get_by_role("link", name="Next").first.click()
    expect(first).not_to_have_text(shown)


def _add(page: Page, server: Server, **product: str) -> None:
    """Add a product; the server refuses it while another test's import is running."""
    photo = server.samples / "red_tee.jpg"
    form = {**product, "photos": FilePayload(
        name=photo.name, mimeType="image/jpeg", buffer=photo.read_bytes()
    )}  # fmt: skip
    until = time.monotonic() + SECONDS
    while True:
        headers = {"X-API-Key": server.key}
        answer = page.request.post("/api/v1/products", headers=headers, multipart=form)
        if answer.status != 503 or time.monotonic() > until:
            assert answer.status == 201, answer.text()
            return
        time.sleep(0.5)


@pytest.mark.parametrize("path", ["/admin/products", "/admin/lists/no-garment", "/admin/searches"])
def test_pages_fit_and_everybody_can_use_them(open_page: Opener, server: Server, path: str) -> None:
    for viewport, scheme in ((DESKTOP, "light"), (PHONE, "dark")):
        page = signed_in(open_page, server, viewport=viewport, color_scheme=scheme)
        page.goto(path)
        assert serious(page) == []
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= viewport["width"]
