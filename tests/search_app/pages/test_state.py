from decimal import Decimal

import pytest
from starlette.datastructures import QueryParams

from search_app.errors import BadRequest
from search_app.pages.state import MAX_RESULTS, PageState, parse_state
from search_app.search.query_photo import Region
from segmentation.classes import GarmentClass

FULL = PageState(
    pick=(2,),
    among=GarmentClass.LOWER,
    text="tee",
    brand="A & B",
    category="Jeans",
    colour="blue",
    availability="in stock",
    attributes=(("material", "Linen & wool"), ("neck_line", "v")),
    sort="-price",
    price_min=Decimal("9.50"),
    price_max=Decimal("80"),
    unwanted=(("brand", "Ostra"), ("colour", "red")),
    excluded=("a/1", "b 2"),
    k=48,
    colour_weight=0.35,
    page=3,
)


REGION = Region(10, 0, 55, 100)


def parsed(query: str) -> PageState:
    return parse_state(QueryParams(query))


@pytest.mark.parametrize(
    "state",
    [
        PageState(),
        FULL,
        PageState(pick="photo"),
        PageState(pick=(0, 3)),
        PageState(pick=REGION, among=GarmentClass.WHOLE),
    ],
)
def test_state_survives_its_address(state: PageState) -> None:
    assert parsed(state.href("").lstrip("?")) == state


def test_region_lies_on_the_photo_in_pixels() -> None:
    assert REGION.box(200, 300) == (20, 0, 110, 300)
    assert parsed("left=-5&top=10.4&right=300&bottom=90").pick == Region(0, 10, 100, 90)


def test_form_keeps_all_but_what_it_sets() -> None:
    names = [name for name, _ in FULL.pairs("garment", "k")]
    assert "garment" not in names
    assert names.count("exclude") == 2


def test_address_of_the_defaults_is_bare() -> None:
    assert PageState().href("/q/abc") == "/q/abc"


def test_empty_fields_of_a_form_count_as_absent() -> None:
    fields = ("garment", "class", "brand", "price_min", "price_max", "k", "colour_weight")
    assert parsed("&".join(f"{name}=+" for name in fields)) == PageState()


def test_state_gives_filters_and_options() -> None:
    assert FULL.filters.price_max == Decimal("80")
    assert FULL.options.k == 48 + 2
    assert FULL.filters.attributes == FULL.attributes
    assert FULL.filters.excluded == (("brand", "Ostra"), ("colour", "red"))
    assert PageState().filters.is_empty


def test_k_is_bounded() -> None:
    assert parsed("k=99999999999999999999").k == MAX_RESULTS


def test_comma_is_a_decimal_point() -> None:
    assert parsed("price_min=9,50").price_min == Decimal("9.50")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("garment", "-1"),
        ("garment", "²"),
        ("class", "shoes"),
        ("class", "background"),
        ("price_min", "cheap"),
        ("price_max", "NaN"),
        ("price_max", "-3"),
        ("sort", "brand"),
        ("not", "brand"),
        ("not", "id=7"),
        ("k", "0"),
        ("k", "1e3"),
        ("colour_weight", "1.5"),
        ("colour_weight", "nan"),
        ("page", "0"),
    ],
)
def test_value_that_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadRequest):
        parse_state(QueryParams({name: value}))


def test_region_inside_out_is_refused() -> None:
    with pytest.raises(BadRequest, match="left must be below right"):
        parsed("left=50&top=10&right=20&bottom=90")
    with pytest.raises(BadRequest, match="numbers"):
        parsed("left=a&top=10&right=20&bottom=nan")
