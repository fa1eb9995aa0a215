"""Comparatives in a text beside a photo: "longer sleeves", "darker" than the query garment."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from catalog.filtering.vocabulary import concepts, listed
from catalog.filtering.word_query import Clause, Term, WordQuery

LEAST_DIFFERENCE: Final = 12.0
"""CIELAB lightness from which a main colour is darker or lighter than another."""
_ORDERS: Final = {"sleeve": ("none", "short", "long"), "length": ("short", "midi", "long")}


@dataclass(frozen=True)
class Shown:
    """Attributes of a query garment that comparatives are relative to.

    Attributes:
        attributes: predicted values by name.
        lightness: of the main colour (CIELAB L, 0 to 100); None where it is unknown.
    """

    attributes: Mapping[str, str]
    lightness: float | None = None


def relative_to(words: WordQuery, shown: Shown) -> WordQuery:
    """The query with its comparatives relative to a garment.

    Where the garment shows no value to compare with, or none is beyond it, a comparative means the
    value itself: "longer sleeves" are long ones.
    """
    alternatives = tuple(
        tuple(_compared(clause, shown) for clause in clauses) for clauses in words.alternatives
    )
    return replace(words, alternatives=alternatives)


def _compared(clause: Clause, shown: Shown) -> Clause:
    return tuple(each for term in clause for each in _beyond(term, shown))


def _beyond(term: Term, shown: Shown) -> Clause:
    if term.said not in listed("comparative"):
        return (term,)
    if term.is_tone and shown.lightness is not None:
        step = -LEAST_DIFFERENCE if term.concept.name == "dark" else LEAST_DIFFERENCE
        return (replace(term, lightness=shown.lightness + step),)
    field = term.concept.field
    order, value = _ORDERS.get(field, ()), shown.attributes.get(field)
    if value not in order:
        return (term,)
    index = order.index(value)
    further = order[index + 1 :] if term.concept.name == "long" else order[:index]
    return tuple(Term(concepts()[field, name], term.said) for name in further) or (term,)
