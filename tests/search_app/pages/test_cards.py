"""What a shopper's card says: sale, colours, sold out, the garment that matched, the order."""

import re
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from catalog.feeds.rows import Feed, ProductRow
from indexing.collection import Collection, open_collection
from search_app.app import create_app
from search_app.pages.cards import result_views
from search_app.pages.state import PageState
from search_app.settings import Settings
from tests.fakes import FakeEmbedder, draw_photo

SHOP = (
    ("tee-red", "red", "20", "12.50", "in stock", "tee"),
    ("tee-red-xl", "Red", "20", None, "in stock", "tee"),
    ("tee-blue", "blue", "20", None, "in stock", "tee"),
    ("shirt", "green", "9", None, "out of stock", None),
    ("vest", "black", None, None, "preorder", None),
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collection]:
    """An article in two colours, one on sale; a shirt that is sold out; a vest without a price."""
    folder = tmp_path_factory.mktemp("cards")
    rows = []
    for number, (name, colour, price, sale, stock, group) in enumerate(SHOP):
        draw_photo(folder / f"{name}.png", colour.lower(), notch=number)
        rows.append(
            ProductRow(
                id=name,
                title=name.capitalize(),
                photos=(f"{name}.png",),
                colour=colour,
                price=Decimal(price) if price else None,
                currency="EUR",
                availability=stock,
                sale_price=Decimal(sale) if sale else None,
                group=group,
                url=f"https://shop.example/{name}",
                description="Soft and warm.",
                attributes={"fit": "loose" if group else "slim", "gtin": "4006381333931"},
            )
        )
    collection = open_collection(folder / "data", FakeEmbedder())
    collection.index(Feed(rows=tuple(rows), folder=folder))
    yield collection
    collection.close()


@pytest.fixture
def client(shop: Collection) -> Iterator[TestClient]:
    with TestClient(create_app(Settings(data=shop.data), shop)) as client:
        yield client


def results(client: TestClient, tmp_path: Path, query: str = "") -> str:
    photo = draw_photo(tmp_path / "query.png", "red").read_bytes()
    answer = client.post("/search", files={"photo": ("a.png", photo)})
    return client.get(f"{answer.url.path}?{query}").text


def titles(html: str) -> list[str]:
    return re.findall(r'card-title">([^<]*)<', html)


def card(html: str, product: str) -> str:
    (found,) = re.findall(rf'<li class="card" id="\w+-{product}">.*?</li>', html, re.DOTALL)
    return str(found)


def test_sale_price_stands_in_front_and_the_old_one_is_struck(
    client: TestClient, tmp_path: Path
) -> None:
    for html in (results(client, tmp_path), client.get("/").text, client.get("/catalogue").text):
        assert re.search(r'class="sale">€12.50</strong>.*<s>€20.00</s>', card(html, "tee-red"))
    product = client.get("/product/tee-red").text
    assert product.index("€12.50") < product.index("<s>€20.00</s>") < product.index("Details")


def test_card_counts_the_other_colours_and_not_the_sizes(
    client: TestClient, tmp_path: Path
) -> None:
    html = results(client, tmp_path)
    assert "1 more colour<" in card(html, "tee-red")
    assert "more colour" not in card(html, "shirt")
    assert titles(html).count("Tee-blue") + titles(html).count("Tee-red-xl") == 0


def test_product_page_shows_its_colours(client: TestClient) -> None:
    page = client.get("/product/tee-blue").text
    colours = re.findall(r'<a href="(/product/[^"]+)"( aria-current="page")? title="(\w+)"', page)
    assert colours == [
        ("/product/tee-blue", ' aria-current="page"', "Blue"),
        ("/product/tee-red", "", "Red"),
    ]
    assert "Colours" not in client.get("/product/vest").text


def test_sold_out_product_stands_last_says_so_and_not_how_close_it_is(
    client: TestClient, tmp_path: Path
) -> None:
    html = results(client, tmp_path)
    assert titles(html)[-1] == "Shirt"
    assert "Sold out" in card(html, "shirt")
    assert "close-word" not in card(html, "shirt")
    assert "Pre-order" in card(html, "vest")
    assert "close-word" in card(html, "vest")


def test_results_and_catalogue_are_sorted_by_price(client: TestClient, tmp_path: Path) -> None:
    cheapest = ["Shirt", "Tee-red", "Vest"]
    assert titles(results(client, tmp_path, "sort=price")) == cheapest
    assert titles(results(client, tmp_path, "sort=-price")) == ["Tee-red", "Shirt", "Vest"]
    listed = ["Shirt", "Tee-red", "Tee-blue", "Tee-red-xl", "Vest"]
    assert titles(client.get("/catalogue?sort=price").text) == listed
    assert client.get("/catalogue?sort=name").status_code == 422


def test_own_columns_are_facets_but_numbers_for_machines_are_not(
    client: TestClient, tmp_path: Path
) -> None:
    html = results(client, tmp_path)
    assert 'name="with_fit" value="loose"' in html
    assert "gtin" not in html.lower()
    slim = results(client, tmp_path, "with_fit=slim")
    assert titles(slim) == ["Vest", "Shirt"]
    assert 'aria-label="Remove Fit: slim"' in slim


def test_price_and_shop_stand_before_the_attributes_and_ids_are_hidden(client: TestClient) -> None:
    page = client.get("/product/tee-blue").text
    order = ("€20.00", "https://shop.example/tee-blue", "Find more like", "Soft and warm.", "Fit")
    places = [page.index(each) for each in order]
    assert places == sorted(places)
    assert "4006381333931" not in page


def test_garment_that_matched_is_marked_where_several_are_worn(shop: Collection) -> None:
    query = shop.query_like(1)
    hit = shop.results(query)[0]
    together = replace(hit, garments_on_photo=2, box=(0.2, 0.1, 0.7, 0.5))
    (marked,) = result_views([together], PageState())
    (plain,) = result_views([replace(together, garments_on_photo=1)], PageState())
    assert marked.area is not None
    assert (marked.area.x, marked.area.y, marked.area.width, marked.area.height) == (20, 10, 50, 40)
    assert plain.area is None
