"""The admin page behind a key: import with live progress, rejects, the index, the models."""

from collections.abc import Callable

from playwright.sync_api import Page, expect

from tests.browser.axe import serious
from tests.browser.conftest import PHONE, Server

Opener = Callable[..., Page]

FEED = (
    "id,title,photo\n"
    "new-1,Red tee of spring,samples/red_tee.jpg\n"
    "new-2,Checked shirt of spring,samples/checked_shirt.jpg\n"
    "new-3,No photo,samples/absent.jpg\n"
    ",No id,samples/red_tee.jpg\n"
)


def sign_in(page: Page, secret: str) -> None:
    page.get_by_label("Key").fill(secret)
    page.get_by_role("button", name="Sign in").click()


def test_wrong_key_stays_outside(open_page: Opener) -> None:
    page = open_page("/admin")
    sign_in(page, "apparel_wrong")
    expect(page.get_by_role("alert").filter(has_text="unknown or revoked")).to_be_visible()


def test_address_of_the_terminal_signs_in_once(open_page: Opener, server: Server) -> None:
    address = f"/admin?ticket={server.ticket()}"
    page = open_page(address)
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    assert page.url == f"{server.address}/admin"
    again = open_page(address)  # another browser
    expect(again.get_by_role("alert").filter(has_text="has been used")).to_be_visible()
    assert serious(again) == []


def test_feed_is_imported_under_ones_eyes(open_page: Opener, server: Server) -> None:
    page = open_page("/admin")
    sign_in(page, server.key)
    feed = {"name": "spring.csv", "mimeType": "text/csv", "buffer": FEED.encode()}
    page.locator("input[name=feed]").set_input_files(files=[feed])
    page.get_by_role("button", name="Import").click()
    job = page.get_by_role("article", name="spring.csv").first
    expect(job).to_be_visible()
    page.evaluate("window.stayed = true")
    expect(job.get_by_text("Done")).to_be_visible()
    assert page.evaluate("window.stayed")
    assert serious(page) == []
    with page.expect_download() as started:
        job.get_by_role("link", name="Download rejects").click()
    assert "absent.jpg" in started.value.path().read_text()
    expect(page.get_by_role("heading", name="Models")).to_be_visible()
    expect(page.locator("#models code").first).to_contain_text("/")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Key")).to_be_visible()


def test_sources_have_a_tab(open_page: Opener, server: Server) -> None:
    page = open_page("/admin", viewport=PHONE)
    sign_in(page, server.key)
    page.get_by_role("link", name="Sources").click()
    expect(page.get_by_role("heading", name="Sources")).to_be_visible()
    expect(page.get_by_text("There is no source yet.")).to_be_visible()
    assert serious(page) == []
