"""Names of Google's product categories, which feeds often give as numbers.

`google_taxonomy.tsv` holds the branch "Apparel & Accessories" of the public taxonomy.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Final

from catalog.feeds.rows import Record

_FILE: Final = Path(__file__).with_name("google_taxonomy.tsv")
_ROOT: Final = "Apparel & Accessories"
_GOOGLE_COLUMNS: Final = ("google_product_category", "google_shopping_google_product_category")
_NUMBERED: Final = re.compile(r"(\d{1,6})(?:\s+-\s+(.{1,500}))?")


def name_categories(records: Collection[Record], columns: Iterable[str]) -> Iterator[Record]:
    """Replace category numbers by names, one record at a time.

    Google's own columns are always read so; a column of `columns` only where every value is a
    number of the taxonomy, since a shop may number its categories itself.
    """
    numbered = {*_GOOGLE_COLUMNS, *(each for each in columns if _is_numbered(records, each))}
    yield from (_named(each, numbered) for each in records)


def category_name(text: str) -> str | None:
    """The path of "212" or "212 - Apparel & ..."; None for any other text."""
    found = _NUMBERED.fullmatch(text.strip())
    if found is None or found[1] not in _names():
        return None
    return found[2] or _names()[found[1]]


@cache
def _names() -> Mapping[str, str]:
    lines = _FILE.read_text(encoding="utf-8").splitlines()
    pairs = (line.split("\t") for line in lines if not line.startswith("#"))
    return {number: name if name == _ROOT else f"{_ROOT} > {name}" for number, name in pairs}


def _is_numbered(records: Iterable[Record], column: str) -> bool:
    texts = (text for each in records if (text := each.values.get(column)))
    return all(category_name(text) is not None for text in texts)


def _named(record: Record, columns: Iterable[str]) -> Record:
    names = {
        column: name
        for column in columns
        if (text := record.values.get(column)) and (name := category_name(text))
    }
    return replace(record, values={**record.values, **names}) if names else record
