from decimal import Decimal
from urllib.parse import parse_qsl

import pytest

from search_app.errors import BadRequest
from search_app.state import MAX_RESULTS, PageState, parse_state
from segmentation.classes import GarmentClass

FULL = PageState(
    garment=2,
    among=GarmentClass.LOWER,
    brand="A & B",
    category="Jeans",
    colour="blue",
    price_min=Decimal("9.50"),
    price_max=Decimal("80"),
    k=48,
    colour_weight=0.25,
    page=3,
)


@pytest.mark.parametrize("state", [PageState(), FULL, PageState(garment="photo")])
def test_state_survives_its_address(state: PageState) -> None:
    assert parse_state(dict(parse_qsl(state.query_string()))) == state


def test_address_of_the_defaults_is_bare() -> None:
    assert PageState().href("/q/abc") == "/q/abc"


def test_empty_fields_of_a_form_count_as_absent() -> None:
    fields = ("garment", "class", "brand", "price_min", "price_max", "k", "colour_weight")
    assert parse_state(dict.fromkeys(fields, " ")) == PageState()


def test_state_gives_filters_and_options() -> None:
    assert FULL.filters.price_max == Decimal("80")
    assert FULL.options.k == 48
    assert PageState().filters.is_empty


def test_k_is_bounded() -> None:
    assert parse_state({"k": "99999999999999999999"}).k == MAX_RESULTS


def test_comma_is_a_decimal_point() -> None:
    assert parse_state({"price_min": "9,50"}).price_min == Decimal("9.50")


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
        ("k", "0"),
        ("k", "1e3"),
        ("colour_weight", "1.5"),
        ("colour_weight", "nan"),
        ("page", "0"),
    ],
)
def test_value_that_cannot_be_is_refused(name: str, value: str) -> None:
    with pytest.raises(BadRequest):
        parse_state({name: value})
