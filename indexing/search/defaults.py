"""Defaults of a search; importing them loads nothing."""

from typing import Final

DEFAULT_COLOUR_WEIGHT: Final = 0.3
"""Default share of colour in the score."""
RERANK_DEPTH: Final = 150
"""Number of nearest hits that are re-ranked by patch similarity."""
