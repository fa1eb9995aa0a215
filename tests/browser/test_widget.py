"""The widget in a shop's page of another origin, under the shop's own strict policy."""

import json
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from catalog.database import open_database
from search_app.security.keys import Scope, make_key
from tests.browser.axe import serious
from tests.browser.conftest import DESKTOP, PHONE, Opener, Server

SHOP = Path(__file__).parents[2] / "search_app" / "examples" / "shop"
SEARCHED_MS = 60_000
"""Milliseconds that a search with the networks may take on a busy machine."""


class QuietFiles(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture(scope="module")
def shop(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """The sample page at the origin of its key, and the same page at another origin."""
    folder = tmp_path_factory.mktemp("shop")
    addresses = []
    servers = [
        ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietFiles, directory=folder))
        for _ in range(2)
    ]
    for each in servers:
        threading.Thread(target=each.serve_forever, daemon=True).start()
        addresses.append(f"http://127.0.0.1:{each.server_port}")
    database = open_database(server.samples.parent, server.database_url)
    key = make_key(database, "shop page", Scope.READ, [addresses[0]]).secret
    database.close()
    for file in SHOP.iterdir():
        text = file.read_text().replace("http://127.0.0.1:8000", server.address)
        (folder / file.name).write_text(text.replace("KEY", key))
    yield addresses[0], addresses[1]
    for each in servers:
        each.shutdown()
        each.server_close()


def search(page: Page, server: Server, sample: str = "striped_top_and_jeans.jpg") -> Locator:
    """Search with a sample photo; the drawer."""
    page.get_by_role("button", name="Find by photo").click()
    drawer = page.get_by_role("dialog", name="Find by photo")
    drawer.get_by_label("Choose a photo").set_input_files(server.samples / sample)
    expect(drawer.get_by_role("list", name="Similar products")).to_be_visible(timeout=SEARCHED_MS)
    return drawer


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["1280", "390"])
def test_photo_finds_products_in_a_page_of_another_site(
    open_page: Opener, server: Server, shop: tuple[str, str], viewport: dict[str, int]
) -> None:
    page = open_page(shop[0], viewport=viewport)
    drawer = search(page, server)
    cards = drawer.get_by_role("link")
    assert cards.count() >= 2
    photo = cards.first.locator("img")
    expect(photo).to_have_js_property("complete", True)
    assert photo.evaluate("image => image.naturalWidth") > 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert drawer.evaluate("drawer => drawer.scrollWidth <= drawer.clientWidth")
    assert serious(page) == []
    # Another garment of the photo, by keyboard: it has other products.
    tops = cards.all_inner_texts()
    first, second = drawer.get_by_role("radio").all()
    expect(first).to_be_checked()
    first.focus()
    page.keyboard.press("ArrowRight")
    expect(second).to_be_checked()
    assert cards.all_inner_texts() != tops


def test_keyboard_opens_closes_and_keeps_its_place(
    open_page: Opener, shop: tuple[str, str]
) -> None:
    page = open_page(shop[0])
    for _ in range(3):  # two links, then the button
        page.keyboard.press("Tab")
    button = page.get_by_role("button", name="Find by photo")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    drawer = page.get_by_role("dialog", name="Find by photo")
    expect(drawer).to_be_visible()
    expect(drawer.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Tab")
    expect(drawer.get_by_label("Choose a photo")).to_be_focused()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()
    expect(button).to_be_focused()


def test_shops_analytics_hear_what_happens(
    open_page: Opener, server: Server, shop: tuple[str, str]
) -> None:
    page = open_page(shop[0])
    page.evaluate("addEventListener('apparel-clicked', (event) => event.preventDefault())")
    results = search(page, server)
    with page.expect_response("**/api/v1/events") as counted:
        results.get_by_role("link").first.click()
    assert counted.value.status == 204
    heard = [line.partition(" ") for line in page.locator("#heard li").all_inner_texts()]
    assert [name for name, _, _ in heard] == [
        *("apparel-opened", "apparel-searched", "apparel-clicked")
    ]
    searched, clicked = (json.loads(detail) for _, _, detail in heard[1:])
    assert [each["garmentClass"] for each in searched["garments"]] == ["upper", "lower"]
    assert clicked["rank"] == 1
    sent = counted.value.request.post_data_json
    assert (sent["search_id"], sent["position"]) == (clicked["searchId"], 1)
    assert clicked["url"].startswith("https://shop.example/")
    assert page.url.startswith(shop[0])
    with page.expect_response("**/api/v1/events") as in_another_tab:
        results.get_by_role("link").nth(1).click(button="middle")
    assert in_another_tab.value.request.post_data_json["position"] == 2


def test_page_of_another_origin_gets_nothing(
    open_page: Opener, server: Server, shop: tuple[str, str]
) -> None:
    page = open_page(shop[1])
    page.get_by_role("button", name="Find by photo").click()
    drawer = page.get_by_role("dialog", name="Find by photo")
    drawer.get_by_label("Choose a photo").set_input_files(server.samples / "red_tee.jpg")
    expect(drawer.get_by_role("status")).to_contain_text("does not answer", timeout=SEARCHED_MS)
    expect(drawer.get_by_role("button", name="Try again")).to_be_visible()
    expect(drawer.get_by_role("link")).to_have_count(0)


def test_file_that_is_no_photo_is_said_to_be_none(
    open_page: Opener, shop: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"no photo")
    page = open_page(shop[0])
    page.get_by_role("button", name="Find by photo").click()
    page.get_by_label("Choose a photo").set_input_files(tmp_path / "broken.jpg")
    expect(page.get_by_role("status")).to_contain_text("not a photo", timeout=SEARCHED_MS)


def test_words_follow_the_pages_language(open_page: Opener, shop: tuple[str, str]) -> None:
    page = open_page(shop[0])
    page.evaluate(
        "document.documentElement.lang = 'de-AT';"
        "document.querySelector('header').append(document.createElement('apparel-search'))"
    )
    expect(page.get_by_role("button", name="Mit Foto suchen")).to_be_visible()
