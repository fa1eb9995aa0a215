"""Results and how they are steered: everything in the address, back works, links are shared."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from search_app.language import texts
from search_app.pages.cards import DISTANT
from tests.browser.conftest import PHONE

Look = Callable[..., Page]


def titles(page: Page) -> list[str]:
    return page.locator(".card-title").all_inner_texts()


def test_result_says_what_it_is_and_why(look: Look) -> None:
    card = look().locator(".card").first
    expect(card.locator("img")).to_be_visible()
    for part in (".card-title", ".card-brand", ".card-price", ".close-word"):
        expect(card.locator(part)).not_to_be_empty()
    card.get_by_text("Why", exact=True).click()
    assert card.get_by_role("meter").count() == 2
    for part in ("Style", "Colour"):
        expect(card.get_by_text(part)).to_be_visible()


def test_grid_fits_the_screen(look: Look) -> None:
    for viewport, columns in (({"width": 1280, "height": 900}, 4), (PHONE, 2)):
        page = look("red_tee.jpg", viewport=viewport)
        tops = [box["y"] for each in page.locator(".card").all() if (box := each.bounding_box())]
        assert tops.count(tops[0]) == columns
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_facet_filters_shows_as_a_tag_and_is_dropped_again(look: Look) -> None:
    page = look("red_tee.jpg")
    page.locator("#facet-brand summary").click()
    value = page.locator("#facet-brand .value").nth(1)
    name = value.locator(".value-name").inner_text()
    assert int(value.locator(".value-count").inner_text()) > 0
    value.click()
    tag = page.get_by_role("link", name=f"Remove {name}")
    expect(tag).to_be_visible()
    assert set(page.locator(".card-brand").all_inner_texts()) == {name}
    tag.click()
    expect(tag).to_have_count(0)
    assert "brand=" not in page.url


def test_price_range_is_searched_once_and_kept(look: Look) -> None:
    page = look("red_tee.jpg")
    searches: list[str] = []
    page.on("request", lambda request: searches.extend(re.findall("price_max", request.url)))
    page.get_by_label("Highest price").fill("60")
    page.get_by_label("Highest price").press("Enter")
    expect(page).to_have_url(re.compile("price_max=60"))
    assert len(searches) == 1
    expect(page.get_by_role("link", name="Remove Price up to 60")).to_be_visible()
    prices = page.locator(".card-price").all_inner_texts()
    assert all(float(price.strip("€")) <= 60 for price in prices)


def test_product_is_excluded_on_request(look: Look) -> None:
    page = look("red_tee.jpg")
    first = titles(page)[0]
    page.locator(".card").first.hover()
    page.get_by_role("link", name=f"Do not show {first}").first.click()
    expect(page.get_by_role("link", name="Remove 1 left out")).to_be_visible()
    assert "exclude=" in page.url


def test_slider_between_style_and_colour_works_by_keyboard(look: Look) -> None:
    page = look("red_tee.jpg")
    slider = page.get_by_label("What counts more")
    slider.focus()
    slider.press("End")
    expect(page).to_have_url(re.compile("colour_weight=1"))
    expect(slider).to_be_focused()
    assert slider.input_value() == "1"


def test_same_but_in_another_colour(look: Look) -> None:
    page = look("red_tee.jpg")
    page.get_by_role("radio", name="navy").check(force=True)
    expect(page).to_have_url(re.compile("in_colour=navy"))
    expect(page.get_by_role("link", name="Remove In navy")).to_be_visible()


def test_words_steer_and_unknown_ones_are_named(look: Look) -> None:
    page = look("red_tee.jpg")
    page.get_by_label("In words").fill("dress flurble")
    page.get_by_label("In words").press("Enter")
    expect(page.get_by_role("heading", name="One-pieces like this")).to_be_visible()
    expect(page.get_by_text("Not used, as no product is called so: “flurble”")).to_be_visible()
    assert all("Dress" in title for title in titles(page))


def test_link_is_shared_with_all_that_was_chosen(
    look: Look, open_page: Callable[..., Page]
) -> None:
    page = look("red_tee.jpg", "colour_weight=0.8&price_min=20")
    other = open_page(page.url)
    assert titles(other) == titles(page)
    assert other.get_by_label("What counts more").input_value() == "0.8"


def test_back_undoes_a_choice(look: Look) -> None:
    page = look("red_tee.jpg")
    before = titles(page)
    page.get_by_label("Highest price").fill("30")
    page.get_by_label("Highest price").press("Enter")
    expect(page).to_have_url(re.compile("price_max=30"))
    page.go_back()
    expect(page).not_to_have_url(re.compile("price_max"))
    expect(page.locator(".card-title").first).to_have_text(before[0])
    assert titles(page) == before


def test_more_results_are_loaded(look: Look) -> None:
    page = look("red_tee.jpg", "k=4", java_script_enabled=False)
    assert len(titles(page)) == 4
    page.get_by_role("link", name="Show more").click()
    expect(page.locator(".card").nth(5)).to_be_attached()
    assert "k=28" in page.url
    page = look("red_tee.jpg", "k=8", viewport=PHONE)
    assert len(titles(page)) == 8
    page.mouse.wheel(0, 3000)
    expect(page.locator(".card").nth(9)).to_be_attached()
    expect(page).to_have_url(re.compile("k=32"))


def test_nothing_close_is_reported_with_ways_to_relax(look: Look) -> None:
    page = look("red_tee.jpg", "price_max=1&brand=Nobody")
    expect(page.get_by_role("heading", name="Nothing matches")).to_be_visible()
    page.get_by_role("link", name="Drop all filters").click()
    expect(page.locator(".card").first).to_be_visible()


def test_distant_results_are_called_so(look: Look) -> None:
    page = look("red_tee.jpg", "in_colour=yellow&class=lower&colour_weight=1&category=Jeans")
    expect(page.get_by_text("Nothing close in this catalogue")).to_be_visible()
    expect(page.locator(".advice")).to_contain_text("Hardly any product has the same colour")
    words = page.locator(".close-word").all_inner_texts()
    assert words
    assert all(word.startswith(texts.closeness(DISTANT)) for word in words)
    expect(page.get_by_role("link", name="Look at style only, in any colour")).to_be_visible()


def test_lost_connection_is_reported(look: Look) -> None:
    page = look()
    page.context.set_offline(True)
    page.locator(".picks [aria-pressed=false]").first.click()
    expect(page.locator("#toast")).to_contain_text("The server cannot be reached")
    page.context.set_offline(False)


def test_photo_that_is_forgotten_gets_a_page_of_its_own(
    look: Look, kept_queries: dict[str, str]
) -> None:
    page, other = look("blue_jeans.jpg"), look("blue_jeans.jpg")
    kept_queries.pop("blue_jeans.jpg")
    other.get_by_text("Another photo").click()
    other.get_by_role("button", name="Forget this photo now").click()
    other.wait_for_url("**/")
    page.locator(".picks [aria-pressed=false]").first.click()
    expect(page.get_by_text("upload it again")).to_be_visible()
    expect(page.get_by_role("link", name="Search with a photo")).to_be_visible()


def test_value_of_a_facet_is_left_out_and_taken_back(look: Look) -> None:
    page = look("red_tee.jpg")
    page.locator("#facet-brand summary").click()
    name = page.locator("#facet-brand .value-name").nth(1).inner_text()
    page.get_by_role("link", name=f"Leave out {name}").click()
    expect(page.get_by_role("link", name=f"Remove Not {name}")).to_be_visible()
    assert name not in page.locator(".card-brand").all_inner_texts()
    page.get_by_role("link", name=f"Take {name} back in").click()
    expect(page.get_by_role("link", name=f"Remove Not {name}")).to_have_count(0)
    assert "not=" not in page.url
