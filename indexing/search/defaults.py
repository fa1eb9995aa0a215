"""Defaults of a search; importing them loads nothing."""

from typing import Final

DEFAULT_COLOUR_WEIGHT: Final = 0.25
"""Default share of colour in the score."""
NAMED_COLOUR_WEIGHT: Final = 0.4
"""Least share of colour in the score of a search for the same garment in a named colour."""
