"""Parse availability words and stock counts of many shops into one enumeration."""

import re
from enum import StrEnum
from typing import Final

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


_SPELLINGS: Final = {
    Availability.IN_STOCK: (
        "instock available availablenow yes true active onlineonly limitedavailability limited "
        "lowstock limitedstock fewleft madetoorder auflager lieferbar sofortlieferbar "
        "verfuegbar verfügbar vorrätig enstock disponible disponibile opvoorraad "
        "leverbaar dostępny wmagazynie ja oui si sí"
    ),
    Availability.OUT_OF_STOCK: (
        "outofstock soldout unavailable notavailable currentlyunavailable nostock no false "
        "reserved ausverkauft vergriffen nichtlieferbar nichtverfügbar nichtauflager épuisé epuise "
        "indisponible rupturedestock enrupture agotado sinstock esaurito nondisponibile "
        "uitverkocht nietopvoorraad niedostępny brak nein non none oos"
    ),
    Availability.PREORDER: "preorder presale comingsoon vorbestellbar précommande preventa",
    Availability.BACKORDER: "backorder onbackorder backordered availableonbackorder nachbestellt",
    Availability.DISCONTINUED: "discontinued archived endoflife obsolete nolongeravailable",
    Availability.IN_STORE_ONLY: "instoreonly storeonly nuringeschäft",
}
_BY_SPELLING: Final = {
    spelling: availability
    for availability, spellings in _SPELLINGS.items()
    for spelling in spellings.split()
}
_COUNT: Final = re.compile(r"\D{0,30}?(-?\d{1,12})(?:[.,]\d{1,6})?\+?(\D{0,30})")
_AFTER_COUNT: Final = frozenset(
    "left available pcs pieces piece units items st stk stück stuks unidades".split()
)
_ABSENT: Final = frozenset({"", "n/a", "na", "null", "-", "unknown"})


def read_availability(text: str) -> Availability | None:
    """Parse a word, a schema.org address or a stock count; None for an absent value.

    Raises:
        ValueError: not a known word; the message lists the values.
    """
    plain = text.strip().lower()
    if plain in _ABSENT:
        return None
    if len(plain) <= LONGEST:
        found = _BY_SPELLING.get(_letters(plain.rpartition("/")[2])) or _of_count(plain)
        if found is not None:
            return found
    raise ValueError(
        f"availability {text.strip()[:LONGEST]!r} is none of {', '.join(Availability)}"
    )


def _of_count(text: str) -> Availability | None:
    count = _COUNT.fullmatch(text)
    if count is None:
        return None
    unit = _letters(count[2])
    if unit and unit not in _AFTER_COUNT:
        return _BY_SPELLING.get(unit)
    return Availability.IN_STOCK if int(count[1]) > 0 else Availability.OUT_OF_STOCK


def _letters(text: str) -> str:
    return re.sub(r"[\W_]", "", text)
