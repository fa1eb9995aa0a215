"""The catalogue's own pages: browse, product, more like this, complete the look, words."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

Opener = Callable[..., Page]


def test_catalogue_is_browsed_and_filtered(open_page: Opener) -> None:
    page = open_page("/catalogue")
    expect(page.get_by_text("Page 1 of 2", exact=True)).to_be_visible()
    page.get_by_role("link", name="Next").click()
    expect(page.get_by_text("Page 2 of 2", exact=True)).to_be_visible()
    page.get_by_label("Title, brand or number").fill("dress")
    page.get_by_label("Title, brand or number").press("Enter")
    expect(page.get_by_role("link", name="Remove “dress”")).to_be_visible()
    assert all("Dress" in each for each in page.locator(".card-title").all_inner_texts())
    page.go_back()
    expect(page.get_by_text("Page 2 of 2", exact=True)).to_be_visible()


def test_product_page_leads_to_similar_ones(open_page: Opener) -> None:
    page = open_page("/catalogue")
    page.locator(".card:has(img) a").first.click()
    expect(page.locator(".gallery-photos img").first).to_be_visible()
    expect(page.get_by_role("heading", name="Find more like")).to_be_visible()
    expect(page.get_by_role("heading", name="Similar products")).to_be_visible()
    page.locator(".garments a").first.click()
    expect(page.get_by_role("heading", name="like this")).to_be_visible()
    expect(page).to_have_url(re.compile("/like/"))
    assert page.locator(".card").count() > 3


def test_more_like_a_result(look: Callable[..., Page]) -> None:
    page = look("red_tee.jpg")
    title = page.locator(".card-title").first.inner_text()
    page.get_by_role("link", name=f"Search with {title}").first.click()
    expect(page.get_by_role("heading", name=title)).to_be_visible()
    expect(page.locator(".found .card").first).to_be_visible()


def test_look_is_completed_with_other_classes(open_page: Opener) -> None:
    page = open_page("/catalogue")
    links = page.locator(".card-link").evaluate_all("all => all.map(each => each.href)")
    for link in links[:12]:
        page.goto(link)
        if page.get_by_role("heading", name="Complete the look").count():
            break
    expect(page.get_by_role("heading", name=re.compile("s worn with it")).first).to_be_visible()
    assert page.locator(".looks .card").count() >= 1


def test_words_alone_find_products(page: Page) -> None:
    page.get_by_label("Or describe it").fill("dress")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_role("heading", name="Results for your words")).to_be_visible()
    assert page.locator(".card").count() > 0
    assert "words=dress" in page.url


def test_unknown_address_is_a_page_too(open_page: Opener) -> None:
    page = open_page("/nowhere")
    expect(page.get_by_role("heading", name="Not found")).to_be_visible()
