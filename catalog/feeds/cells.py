"""CSV cells that spreadsheets do not run as formulas."""

from typing import Final

FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""Prefixes that make a spreadsheet evaluate a cell; the last four are those of wide letters."""


def safe_cell(text: str) -> str:
    """Prefix the text with a quote where a spreadsheet would evaluate it."""
    return f"'{text}" if text.startswith(FORMULA) else text


def plain_cell(text: str) -> str:
    """Undo `safe_cell`, and unwrap ="00123", which protects leading zeros."""
    if text.startswith('="') and text.endswith('"') and len(text) > 3:
        return text[2:-1]
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA) else text
