"""What this browser remembers: own query photos and products looked at, until forgotten."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Opener, Server
from tests.browser.test_layout import MOST_SHIFT, SHIFT

STORED = "JSON.parse(localStorage.getItem('apparel.photos') || '[]').length"


def searched_with(page: Page, server: Server, name: str) -> str:
    page.goto("/")
    page.locator("input[name=photo]").set_input_files(server.samples / name)
    page.wait_for_url("**/q/*")
    return page.url


def wait_for_stored(page: Page, count: int) -> None:
    """Wait until so many photos are remembered.

    Playwright's own wait evaluates a string in the page, which its CSP forbids.
    """
    for _ in range(200):
        if page.evaluate(STORED) == count:
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{page.evaluate(STORED)} photos are remembered, not {count}")


def test_last_photos_can_be_searched_again_and_forgotten(page: Page, server: Server) -> None:
    expect(page.locator("[data-history]")).to_be_hidden()
    first = searched_with(page, server, "red_tee.jpg")
    wait_for_stored(page, 1)
    searched_with(page, server, "blue_jeans.jpg")
    wait_for_stored(page, 2)
    page.goto("/")
    photos = page.locator("[data-history] [data-items] button")
    expect(photos).to_have_count(2)
    assert page.evaluate(SHIFT) <= MOST_SHIFT
    photos.nth(1).click()
    page.wait_for_url("**/q/*")
    assert page.url == first
    # The server forgets the photo, the browser does not: it is sent again.
    page.request.post(f"{first}/forget")
    page.goto("/")
    photos.first.click()
    page.wait_for_url("**/q/*")
    assert page.url != first
    expect(page.locator("#results .card").first).to_be_visible()
    page.goto("/")
    page.get_by_role("button", name="Forget all").first.click()
    expect(page.locator("[data-history]")).to_be_hidden()
    assert page.evaluate(STORED) == 0
    page.reload()
    expect(page.locator("[data-history]")).to_be_hidden()


def test_forgotten_photo_leaves_the_list(page: Page, server: Server) -> None:
    searched_with(page, server, "red_tee.jpg")
    wait_for_stored(page, 1)
    page.locator("#again > summary").click()
    page.get_by_role("button", name="Forget this photo now").click()
    page.wait_for_url("**/")
    wait_for_stored(page, 0)


def test_products_looked_at_are_shown_on_the_next_one(open_page: Opener) -> None:
    page = open_page("/catalogue")
    links = page.locator(".card-link")
    first, second = (links.nth(place).get_attribute("href") or "" for place in (0, 1))
    title = links.nth(0).locator(".card-title").inner_text()
    page.goto(first)
    viewed = page.locator("[data-viewed]")
    expect(viewed).to_be_hidden()
    page.goto(second)
    expect(viewed).to_be_visible()
    expect(viewed.locator(".card-title")).to_have_text([title])
    assert viewed.locator("a").get_attribute("href") == first
    viewed.get_by_role("button", name="Forget all").click()
    expect(viewed).to_be_hidden()
    page.reload()
    expect(viewed).to_be_hidden()
