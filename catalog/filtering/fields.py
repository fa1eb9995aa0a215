"""Names and bounds of filters; importing them loads nothing heavy."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Final

FILTER_FIELDS: Final = (
    "class", "brand", "category", "colour", "availability", "price_min", "price_max",
    "kind", "pattern", "sleeve", "length", "worn_with",
)  # fmt: skip
"""Fields of a filter; any other name is an attribute."""
MAX_FILTERS: Final = 100
"""Largest number of filters at once; databases limit the depth of an expression."""


def name_remedy(name: str, known: Iterable[str]) -> str:
    """A hint for an unknown name: the nearest known one, else the list of them."""
    names = list(dict.fromkeys(known))
    near = get_close_matches(name.lower(), names, 1)
    return f"did you mean {near[0]}?" if near else f"use one of {', '.join(names)}"
