"""Parse availability words and stock counts of many shops into one enumeration."""

import re
import unicodedata
from enum import StrEnum
from functools import lru_cache
from typing import Final

from catalog.feeds.names import meaning_by_name

LONGEST: Final = 100
"""Longer cells are rejected."""


class Availability(StrEnum):
    """Whether a product can be bought; the catalogue stores the values."""

    IN_STOCK = "in stock"
    OUT_OF_STOCK = "out of stock"
    PREORDER = "preorder"
    BACKORDER = "backorder"
    DISCONTINUED = "discontinued"
    IN_STORE_ONLY = "in store only"


SOLD_OUT: Final = (Availability.OUT_OF_STOCK.value, Availability.DISCONTINUED.value)
"""Values of products that cannot be bought."""


def _letters(text: str) -> str:
    """The letters without accents, and digits."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if each.isalnum())


_REMARK: Final = re.compile(r"[/|,;(–-]|\s(?:in|within|ab|dans|sous|en|entro|tra|binnen)\s")
"""Start of a remark: "in stock (ships in 3 days)"."""
_TERM: Final = re.compile(r"^https?://.*/(?=.)|/$|^schema:")
"""Text around the word in "https://schema.org/InStock"."""
_COUNT: Final = re.compile(r"\D{0,30}?(-?\d{1,12})(?:[.,]\d{1,6}| ?[-–] ?\d{1,6})?\+?(\D{0,30})")
_AFTER_COUNT: Final = frozenset(
    "left available pcs pieces piece units items st stk stuck stuks unidades ks szt".split()
)
_BY_SPELLING: Final = {
    _letters(name): Availability(value)
    for name, value in meaning_by_name("availability_words").items()
}
"""Words that are the whole text."""
_BY_PART: Final = {
    _letters(name): Availability(value)
    for name, value in meaning_by_name("availability_parts").items()
}
"""Words within a longer text, such as "currently out of stock"; the first that is there counts."""
_ABSENT: Final = frozenset({"", "n/a", "na", "null", "-", "unknown"})


@lru_cache(maxsize=1_000)
def read_availability(text: str) -> Availability | None:
    """Parse a word, a schema.org address or a stock count; None for an absent value.

    Raises:
        ValueError: not a known word; the message lists the values.
    """
    plain = text.strip().lower()
    if plain in _ABSENT:
        return None
    if len(plain) <= LONGEST:
        letters = _letters(_TERM.sub("", plain))
        found = _BY_SPELLING.get(letters) or _of_part(letters) or _of_count(plain)
        found = found or _BY_SPELLING.get(_letters(_REMARK.split(plain)[0]))
        if found is not None:
            return found
    raise ValueError(
        f"availability {text.strip()[:LONGEST]!r} is none of {', '.join(Availability)}"
    )


def _of_part(letters: str) -> Availability | None:
    return next((found for part, found in _BY_PART.items() if part in letters), None)


def _of_count(text: str) -> Availability | None:
    count = _COUNT.fullmatch(text)
    if count is None:
        return None
    unit = _letters(count[2])
    if unit and unit not in _AFTER_COUNT and _letters(count[2].split()[0]) not in _AFTER_COUNT:
        return _BY_SPELLING.get(unit)
    return Availability.IN_STOCK if int(count[1]) > 0 else Availability.OUT_OF_STOCK
