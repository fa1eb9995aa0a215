"""Text queries against a small catalogue, on SQLite and on a real PostgreSQL server."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.colours import Colour
from catalog.database import Database, open_database
from catalog.filtering.comparison import Shown, relative_to
from catalog.filtering.filters import Filters
from catalog.filtering.product_text import parts_of
from catalog.filtering.vocabulary import folded, meanings
from catalog.filtering.word_conditions import understand
from catalog.filtering.word_parser import parse_words
from catalog.filtering.word_query import Term
from catalog.filtering.word_search import finds_any
from catalog.models import GarmentRow, PhotoRow, Product
from catalog.queries import list_products
from indexing.search.searcher import products_by_certainty
from segmentation.classes import GarmentClass
from tests.databases import migrated_database
from tests.old_folders.unpack import unpack

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER


@dataclass(frozen=True)
class Sold:
    """A product with one garment and what was predicted of it."""

    title: str
    garment_class: GarmentClass
    kind: str
    main_colour: str
    brand: str = ""
    category: str = ""
    colour: str = ""
    attributes: dict[str, str] = field(default_factory=dict)
    pattern: str | None = "plain"
    sleeve: str | None = None


CATALOGUE = {
    "blazer": Sold("Pinstripe blazer", UPPER, "Blazer", "navy", "Nordlys", pattern="striped"),
    "blazer-lines": Sold("Striped blazer", UPPER, "Blazer", "black", "Acme", pattern="striped"),
    "skirt-roses": Sold("Floral skirt", LOWER, "Skirt", "pink", pattern=None),
    "skirt-pleats": Sold("Pleated skirt", WHOLE, "Dress", "green", "Nordlys"),
    "rock": Sold("Geblümter Sommerrock", LOWER, "Skirt", "red", pattern="floral"),
    "tee": Sold("Checkout tee", UPPER, "T-Shirt", "white", category="T-Shirts"),
    "bodywarmer": Sold("Quilted bodywarmer", UPPER, "Outwear", "olive", "Ánimo"),
    "dress": Sold("Linda", WHOLE, "Dress", "black", category="Dresses", colour="Charcoal"),
    "robe": Sold("Robe d'été à pois", WHOLE, "Dress", "white", pattern=None, colour="Blanc cassé"),
    "jumper": Sold("Ribbed jumper", UPPER, "Longsleeve", "grey", colour="Heather Grey"),
    "shirt": Sold("Oxford", UPPER, "Shirt", "light blue", attributes={"Material": "Leinen"}),
    "tunic": Sold("Straße 5", UPPER, "Blouse", "beige", category="Blusen", sleeve="short"),
}


def _fill(database: Database) -> None:
    with database.transaction() as session:
        for product_id, sold in CATALOGUE.items():
            session.add(
                Product(
                    id=product_id, title=sold.title, brand=sold.brand or None,
                    category=sold.category or None, colour=sold.colour or None,
                    attributes=sold.attributes,
                )
            )  # fmt: skip
            session.flush()
            photo = PhotoRow(product_id=product_id, source=f"{product_id}.jpg", status="indexed")
            session.add(photo)
            session.flush()
            session.add(_garment(photo.id, sold))


def _garment(photo_id: int, sold: Sold) -> GarmentRow:
    certainties = {"kind": 0.9} | ({"pattern": 0.8} if sold.pattern else {})
    return GarmentRow(
        photo_id=photo_id, garment_class=int(sold.garment_class), score=0.9, area=0.5, x0=0.1,
        y0=0.1, x1=0.9, y1=0.9, main_colour=sold.main_colour, lightness=50.0,
        colours=(Colour(sold.main_colour, "#000000", 0.9),), kind=sold.kind,
        pattern=sold.pattern, sleeve=sold.sleeve, certainties=certainties,
    )  # fmt: skip


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    server = request.getfixturevalue("postgresql_server")
    url = None if request.param == "sqlite" else migrated_database(server)
    database = open_database(tmp_path_factory.mktemp("data"), url)
    _fill(database)
    yield database
    database.close()


@pytest.fixture(scope="module")
def session(database: Database) -> Iterator[Session]:
    with database.session() as session:
        yield session


@pytest.mark.parametrize("garment_class", [None, UPPER, LOWER])
@pytest.mark.parametrize(
    "text", ["skirt", "blazer -navy", "white skirt", "Nordlys", "sneakers", "-skirt", "linda red"]
)
@pytest.mark.parametrize("brand", [None, "Acme", "Nobody"])
def test_any_is_found_where_a_search_finds_some(
    session: Session, text: str, garment_class: GarmentClass | None, brand: str | None
) -> None:
    filters = Filters(brand=brand, words=understand(session, text).query)
    some = products_by_certainty(session, filters, 5, garment_class)
    assert finds_any(session, filters, garment_class) == bool(some)


def found(session: Session, text: str) -> list[str]:
    """Product ids that a text query finds, the best first."""
    filters = Filters(words=understand(session, text).query)
    ids = [hit.garment_id for hit in products_by_certainty(session, filters, 100)]
    rows = session.execute(
        select(GarmentRow.id, PhotoRow.product_id).join(
            PhotoRow, GarmentRow.photo_id == PhotoRow.id
        )
    )
    products = {row[0]: row[1] for row in rows}
    return [products[each] for each in ids]


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("pinstripe blazer", ["blazer", "blazer-lines"]),
        ("striped blazer", ["blazer-lines", "blazer"]),
        ("Nordlys", ["blazer", "skirt-pleats"]),
        ("nordlys skirt", ["skirt-pleats"]),  # though its garment was taken for a dress
        ("floral skirt", ["skirt-roses", "rock"]),
        ("animo", ["bodywarmer"]),
        ("linen shirt", ["shirt"]),
        ("straße", ["tunic"]),
        ("STRASSE", ["tunic"]),
        ("blouse short sleeves", ["tunic"]),
    ],
)
def test_words_find_what_the_feed_calls_so(
    session: Session, text: str, products: list[str]
) -> None:
    assert found(session, text) == products


@pytest.mark.parametrize(
    ("text", "products"),
    [
        ("grey", {"dress", "jumper"}),
        ("white dress", {"robe"}),
        ("geblümter Rock", {"skirt-roses", "rock"}),
        ("green skirt", {"skirt-pleats"}),
        ("jupe fleurie", {"skirt-roses", "rock"}),
        ("falda de flores", {"skirt-roses", "rock"}),
        ("gonna a fiori", {"skirt-roses", "rock"}),
        ("gebloemde rok", {"skirt-roses", "rock"}),
        ("dotted dress", {"robe"}),
        ("blazer or skirt -floral", {"blazer", "blazer-lines", "skirt-pleats"}),
        ("dress not grey", {"robe"}),
        ("tee or blouse", {"tee", "tunic"}),
        ("-nordlys blazer", {"blazer-lines"}),
    ],
)
def test_predictions_and_texts_of_all_languages_are_searched_together(
    session: Session, text: str, products: set[str]
) -> None:
    assert set(found(session, text)) == products


def test_darker_and_lighter_go_by_the_main_colour(database: Database) -> None:
    with database.transaction() as session:
        lightness = {"blazer": 20.0, "tee": 90.0, "dress": 15.0}
        for row, product_id in session.execute(
            select(GarmentRow, PhotoRow.product_id).join(PhotoRow)
        ):
            row.lightness = lightness.get(product_id, 50.0)
        session.flush()

        def passing(text: str) -> set[str]:
            words = relative_to(parse_words(text), Shown({}, 45.0))
            listed = list_products(session, page_size=50, filters=Filters(words=words))
            return {each.id for each in listed.products}

        assert passing("darker") == {"blazer", "dress"}
        assert passing("lighter") == {"tee"}
        assert passing("darker blazer") == {"blazer"}
        session.rollback()


def test_only_whole_words_count(session: Session) -> None:
    assert found(session, "bodysuit") == []
    assert found(session, "checked tee") == []
    assert found(session, "dress green") == []  # a "Pleated skirt" is not a dress


def test_what_may_be_of_a_kind_is_found_where_nothing_is_known_to_be(database: Database) -> None:
    with database.transaction() as session:
        for name, colour in (("mh03", "green"), ("mh04", "red"), ("Green tee", "green")):
            session.add(Product(id=name, title=name))
            session.flush()
            photo = PhotoRow(product_id=name, source=f"{name}.jpg", status="indexed")
            session.add(photo)
            session.flush()
            garment = _garment(photo.id, Sold(name, UPPER, "", colour))
            garment.kind, garment.certainties = None, {}
            session.add(garment)
        session.flush()
        assert found(session, "green hoodie") == ["mh03"]
        assert understand(session, "green hoodie").unsure == ("hoodie",)
        assert found(session, "green blazer") == ["mh03"]  # no blazer is green
        assert not understand(session, "blazer").unsure
        assert set(found(session, "blazer")) == {"blazer", "blazer-lines"}
        session.rollback()


def test_unknown_words_are_named_and_missing_goods_too(session: Session) -> None:
    understood = understand(session, "white flurble sneakers -zipper, flurble")
    assert understood.unknown == ("flurble", "zipper")
    assert understood.missing == ("sneakers",)
    assert found(session, "white sneakers") == []
    assert set(found(session, "white flurble")) == {"tee", "robe"}
    assert understand(session, "flurble").query.is_empty


def test_a_changed_text_is_found_at_once(database: Database) -> None:
    with database.transaction() as session:
        product = session.get_one(Product, "shirt")
        product.title, product.attributes = "Zephyr", {"pattern": "Hahnentritt"}
        session.flush()
        assert found(session, "zephyr") == ["shirt"]
        assert found(session, "checked shirt") == ["shirt"]
        assert understand(session, "oxford linen").query.is_empty
        session.delete(product)
        session.flush()
        assert understand(session, "zephyr").query.is_empty
        session.rollback()


def test_exclusions_hold_for_products_without_a_garment(database: Database) -> None:
    with database.transaction() as session:
        session.add(Product(id="bare", title="Black dress"))
        session.flush()
        words = parse_words("-black")
        listed = list_products(session, page_size=50, filters=Filters(words=words)).products
        assert not {"bare", "blazer-lines", "dress"} & {each.id for each in listed}
        assert {"robe", "tee"} <= {each.id for each in listed}
        session.rollback()


def test_a_database_of_before_is_searched_after_its_migration(tmp_path: Path) -> None:
    database = open_database(unpack("0012", tmp_path))
    with database.session() as session:
        assert found(session, "nordlys dress") == ["p1"]
    database.close()


_SAID = st.one_of(
    st.sampled_from(sorted(meanings())),
    st.sampled_from([word for sold in CATALOGUE.values() for word in sold.title.split()]),
    st.sampled_from(
        ["-", "not ", "without ", " or ", ", ", '"', "*", "(", ":", "NEAR", "AND", "'"]
    ),
    st.text(max_size=8),
)


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None
)
@example(parts=["a fiori", "O:S"], joiner=" -")
@given(parts=st.lists(_SAID, max_size=8), joiner=st.sampled_from([" ", "", "-", " -"]))
def test_no_query_raises_or_returns_what_it_excludes(
    session: Session, parts: list[str], joiner: str
) -> None:
    text = joiner.join(parts)
    excluded = parse_words(text).excluded
    for product_id in found(session, text):
        for group in excluded:
            assert not all(_shows(CATALOGUE[product_id], term) for term in group), text


def _shows(sold: Sold, term: Term) -> bool:
    """Whether a product's text or prediction has a term; reads the text as a person would."""
    texts = replace(sold, category=f"{sold.category} {' '.join(sold.attributes.values())}")
    parts = [f" {folded(getattr(texts, part))} " for part in parts_of(term.concept.field)]
    says = lambda phrases: any(f" {folded(each)} " in part for each in phrases for part in parts)  # noqa: E731
    if says(term.concept.spellings) and not says(term.concept.unless):
        return True
    shown = {"kind": sold.kind, "colour": sold.main_colour}.get(
        term.concept.field, getattr(sold, term.concept.field, None)
    )
    is_named_otherwise = term.concept.field == "kind" and "skirt" in sold.title.lower()
    return term.concept.is_exact and shown in term.concept.predicted and not is_named_otherwise
