"""The photo comes back: outlined garments as buttons, regions, garments taken together."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

Look = Callable[..., Page]


def garments(page: Page) -> list[str]:
    return page.locator(".picks .pick:not(.pick-plain)").all_inner_texts()


def edges(page: Page) -> list[int]:
    names = ("left", "top", "right", "bottom")
    return [int(page.locator(f"#edge-{name}").input_value()) for name in names]


def test_garments_are_outlined_buttons_and_the_best_is_chosen(look: Look) -> None:
    page = look()
    buttons = page.locator(".picks button[name=garment]")
    assert page.locator(".outline .edge").count() == buttons.count() - 1 >= 2
    expect(page.locator(".picks [aria-pressed=true]")).to_have_count(1)
    for number in range(buttons.count() - 1):
        expect(page.locator(f"#pick-{number} > span")).to_have_text(re.compile(r"\w+ \w+"))
    assert page.locator(".pick .crop image").count() >= 2


def test_other_garment_is_switched_to_without_a_new_upload(look: Look) -> None:
    page = look()
    token = page.url
    page.evaluate("window.stayed = true")
    other = page.locator(".picks [aria-pressed=false]:not(#pick-photo)").first
    before = page.locator("#results-head").inner_text()
    other.click()
    expect(page.locator("#results-head")).not_to_have_text(before)
    assert page.url.startswith(token)
    assert page.evaluate("window.stayed")
    page.go_back()
    expect(page).to_have_url(token)
    expect(page.locator("#results-head")).to_have_text(before)


def test_outline_on_the_photo_is_a_way_to_the_garment(look: Look) -> None:
    page = look()
    other = page.locator(".outline:not(.is-chosen) .dot").first
    other.click()
    expect(page).to_have_url(re.compile("garment="))


def test_class_is_corrected_and_the_search_follows(look: Look) -> None:
    page = look("red_tee.jpg")
    page.get_by_text("Not quite right?").click()
    page.get_by_role("group", name="It is a").get_by_role("button", name="One-piece").click()
    expect(page.get_by_role("heading", name="One-pieces like this")).to_be_visible()
    assert "class=whole" in page.url


def test_two_garments_are_taken_together_as_one(look: Look) -> None:
    page = look()
    page.get_by_text("Not quite right?").click()
    page.get_by_role("button", name="Search as one").click()
    expect(page.get_by_role("heading", name="One-pieces like this")).to_be_visible()
    assert page.url.count("garment=") == 2
    expect(page.locator(".picks [aria-pressed=true]")).to_have_count(2)


def test_region_is_drawn_with_the_pointer(look: Look) -> None:
    page = look()
    page.get_by_text("Not quite right?").click()
    # Opening scrolls the panel into view.
    expect(page.get_by_text("Draw a region")).to_be_visible()
    page.locator("#shown").scroll_into_view_if_needed()
    frame = page.locator("#shown").bounding_box()
    assert frame is not None
    page.mouse.move(frame["x"] + 0.3 * frame["width"], frame["y"] + 0.02 * frame["height"])
    page.mouse.down()
    page.mouse.move(frame["x"] + 0.7 * frame["width"], frame["y"] + 0.12 * frame["height"], steps=4)
    page.mouse.up()
    expect(page.locator(".pick-made")).to_contain_text("Your region")
    assert "left=30" in page.url
    expect(page.locator("#region-box")).to_be_visible()


def test_region_is_nudged_by_keyboard(look: Look) -> None:
    page = look("red_tee.jpg")
    page.get_by_text("Not quite right?").focus()
    page.keyboard.press("Enter")
    before = edges(page)
    page.locator("#region-box").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Shift+ArrowLeft")
    left, top, right, bottom = edges(page)
    assert [left, top, right, bottom] == [before[0], before[1] + 1, before[2] - 1, before[3] + 1]
    page.keyboard.press("Enter")
    expect(page.locator(".pick-made")).to_contain_text("Your region")
    expect(page.locator("#region-box")).to_be_focused()


@pytest.mark.parametrize("javascript", [True, False])
def test_region_is_typed_as_numbers(look: Look, javascript: bool) -> None:
    page = look("red_tee.jpg", java_script_enabled=javascript)
    page.get_by_text("Not quite right?").click()
    for name, value in (("left", 20), ("top", 10), ("right", 80), ("bottom", 60)):
        page.get_by_label(f"{name.capitalize()} edge", exact=True).fill(str(value))
    page.get_by_role("button", name="Search this region").click()
    expect(page.locator(".pick-made")).to_contain_text("Your region")
    assert "left=20&top=10&right=80&bottom=60" in page.url


def test_without_javascript_a_garment_is_still_a_button(look: Look) -> None:
    page = look(java_script_enabled=False)
    other = page.locator(".picks [aria-pressed=false]:not(#pick-photo)").first
    before = page.locator("#results-head").inner_text()
    other.click()
    expect(page.locator("#results-head")).not_to_have_text(before)


def test_whole_photo_can_be_searched_with(look: Look) -> None:
    page = look()
    page.get_by_role("button", name="Whole photo").click()
    expect(page.get_by_role("heading", name="Closest to the whole photo")).to_be_visible()
