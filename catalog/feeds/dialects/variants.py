"""Rules for joining the variants of an article into one product."""

from collections.abc import Iterable
from decimal import Decimal

from catalog.feeds.availability import Availability, read_availability
from catalog.feeds.columns import SYNONYMS, plain_name
from catalog.feeds.prices import parse_price

COLOURS = frozenset({"color", "colour", "farbe", "couleur", "colore", "kleur"})
"""Plain names of options that hold a colour."""

NO_OPTION = "Default Title"
"""Shopify's name for the only variant of a product."""


def lowest_price(prices: Iterable[str]) -> str:
    """The lowest price as written; the first text where none can be parsed."""
    texts = [text for text in prices if text]
    amounts = [(amount, text) for text in texts if (amount := _amount(text)) is not None]
    return min(amounts)[1] if amounts else next(iter(texts), "")


def _amount(text: str) -> Decimal | None:
    try:
        return parse_price(text)[0]
    except ValueError:
        return None


def best_availability(texts: Iterable[str]) -> str:
    """The text of a variant in stock, else the first one's."""
    given = [text for text in texts if text]
    for text in given:
        try:
            if read_availability(text) is Availability.IN_STOCK:
                return text
        except ValueError:
            continue
    return next(iter(given), "")


def options_of(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Option name -> its values, such as "size" -> "S, M"; a single colour fills the field."""
    found: dict[str, dict[str, None]] = {}
    for option, value in pairs:
        name = plain_name(option)
        if name in SYNONYMS and name not in COLOURS:
            name = f"option_{name}"
        if name and value and value != NO_OPTION:
            found.setdefault("colour" if name in COLOURS else name, {})[value] = None
    options = {name: ", ".join(values) for name, values in found.items()}
    if len(found.get("colour", ())) > 1:
        options["colours"] = options.pop("colour")
    return options


def distinct_lines(texts: Iterable[str]) -> str:
    """The distinct lines of several texts."""
    return "\n".join(dict.fromkeys(line for text in texts for line in text.split("\n") if line))
