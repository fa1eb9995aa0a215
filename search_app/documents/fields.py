"""Types of the fields of several documents."""

from functools import partial
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from catalog.filtering.fields import MAX_FILTERS

ClassLabel = Literal["upper", "whole", "lower"]


PRICE: Final = "the price in force: the sale price during a sale"
CHANGED_PRICE: Final = "in force from now on; below regular_price it is a sale price"
REGULAR_PRICE: Final = "the price without a sale"


Rounded = Annotated[float, AfterValidator(partial(round, ndigits=4))]
"""A figure with four decimals."""


def _plain_text(text: str) -> str:
    if "\0" in text:
        raise ValueError("holds a zero byte")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("holds half a character (a lone surrogate)") from error
    return text


Text = Annotated[str, AfterValidator(_plain_text)]
"""Text from a client to store or search for; JSON can carry characters that no database takes."""


def without_empty(values: object) -> object:
    """A list without empty texts, which forms send for a list without entries."""
    if isinstance(values, list):
        return [each for each in values if each != ""]
    return values


FilterTexts = Annotated[
    list[Annotated[Text, Field(max_length=2200)]],
    BeforeValidator(without_empty),
    Field(max_length=MAX_FILTERS, description="FIELD=VALUE, or FIELD!=VALUE to exclude; repeated"),
]
"""Filters as they are sent."""
