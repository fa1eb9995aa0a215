"""Reads of the catalogue: filters, lists, facets, cards, counts."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from catalog.colours import Colour
from catalog.database import Database, open_database
from catalog.errors import CatalogError, ProductNotFound
from catalog.filtering.facets import (
    AttributeFacet,
    FacetValue,
    attribute_names,
    count_facets,
    facets,
)
from catalog.filtering.filters import Filters, parse_filters
from catalog.garments import allowed_garments, products_of_garments
from catalog.models import GarmentRow, PhotoRow, Product
from catalog.queries import (
    all_products,
    catalog_counts,
    list_products,
    product_by_id,
    product_cards,
    spread_products,
)
from catalog.records import SkipCount
from segmentation.classes import GarmentClass
from tests.databases import migrated_database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    """A filled database to write to, on SQLite and on a real PostgreSQL server."""
    yield from _filled(request, tmp_path_factory)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def session(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Session]:
    """A session on a filled database that nobody writes to."""
    for database in _filled(request, tmp_path_factory):
        with database.session() as reading:
            yield reading


def _filled(request: pytest.FixtureRequest, folders: pytest.TempPathFactory) -> Iterator[Database]:
    """Three products: a red Acme shirt in stock, blue Acme jeans, a skipped Élan hat."""
    server = request.getfixturevalue("postgresql_server")
    url = None if request.param == "sqlite" else migrated_database(server)
    database = open_database(folders.mktemp("data"), url)
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
            PhotoRow(product_id="c", source="c.jpg", status="skipped", skip_stage="segment",
                  skip_code="no_garment", skip_reason="none found")
        )  # fmt: skip
        session.flush()
        session.add_all([_garment(1, 1, "red"), _garment(2, 1, "pink"), _garment(3, 3, "blue")])
    yield database
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


def _photo(product_id: str, position: int) -> PhotoRow:
    name = f"{product_id}{position}"
    return PhotoRow(
        product_id=product_id, source=f"{name}.jpg", position=position, status="indexed",
        sha256=name, stored=f"{name}.jpg",
    )  # fmt: skip


def _garment(photo_id: int, garment_class: int, colour: str) -> GarmentRow:
    return GarmentRow(
        photo_id=photo_id, garment_class=garment_class, score=0.9, area=0.5, x0=0.1, y0=0.2,
        x1=0.8, y1=0.9, main_colour=colour,
        colours=(Colour(colour, "#ff0000", 0.75),),
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
        (["class=upper"], [1, 2]),
        (["class=upper", "colour=blue"], []),
        (["colour=#c01f2b"], [1]),
        (["brand!=Acme"], []),
        (["category!=shirt"], [3]),
        (["colour!=red"], [2, 3]),
        (["colour!=Crimson"], [3]),
        (["colour!=#2a5cb8"], [1, 2]),
        (["class!=upper"], [3]),
        (["fit!=x"], [1, 2]),
        (["brand=acme", "size!=m", "price_max=80"], [3]),
    ],
)
def test_filters_pass_exactly_the_garments_they_should(
    session: Session, texts: list[str], garments: list[int]
) -> None:
    filters = parse_filters(texts, attribute_names(session))
    assert list(allowed_garments(session, filters)) == garments
    products = {page.id for page in list_products(session, filters=filters).products}
    expected = set(products_of_garments(session, garments).values())
    assert products - {"c"} == expected


def test_a_filter_can_be_bound_to_a_class(session: Session) -> None:
    assert list(allowed_garments(session, Filters(), GarmentClass.LOWER)) == [3]


@pytest.mark.parametrize("spelling", ["Élan", "élan", "ÉLAN"])
def test_an_accented_brand_is_found(session: Session, spelling: str) -> None:
    (product,) = list_products(session, filters=parse_filters([f"brand={spelling}"])).products
    assert product.id == "c"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("brand", "not FIELD=VALUE; use one of class, brand, category, colour, .*, fit, size"),
        ("brand=", "not FIELD=VALUE"),
        ("price_min=cheap", "price_min"),
        ("sise=M", "no field 'sise'; did you mean size"),
        ("sise!=M", "no field 'sise'; did you mean size"),
        ("waist=M", "no field 'waist'; use one of class, .*, fit, size"),
        ("class=hat", "upper, whole, lower"),
        ("class=uper", "did you mean upper"),
        ("price_min!=3", "price_min or price_max"),
    ],
)
def test_a_filter_that_cannot_be_is_refused_with_the_fields_that_exist(
    session: Session, text: str, words: str
) -> None:
    with pytest.raises(CatalogError, match=words):
        parse_filters([text], attribute_names(session))


def test_a_field_wanted_twice_is_refused(session: Session) -> None:
    with pytest.raises(CatalogError, match="brand is given twice"):
        parse_filters(["brand=Acme", "brand=Other"])


def test_attribute_rows_follow_the_products(database: Database) -> None:
    with database.transaction() as writing:
        writing.get_one(Product, "a").attributes = {"size": "XL", "made_in": "Peru"}
        writing.delete(writing.get_one(Product, "b"))
    with database.session() as reading:
        assert attribute_names(reading) == ("made_in", "size")
        assert list(allowed_garments(reading, parse_filters(["size=M"]))) == []
        assert list(allowed_garments(reading, parse_filters(["size=xl"]))) == [1, 2]


@pytest.mark.parametrize(
    ("texts", "index"),
    [
        (["brand=Acme"], "ix_product_brand_lower"),
        (["category=Shirt"], "ix_product_category_lower"),
        (["availability=in stock"], "ix_product_availability_lower"),
        (["price_min=20", "price_max=30"], "ix_product_price"),
        (["size=M"], "ix_attribute_name_value"),
        (["colour=red"], "ix_garment_main_colour"),
        (["colour=#c01f2b"], "ix_product_colour_lower"),
        (["class=upper"], "ix_garment_garment_class"),
        (["brand=Acme", "colour!=red", "category!=Hat"], "ix_product_brand_lower"),
    ],
)
def test_every_filter_is_answered_by_an_index(tmp_path: Path, texts: list[str], index: str) -> None:
    database = open_database(tmp_path)
    plans: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, values: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            rows = connection.connection.execute(f"EXPLAIN QUERY PLAN {statement}", values)
            plans.extend(row[3] for row in rows)

    event.listen(database.engine, "before_cursor_execute", explain)
    with database.session() as session:
        allowed_garments(session, parse_filters(texts))
    database.close()
    assert any(index in line for line in plans)
    tables = [line for line in plans if line.startswith("SCAN") and "SUBQUERY" not in line]
    assert not [line for line in tables if re.fullmatch(r"SCAN (product|photo|garment)", line)]


def test_no_read_takes_more_statements_for_more_rows(
    database: Database, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Whether the catalogue is large is asked however fast the machine counts.
    monkeypatch.setattr("catalog.filtering.facets.SLOW", -1.0)

    def statements() -> list[int]:
        counts = []
        for read in READS:
            seen: list[str] = []
            note = partial(_note_select, seen)
            event.listen(database.engine, "before_cursor_execute", note)
            with database.session() as reading:
                read(reading)
            event.remove(database.engine, "before_cursor_execute", note)
            counts.append(len(seen))
        return counts

    before = statements()
    with database.transaction() as writing:
        for number in range(40):
            writing.add(_product(f"m{number}", "More", f"B{number}", "9.00", "new", {"size": "S"}))
        writing.flush()
        writing.add_all([_photo(f"m{number}", 0) for number in range(40)])
        writing.flush()
        photos = writing.scalars(select(PhotoRow.id).where(PhotoRow.product_id.like("m%")))
        writing.add_all([_garment(photo_id, 1, "red") for photo_id in photos])
    assert statements() == before


def _note_select(seen: list[str], *details: Any) -> None:
    if details[2].startswith(("SELECT", "WITH")):
        seen.append(details[2])


READS: tuple[Callable[[Session], object], ...] = (
    lambda session: list(all_products(session)),
    lambda session: list_products(session, filters=parse_filters(["class=upper"])),
    lambda session: facets(session, parse_filters(["size!=L"]), attributes=("size",)),
    lambda session: product_cards(session, range(1, 50)),
    lambda session: products_of_garments(session, range(1, 50)),
    lambda session: allowed_garments(session, parse_filters(["brand!=x"])),
    lambda session: product_by_id(session, "a"),
    catalog_counts,
    attribute_names,
    lambda session: spread_products(session, 12, 2000),
)


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


@pytest.mark.parametrize(
    ("ends_in", "cheap", "dearest"), [(1, [3], "24.90"), (-1, [], "79.00")], ids=["now", "over"]
)
def test_filters_facets_and_lists_go_by_the_price_in_force(
    database: Database, ends_in: int, cheap: list[int], dearest: str
) -> None:
    with database.transaction() as writing:
        jeans = writing.get_one(Product, "b")
        jeans.sale_price = Decimal("19.90")
        jeans.sale_end = datetime.now(UTC) + timedelta(days=ends_in)
    with database.session() as session:
        assert list(allowed_garments(session, parse_filters(["price_max=20"]))) == cheap
        assert facets(session).price_max == Decimal(dearest)
        listed = {each.id: each for each in list_products(session).products}["b"]
        assert listed.price == Decimal("19.90" if cheap else "79.00")
        assert listed.regular_price == Decimal("79.00")


def test_products_are_spread_over_the_catalogue(database: Database) -> None:
    added = [_product(f"x{n:02}", f"X {n:02}", "B", None, None, {}) for n in range(22)]
    added[0].availability = "out of stock"
    with database.transaction() as writing:
        writing.add_all(added)
    with database.session() as session:
        spread = [each.title for each in spread_products(session, 4, 2000)]
        near = [each.title for each in spread_products(session, 2, 3)]
        every = spread_products(session, 30, 2000)
    assert spread == ["Blue jeans", "X 04", "X 10", "X 16"]
    assert near == ["Blue jeans", "Hat"]
    assert len(every) == 24


def test_facets_look_for_the_garments_that_pass_once(session: Session) -> None:
    statements: list[str] = []
    engine = session.get_bind()
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    count_facets(session, parse_filters(["kind=shirt"]), 50, ())
    assert [each.count("garment.kind = ") for each in statements if "WITH" in each][-1] == 1


def test_each_facet_is_counted_under_the_other_filters(session: Session) -> None:
    found = facets(session, parse_filters(["category=shirt"]), attributes=("size", "fit"))
    assert found.brands == (FacetValue("Acme", 1),)
    assert {each.value for each in found.categories} == {"shirt", "jeans", "Hat"}
    assert {each.value for each in found.colours} == {"crimson", "red", "pink"}
    assert found.classes == (FacetValue("upper", 1),)
    assert (found.price_min, found.price_max) == (Decimal("24.90"), Decimal("24.90"))
    assert found.attributes == (
        AttributeFacet("size", (FacetValue("M", 1),)),
        AttributeFacet("fit", ()),
    )
    excluded = facets(session, parse_filters(["size=L", "brand!=Acme"]), attributes=("size",))
    assert excluded.brands == (FacetValue("Acme", 1),)
    assert excluded.categories == ()
    assert excluded.attributes[0].values == ()


def test_the_class_of_a_search_narrows_its_facets(session: Session) -> None:
    found = facets(session, Filters(garment_class=GarmentClass.LOWER))
    assert found.colours == (FacetValue("blue", 1),)
    assert found.classes == (FacetValue("upper", 1), FacetValue("lower", 1))


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


def test_counts_are_right_after_every_change(database: Database) -> None:
    def brands() -> tuple[FacetValue, ...]:
        with database.session() as reading:
            return facets(reading).brands

    assert brands() == brands() == (FacetValue("Acme", 2), FacetValue("Élan", 1))
    with database.transaction() as writing:
        writing.get_one(Product, "a").brand = "Élan"
    assert FacetValue("Élan", 2) in brands()
    with database.transaction() as writing:
        writing.delete(writing.get_one(Product, "c"))
    assert FacetValue("Élan", 1) in brands()
