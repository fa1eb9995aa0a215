"""Records of searches, made from their options and results."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, Protocol

from catalog.filtering.filters import Filters, named_colour
from catalog.filtering.vocabulary import folded
from catalog.filtering.word_query import WordQuery
from catalog.models import SearchRow
from indexing.search.results import DISTANT_COLOUR
from indexing.types import EmbeddedGarment
from search_app.search.search import SearchOptions

QueryType = Literal["photo", "words", "product", "vector"]
Place = Literal["page", "api"]
Event = Literal["click", "cart", "purchase"]

SHOWN: Final = 24
"""Products whose ids are kept of a search: its first page."""
_TEXT_LENGTH: Final = 200
_SURE: Final = 0.6
"""Least certainty of a predicted attribute that is recorded."""
_PERSONAL: Final = re.compile(r"@|//|www\.|\d\D{0,2}\d\D{0,2}\d")
"""Signs of an address, a link or a number; words with them are not recorded."""
_FILTER_FIELDS: Final = (
    "brand", "category", "colour", "availability", "price_min", "price_max",
    "kind", "pattern", "sleeve", "length",
)  # fmt: skip


class Result(Protocol):
    """A result, on a page or in a document."""

    @property
    def product_id(self) -> str: ...

    @property
    def same_colour(self) -> float: ...


@dataclass(frozen=True)
class QueryFacts:
    """Known properties of what was searched for; None where nothing is known.

    Attributes:
        garment_class: label of the class that was searched.
        product_id: the product whose neighbours were searched.
    """

    garment_class: str | None = None
    kind: str | None = None
    pattern: str | None = None
    colour: str | None = None
    product_id: str | None = None


def search_row(
    query_type: QueryType,
    place: Place,
    options: SearchOptions,
    unknown: Sequence[str],
    own: QueryFacts,
    results: Sequence[Result],
    nothing_close: bool = False,
) -> SearchRow:
    """The record of a search today, with nothing that leads to a person.

    What words and options name counts, else what the garment itself is.

    Args:
        unknown: words and goods that no product has.
        results: in order.
        nothing_close: whether even the best is not close to the query.
    """
    words, text = options.word_query, options.words or ""
    named = words.garment_class.label if words.garment_class else None
    best_colour = max((each.same_colour for each in results[:SHOWN]), default=0.0)
    # Words have no colour to compare with.
    colour_missing = not results if query_type == "words" else best_colour < DISTANT_COLOUR
    return SearchRow(
        day=datetime.now(UTC).date(),
        query_type=query_type,
        place=place,
        garment_class=own.garment_class or named,
        kind=_named(words, "kind") or _named(words, "goods") or own.kind,
        pattern=_named(words, "pattern") or own.pattern,
        colour=_colour(options) or own.colour,
        words=presentable(text),
        unknown_words=_unknown(text, unknown),
        filters=list(_filter_texts(options.filters)),
        product_id=own.product_id,
        results=len(results),
        nothing_close=nothing_close,
        colour_missing=colour_missing,
        shown=[each.product_id for each in results[:SHOWN]],
    )


def presentable(text: str) -> str | None:
    """The words of a text without those like an address or a number; None where none is left."""
    words = [each for each in text.split() if not _PERSONAL.search(each)]
    # "070 12 34" is three short numbers.
    if _PERSONAL.search(" ".join(words)):
        words = [each for each in words if not any(letter.isdigit() for letter in each)]
    return folded(" ".join(words))[:_TEXT_LENGTH] or None


def _unknown(text: str, words: Sequence[str]) -> str | None:
    """The words that no product has, of those that are kept."""
    kept = set((presentable(text) or "").split())
    unknown = [each for each in words if kept >= set(each.split())]
    return " ".join(unknown)[:_TEXT_LENGTH] or None


def garment_facts(garment: EmbeddedGarment, garment_class: str | None) -> QueryFacts:
    """Certain properties of a garment of a query photo."""
    kind, pattern = garment.attributes.kind, garment.attributes.pattern
    return QueryFacts(
        garment_class=garment_class,
        kind=kind.value.lower() if kind and kind.certainty >= _SURE else None,
        pattern=pattern.value if pattern and pattern.certainty >= _SURE else None,
        colour=garment.colours[0].name if garment.colours else None,
    )


def _colour(options: SearchOptions) -> str | None:
    wanted = options.wanted_colour
    return presentable(named_colour(wanted)) if wanted else None


def _named(words: WordQuery, field: str) -> str | None:
    return next((term.concept.name for term in words.terms if term.concept.field == field), None)


def _filter_texts(filters: Filters) -> Iterator[str]:
    """Each filter as "field=value" or "field!=value", without words like an address."""
    pairs: Iterable[tuple[str, object]] = (
        *((name, getattr(filters, name)) for name in _FILTER_FIELDS),
        *filters.attributes,
    )
    for name, value in pairs:
        if value is not None and (text := _filter_value(name, str(value))):
            yield f"{name}={text}"[:_TEXT_LENGTH]
    for name, value in filters.excluded:
        if text := _filter_value(name, value):
            yield f"{name}!={text}"[:_TEXT_LENGTH]


def _filter_value(name: str, value: str) -> str | None:
    return value if name.startswith("price_") else presentable(value)
