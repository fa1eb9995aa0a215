"""Text in, a CSV cell that no spreadsheet takes for a formula out, and back."""

from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""What a cell begins with that a spreadsheet would calculate."""


def safe_cell(text: str) -> str:
    """The text; behind a quote where a spreadsheet would run it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def plain_cell(text: str) -> str:
    """What `safe_cell` was given."""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
