"""The tab of products: find one, remove it, and who may."""

import html
import re

import pytest
from fastapi.testclient import TestClient

import search_app.admin.products
from indexing.collection import Collection
from search_app.app import create_app
from search_app.settings import Settings
from tests.search_app.admin.desk import token_on


def remove(admin: TestClient, *ids: str, text: str = "") -> str:
    form = {"csrf": token_on(admin), "product": ids, "text": text}
    answer = admin.post("/admin/products/remove", data=form)
    assert answer.status_code == 200, answer.text
    return answer.text


def products(page: str) -> list[str]:
    return re.findall(r'name="product" value="([^"]*)"', page)


def test_product_is_found_and_removed(admin: TestClient, own: Collection) -> None:
    assert len(products(admin.get("/admin/products").text)) == 4
    assert products(admin.get("/admin/products?text=crimson").text) == ["copy"]
    page = remove(admin, "copy", "copy", "gone", text="r")
    assert "Removed: 1." in page
    assert 'value="r"' in page
    assert products(page) == ["shirt", "=empty"]
    assert own.verify() == []
    assert sum(own.searchable().values()) == 2
    assert admin.get("/product/copy").status_code == 404


def test_product_page_leads_to_its_product(admin: TestClient) -> None:
    page = admin.get("/product/%3Dempty").text
    (address,) = re.findall(r'href="(/admin/products[^"]*)"', page)
    assert products(admin.get(address).text) == ["=empty"]


def test_pages_lead_to_each_other(admin: TestClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search_app.admin.products, "PAGE_SIZE", 1)
    pages = ["/admin/products?text=r"]
    found = []
    while len(pages) < 5:
        page = admin.get(pages[-1]).text
        found += products(page)
        hrefs = re.findall(r'class="button button-quiet button-small" href="([^"]*)"', page)
        onward = [html.unescape(each) for each in hrefs if f"page={len(pages) + 1}" in each]
        if not onward:
            break
        pages += onward
    assert sorted(found) == ["=empty", "copy", "shirt"]
    assert pages[1:] == [f"/admin/products?text=r&page={number}" for number in (2, 3)]


def test_page_after_the_last_and_nothing_chosen(admin: TestClient, own: Collection) -> None:
    assert "Nothing matches" in admin.get("/admin/products?page=99").text
    assert "Removed" not in remove(admin)
    assert own.status().products == 4


def test_without_a_session_nothing_is_shown_or_removed(own: Collection) -> None:
    with TestClient(create_app(Settings(data=own.data), own), "http://127.0.0.1:8000") as client:
        page = client.get("/admin/products").text
        assert 'name="key"' in page
        assert "shirt" not in page
        form = {"csrf": token_on(client), "product": "shirt"}
        assert client.post("/admin/products/remove", data=form).status_code == 401


def test_form_of_another_page_removes_nothing(admin: TestClient, own: Collection) -> None:
    form = {"csrf": "x" * 43, "product": "shirt"}
    assert admin.post("/admin/products/remove", data=form).status_code == 403
    assert own.status().products == 4
