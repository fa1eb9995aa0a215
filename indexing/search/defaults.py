"""Defaults of a search; importing them loads nothing."""

from typing import Final

DEFAULT_COLOUR_WEIGHT: Final = 0.25
"""Default share of colour in the score."""
