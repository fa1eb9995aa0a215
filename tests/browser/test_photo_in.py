"""The one box: file, drop, paste, camera, address, sample; and what it says meanwhile."""

import base64
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from catalog.fetching.hosts import FetchLimits
from search_app.search import uploads
from tests.browser.conftest import PHONE, Server

Opener = Callable[..., Page]

GIVE = """([kind, type, name, encoded, text]) => {
    const given = new DataTransfer();
    if (encoded) {
        const bytes = Uint8Array.from(atob(encoded), (each) => each.charCodeAt(0));
        given.items.add(new File([bytes], name, { type }));
    }
    if (text) given.setData("text/plain", text);
    const box = kind === "drop" && document.querySelector("[data-drop]");
    const target = box || document.body;
    const event = kind === "drop"
        ? new DragEvent("drop", { dataTransfer: given, bubbles: true, cancelable: true })
        : new ClipboardEvent("paste", { clipboardData: given, bubbles: true, cancelable: true });
    target.dispatchEvent(event);
}"""


def expect_results(page: Page) -> None:
    page.wait_for_url("**/q/*")
    expect(page.locator(".card").first).to_be_visible()
    expect(page.get_by_role("heading", name="like this")).to_be_visible()


def encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()


def test_chosen_file_is_searched_with_at_once(page: Page, server: Server) -> None:
    page.locator("input[name=photo]").set_input_files(server.samples / "red_tee.jpg")
    expect_results(page)


@pytest.mark.parametrize(("kind", "place"), [("drop", "/"), ("paste", "/"), ("drop", "/catalogue")])
def test_dropped_and_pasted_photos_are_searched_with(
    page: Page, server: Server, kind: str, place: str
) -> None:
    page.goto(place)
    photo = encoded(server.samples / "red_tee.jpg")
    page.evaluate(GIVE, [kind, "image/jpeg", "tee.jpg", photo, ""])
    expect_results(page)


def test_dropped_text_is_no_photo_and_says_so(page: Page) -> None:
    page.evaluate(GIVE, ["drop", "text/plain", "a.txt", "aGVsbG8=", ""])
    expect(page.locator(".drop .drop-state")).to_have_text(
        "That is not a photo: use JPEG, PNG or WebP."
    )


def test_phone_offers_its_camera(open_page: Opener, server: Server) -> None:
    page = open_page("/", viewport=PHONE, has_touch=True, is_mobile=True)
    camera = page.locator("input[name=camera]")
    assert camera.get_attribute("capture") == "environment"
    expect(page.get_by_text("Take a photo")).to_be_visible()
    camera.set_input_files(server.samples / "red_tee.jpg")
    expect_results(page)


def test_address_of_a_photo_is_fetched(
    page: Page, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "INTERACTIVE", FetchLimits(allow_private=True))
    page.get_by_label("A photo’s address").fill(f"{server.address}/samples/red_tee.jpg")
    page.get_by_role("button", name="Search", exact=True).click()
    expect_results(page)


def test_pasted_address_is_fetched_and_a_private_one_refused(page: Page, server: Server) -> None:
    page.evaluate(GIVE, ["paste", "", "", "", f"{server.address}/samples/red_tee.jpg"])
    expect(page.get_by_role("alert").filter(has_text="address")).to_be_visible()
    expect(page.get_by_label("A photo’s address")).to_be_visible()


def test_sample_is_one_click_away(look: Callable[..., Page]) -> None:
    expect_results(look("floral_dress.jpg"))


def test_broken_photo_gets_a_clear_word(page: Page, tmp_path: Path) -> None:
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"\xff\xd8\xff no photo")
    page.locator("input[name=photo]").set_input_files(broken)
    expect(page.get_by_role("alert").filter(has_text="photo")).to_be_visible()


def test_photo_stays_where_no_server_can_be_reached(page: Page, server: Server) -> None:
    page.context.set_offline(True)
    photo = page.locator("input[name=photo]")
    photo.set_input_files(server.samples / "red_tee.jpg")
    expect(page.get_by_text("The server cannot be reached.")).to_be_visible()
    assert page.url == f"{server.address}/"
    page.context.set_offline(False)
    photo.set_input_files([])
    photo.set_input_files(server.samples / "red_tee.jpg")
    page.wait_for_url("**/q/*")


def test_busy_state_is_shown_while_the_models_look(page: Page, server: Server) -> None:
    # The photo is on its way for as long as we look.
    page.locator("[data-drop]").evaluate(
        "form => form.addEventListener('submit', (event) => event.preventDefault())"
    )
    page.locator("input[name=photo]").set_input_files(server.samples / "red_tee.jpg")
    expect(page.locator(".drop .drop-state")).to_have_text("Looking for garments on your photo…")
    expect(page.locator("[data-drop]")).to_have_class(re.compile("is-busy"))


def test_without_javascript_a_plain_form_does_it(open_page: Opener, server: Server) -> None:
    page = open_page("/", java_script_enabled=False)
    page.locator("input[name=photo]").set_input_files(server.samples / "red_tee.jpg")
    page.get_by_role("button", name="Search with this photo").click()
    expect_results(page)


def test_first_results_come_within_a_second(look: Callable[..., Page], server: Server) -> None:
    """From the photo's arrival to the finished page, the best of ten: others use this machine."""
    page = look("red_tee.jpg")
    seconds: list[float] = []
    while len(seconds) < 10 and min(seconds, default=1.0) >= 1.0:
        page.goto("/")
        page.locator("button[value='red_tee.jpg']").click()
        page.wait_for_url("**/q/*")
        seconds.append(
            page.evaluate("performance.getEntriesByType('navigation')[0].responseEnd / 1000")
        )
    assert min(seconds) < 1.0
