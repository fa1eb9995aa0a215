"""Names that feeds give to columns, availability, currencies and WooCommerce's headings.

`names.json` lists them by meaning, separated by spaces: columns as plain names, words of
availability by their letters alone.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_TABLES: Final[Mapping[str, Mapping[str, str]]] = json.loads(
    Path(__file__).with_name("names.json").read_text(encoding="utf-8")
)


def names_by_meaning(table: str) -> dict[str, tuple[str, ...]]:
    """The names of each meaning in a table, in order of preference."""
    return {meaning: tuple(names.split()) for meaning, names in _TABLES[table].items()}


def meaning_by_name(table: str) -> dict[str, str]:
    """The meaning of each name in a table."""
    return {name: each for each, names in names_by_meaning(table).items() for name in names}


TECHNICAL_TYPES: Final = frozenset(names_by_meaning("technical_types")["not_sold_as"])
"""Types of products for a shop's software, which are not categories."""
HIDDEN: Final = frozenset(names_by_meaning("visibility_words")["hidden"])
"""States of products that no visitor finds in the shop, and words for "no"."""
