"""Reads of the catalogue: filters, lists, facets, cards, counts."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

import pytest
from sqlalchemy import event
from sqlalchemy.orm import Session

from catalog.database import open_database
from catalog.errors import CatalogError, ProductNotFound
from catalog.models import Garment, Photo, Product
from catalog.queries import (
    FacetValue,
    Filters,
    SkipCount,
    all_products,
    allowed_garments,
    attribute_names,
    catalog_counts,
    facets,
    list_products,
    parse_filters,
    product_by_id,
    product_cards,
    products_of_garments,
)
from segmentation.classes import GarmentClass


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    """Three products: a red Acme shirt in stock, blue Acme jeans, a skipped Élan hat."""
    database = open_database(tmp_path)
    with database.transaction() as session:
        session.add_all(
            [
                _product("a", "Red shirt", "Acme", "24.90", "in stock", {"size": "M"}),
                _product("b", "Blue jeans", "Acme", "79.00", "sold out", {"size": "L", "fit": "x"}),
                _product("c", "Hat", "Élan", None, None, {}),
            ]
        )
        session.add_all([_photo("a", 0), _photo("a", 1), _photo("b", 0)])
        session.add(
            Photo(product_id="c", source="c.jpg", status="skipped", skip_stage="segment",
                  skip_code="no_garment", skip_reason="none found")
        )  # fmt: skip
        session.flush()
        session.add_all([_garment(1, 1, "red"), _garment(2, 1, "pink"), _garment(3, 3, "blue")])
    with database.session() as reading:
        yield reading
    database.close()


def _product(
    product_id: str,
    title: str,
    brand: str,
    price: str | None,
    availability: str | None,
    attributes: dict[str, str],
) -> Product:
    return Product(
        id=product_id,
        title=title,
        brand=brand,
        category=title.split()[-1],
        colour="Crimson" if product_id == "a" else None,
        price=Decimal(price) if price else None,
        currency="EUR",
        availability=availability,
        attributes=attributes,
    )


def _photo(product_id: str, position: int) -> Photo:
    name = f"{product_id}{position}"
    return Photo(
        product_id=product_id, source=f"{name}.jpg", position=position, status="indexed",
        sha256=name, stored=f"{name}.jpg",
    )  # fmt: skip


def _garment(photo_id: int, garment_class: int, colour: str) -> Garment:
    return Garment(
        photo_id=photo_id, garment_class=garment_class, score=0.9, area=0.5, x0=0.1, y0=0.2,
        x1=0.8, y1=0.9, main_colour=colour,
        colours=[{"name": colour, "hex": "#ff0000", "share": 0.75}],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("texts", "garments"),
    [
        ([], [1, 2, 3]),
        (["brand=acme"], [1, 2, 3]),
        (["brand=acm"], []),
        (["category=SHIRT"], [1, 2]),
        (["colour=crimson"], [1, 2]),
        (["color=Pink"], [2]),
        (["colour=blue"], [3]),
        (["availability=in stock"], [1, 2]),
        (["price_min=24.90", "price_max=24.90"], [1, 2]),
        (["price_min=25"], [3]),
        (["price_max=24.89"], []),
        (["size=m"], [1, 2]),
        (["size=L", "fit=x"], [3]),
        (["size=M", "brand=Other"], []),
    ],
)
def test_filters_pass_exactly_the_garments_they_should(
    session: Session, texts: list[str], garments: list[int]
) -> None:
    filters = parse_filters(texts, attribute_names(session))
    assert allowed_garments(session, filters) == garments
    products = {page.id for page in list_products(session, filters=filters).products}
    expected = set(products_of_garments(session, garments).values())
    assert products - {"c"} == expected


def test_a_filter_can_be_bound_to_a_class(session: Session) -> None:
    assert allowed_garments(session, Filters(), GarmentClass.LOWER) == [3]


def test_an_accented_brand_is_found(session: Session) -> None:
    (product,) = list_products(session, filters=parse_filters(["brand=Élan"])).products
    assert product.id == "c"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("brand", "not FIELD=VALUE"),
        ("brand=", "not FIELD=VALUE"),
        ("price_min=cheap", "price_min"),
        ("sise=M", "no field 'sise'"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_the_fields_that_exist(
    session: Session, text: str, words: str
) -> None:
    with pytest.raises(CatalogError, match=words) as caught:
        parse_filters([text], attribute_names(session))
    if "price" not in text:
        assert "brand, category, colour" in str(caught.value)
        assert "fit, size" in str(caught.value)


def test_cards_hold_garment_photo_and_product_in_one_query(session: Session) -> None:
    statements: list[str] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    cards = product_cards(session, [3, 1, 99])
    assert sum(statement.startswith("SELECT") for statement in statements) == 1
    assert sorted(cards) == [1, 3]
    card = cards[1]
    assert (card.product_id, card.title, card.price) == ("a", "Red shirt", Decimal("24.90"))
    assert (card.photo, card.photo_id) == ("a0.jpg", 1)
    assert card.box == (0.1, 0.2, 0.8, 0.9)
    assert [(colour.name, colour.share) for colour in card.colours] == [("red", 0.75)]


def test_product_with_its_photos_in_order(session: Session) -> None:
    detail = product_by_id(session, "a")
    assert detail.row.photos == ("a0.jpg", "a1.jpg")
    assert [photo.garment_ids for photo in detail.photos] == [(1,), (2,)]
    assert product_by_id(session, "c").photos[0].skip_code == "no_garment"
    with pytest.raises(ProductNotFound, match="'x'"):
        product_by_id(session, "x")


def test_list_goes_page_by_page_in_order_of_title(session: Session) -> None:
    first = list_products(session, page=1, page_size=2)
    second = list_products(session, page=2, page_size=2)
    assert [product.id for product in first.products + second.products] == ["b", "c", "a"]
    assert (first.total, second.total) == (3, 3)
    assert [product.photo_id for product in first.products + second.products] == [3, None, 1]


def test_list_finds_text_literally(session: Session) -> None:
    assert [product.id for product in list_products(session, text="SHIRT").products] == ["a"]
    assert list_products(session, text="%").products == ()


def test_facets_count_products(session: Session) -> None:
    found = facets(session)
    assert found.brands == (FacetValue("Acme", 2), FacetValue("Élan", 1))
    assert FacetValue("crimson", 1) in found.colours
    assert FacetValue("red", 1) in found.colours
    assert (found.price_min, found.price_max) == (Decimal("24.90"), Decimal("79.00"))
    assert len(facets(session, limit=1).categories) == 1


def test_counts(session: Session) -> None:
    counts = catalog_counts(session)
    assert (counts.products, counts.photos_indexed, counts.photos_skipped) == (3, 3, 1)
    assert counts.garments == {
        GarmentClass.UPPER: 2,
        GarmentClass.WHOLE: 0,
        GarmentClass.LOWER: 1,
    }
    assert counts.skips == (SkipCount("segment", "no_garment", 1),)


def test_all_products_in_order_of_id(session: Session) -> None:
    rows = list(all_products(session))
    assert [row.id for row in rows] == ["a", "b", "c"]
    assert rows[0].photos == ("a0.jpg", "a1.jpg")
