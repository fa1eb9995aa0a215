"""A text query as conditions: what a garment must be, and what its product must not be.

`catalog.filtering.word_parser` makes it from text, `catalog.filtering.word_conditions` turns it
into SQL.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Final

from catalog.filtering.vocabulary import Concept
from segmentation.classes import GarmentClass


@dataclass(frozen=True)
class Term:
    """A concept that a text names; `said` are its words in the text, folded.

    A word that is not in the vocabulary has a concept of the field "text": the product's title,
    brand, category or material must have it. `lightness` bounds that of the main colour for a tone
    that is compared with a garment's (`catalog.filtering.comparison`). With `or_unsure`, a kind
    may be that of any garment of its class of which neither text nor prediction tells the kind.
    """

    concept: Concept
    said: str
    lightness: float | None = None
    or_unsure: bool = False

    @property
    def is_text(self) -> bool:
        """Whether only the product's text can match it."""
        return not (self.concept.predicted or self.concept.whole_class or self.is_tone)

    @property
    def is_tone(self) -> bool:
        """Whether it means a dark or a light colour."""
        return self.concept.field == "tone"

    @property
    def may_be_unknown(self) -> bool:
        """Whether it is ignored and reported as unknown if no product's text has it."""
        return self.concept.field in ("text", "material") or (
            self.concept.field == "pattern" and self.is_text
        )


Clause = tuple[Term, ...]
"""Terms of which one must hold."""


@dataclass(frozen=True)
class PriceLimit:
    """The highest or the lowest price, as it was typed: "under 50"."""

    said: str
    amount: Decimal
    is_highest: bool


@dataclass(frozen=True)
class WordQuery:
    """A parsed text query.

    Attributes:
        alternatives: each a list of clauses that must all hold; one alternative must hold.
        excluded: groups of terms; a product that meets all terms of a group is left out.
        limits: bounds of the price in force, all of which must hold.
    """

    alternatives: tuple[tuple[Clause, ...], ...] = ()
    excluded: tuple[tuple[Term, ...], ...] = ()
    limits: tuple[PriceLimit, ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether every garment meets it."""
        return self == NO_WORDS

    @property
    def terms(self) -> tuple[Term, ...]:
        """Every term that may hold, in order."""
        return tuple(
            dict.fromkeys(
                term for clauses in self.alternatives for clause in clauses for term in clause
            )
        )

    @property
    def excluded_terms(self) -> tuple[Term, ...]:
        """Every term of an exclusion, in order."""
        return tuple(dict.fromkeys(term for group in self.excluded for term in group))

    @property
    def garment_classes(self) -> frozenset[GarmentClass]:
        """The classes that can meet it; empty where any class can."""
        named = [_classes_of(clauses) for clauses in self.alternatives]
        return frozenset().union(*named) if all(named) else frozenset()

    @property
    def garment_class(self) -> GarmentClass | None:
        """The only class that can meet it; None where several can."""
        classes = self.garment_classes
        return next(iter(classes)) if len(classes) == 1 else None

    @property
    def colour(self) -> str | None:
        """The one colour that is wanted, or the first of those that are wanted together."""
        colours = [
            clause
            for clauses in self.alternatives
            for clause in clauses
            if clause[0].concept.field == "colour"
        ]
        is_one = len(self.alternatives) == 1 and all(len(clause) == 1 for clause in colours)
        return colours[0][0].concept.name if colours and is_one else None

    def without(self, terms: Iterable[Term]) -> "WordQuery":
        """The query without some of its terms."""
        left_out = frozenset(terms)
        alternatives = [
            tuple(
                left
                for clause in clauses
                if (left := tuple(term for term in clause if term not in left_out))
            )
            for clauses in self.alternatives
        ]
        return replace(
            self,
            alternatives=tuple(filter(None, alternatives)),
            excluded=tuple(group for group in self.excluded if not left_out.intersection(group)),
        )

    def or_unsure(self) -> "WordQuery":
        """The query with garments whose kind is not known for each predicted kind."""
        alternatives = tuple(
            tuple(tuple(_or_unsure(term) for term in clause) for clause in clauses)
            for clauses in self.alternatives
        )
        return replace(self, alternatives=alternatives)


NO_WORDS: Final = WordQuery()


@dataclass(frozen=True)
class UnderstoodWords:
    """A text query as far as a catalogue can match it.

    Attributes:
        text: the typed words.
        query: the terms that are used.
        unknown: words that neither the vocabulary nor any product's text has; not used.
        missing: other goods ("sneakers") that no product's text names: nothing can be found.
        unsure: kinds that no garment is known to be; those of unknown kind are found instead.
    """

    text: str = ""
    query: WordQuery = NO_WORDS
    unknown: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    unsure: tuple[str, ...] = ()


def _or_unsure(term: Term) -> Term:
    concept = term.concept
    may_be = concept.field == "kind" and concept.predicted and not concept.whole_class
    return replace(term, or_unsure=bool(may_be))


def _classes_of(clauses: Iterable[Clause]) -> frozenset[GarmentClass]:
    """The classes of the kinds in an alternative; empty where a kind has none, or none is named."""
    for clause in clauses:
        classes = frozenset(
            term.concept.garment_class for term in clause if term.concept.garment_class
        )
        if classes and all(term.concept.field == "kind" for term in clause):
            return classes
    return frozenset()
