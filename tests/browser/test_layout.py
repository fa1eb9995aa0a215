"""Where things stand on the first screen, and that nothing jumps while it loads."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PHONE

Opener = Callable[..., Page]

DESK = {"width": 1280, "height": 800}
TOUCH = {"viewport": PHONE, "has_touch": True, "is_mobile": True}
MOST_SHIFT = 0.1
SHIFT = """() => new Promise((resolve) => {
    let sum = 0;
    new PerformanceObserver((list) => {
        for (const each of list.getEntries()) if (!each.hadRecentInput) sum += each.value;
    }).observe({ type: "layout-shift", buffered: true });
    setTimeout(() => resolve(sum), 500);
})"""


def bottom(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"] + box["height"]


def top(page: Page, selector: str) -> float:
    box = page.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"]


@pytest.mark.parametrize("query", ["", "colour_weight=1&in_colour=yellow&price_max=90"])
def test_first_result_stands_high_on_a_phone(look: Opener, query: str) -> None:
    page = look(query=query, **TOUCH)
    assert top(page, ".card") <= 420
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_query_photo_stays_in_sight_on_a_phone(look: Opener) -> None:
    page = look(**TOUCH)
    page.evaluate("scrollTo(0, 1500)")
    expect(page.locator("#photo")).to_be_in_viewport()
    expect(page.locator("#pick-0")).to_be_in_viewport()


def test_all_steering_is_on_the_first_screen_of_a_desk(look: Opener) -> None:
    page = look(viewport=DESK)
    controls = ("#words", "#sort", ".swatches", "#colour_weight", "#price_max", ".facet >> nth=-1")
    for control in controls:
        expect(page.locator(control)).to_be_visible()
        assert bottom(page, control) <= DESK["height"]
    assert top(page, ".card") <= 420


def test_sheet_of_filters_leaves_results_in_sight_and_changes_them(look: Opener) -> None:
    page = look(**TOUCH)
    page.locator("#refine > summary").tap()
    sheet, card = top(page, ".refine[open]"), page.locator(".card .frame").first
    box = card.bounding_box()
    assert box is not None
    assert box["y"] + 100 <= sheet
    page.get_by_role("radio", name="navy").check(force=True)
    expect(page.get_by_role("link", name="Remove In navy")).to_be_visible()
    expect(page.locator("#refine")).to_have_attribute("open", "")


def test_menu_closes_when_something_else_is_clicked(look: Opener) -> None:
    page = look()
    page.locator("#facet-brand summary").click()
    page.locator("#results-head").click()
    expect(page.locator("#facet-brand")).not_to_have_attribute("open", "")


@pytest.mark.parametrize("options", [{"viewport": DESK}, TOUCH], ids=["desk", "phone"])
def test_nothing_jumps_while_a_page_loads(
    look: Opener, open_page: Opener, options: dict[str, object]
) -> None:
    address = look().url
    for place in ("/", address, "/product/demo-0004", "/catalogue"):
        page = open_page(place, **options)
        page.wait_for_load_state("networkidle")
        assert page.evaluate(SHIFT) <= MOST_SHIFT, place


@pytest.mark.parametrize("options", [{"viewport": DESK}, TOUCH], ids=["desk", "phone"])
def test_photo_of_a_product_has_its_place_before_it_arrives_and_no_gap_below(
    open_page: Opener, options: dict[str, object]
) -> None:
    photo, gallery = ".gallery .shown", ".gallery-photos"
    whole = open_page("/product/demo-0004", **options)
    whole.wait_for_load_state("networkidle")
    assert bottom(whole, photo) == pytest.approx(bottom(whole, gallery), abs=1)
    whole.locator(f"{photo} .spot").first.click(trial=True)  # nothing covers it
    page = open_page("/", **options)
    page.route("**/photos/*.jpg", lambda route: None)  # they never come
    page.goto(whole.url, wait_until="commit")
    expect(page.locator(".foot")).to_be_visible()
    expect(page.locator("body")).to_have_css("margin-top", "0px")  # the style sheet is there
    assert page.locator(photo).first.bounding_box() == whole.locator(photo).first.bounding_box()


@pytest.mark.parametrize("place", ["/", "/catalogue", "/find?words=dress", "/product/demo-0004"])
def test_no_page_is_wider_than_a_phone_without_javascript(open_page: Opener, place: str) -> None:
    page = open_page(place, java_script_enabled=False, **TOUCH)
    widest = page.locator("body *:visible").evaluate_all(
        "all => Math.max(...all.filter((each) =>"
        " !each.closest('.samples-row, .gallery-photos, .hidden, .skip'))"
        ".map((each) => each.getBoundingClientRect().right))"
    )
    assert widest <= PHONE["width"] + 1


def test_results_wait_as_a_skeleton(look: Opener) -> None:
    page = look()
    page.route("**/q/**", lambda route: None)  # an answer that never comes
    page.locator(".picks [aria-pressed=false]").first.click()
    expect(page.locator("body")).to_have_class("is-searching")
    expect(page.locator(".card .frame img").first).to_have_css("opacity", "0")
