"""Names and bounds of filters; importing them loads nothing."""

from typing import Final

FILTER_FIELDS: Final = (
    "class", "brand", "category", "colour", "availability", "price_min", "price_max",
    "kind", "pattern", "sleeve", "length", "worn_with",
)  # fmt: skip
"""Fields of a filter; any other name is an attribute."""
MAX_FILTERS: Final = 100
"""Largest number of filters at once; databases limit the depth of an expression."""
