"""Parse a text query: "red or white dress without stripes", "jupe rayée pas noire", "-red tee".

    text -> phrases (`word_phrases`) -> negated ones, wanted ones -> WordQuery

The rules stand in the README of this folder.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cache, lru_cache
from itertools import takewhile
from typing import Final

from catalog.filtering.vocabulary import HEAD_FIRST, Grammar, price_words
from catalog.filtering.word_phrases import Phrase, literal_concept, read_phrases
from catalog.filtering.word_query import Clause, PriceLimit, Term, WordQuery

MAX_LETTERS: Final = 200
"""Longer texts are cut."""


@lru_cache(maxsize=1000)
def parse_words(text: str) -> WordQuery:
    """Parse a text query; any text can be parsed."""
    described, limits = _without_limits(text[:MAX_LETTERS])
    phrases = read_phrases(described)
    negated = set(_negated(phrases))
    wanted = [phrase for index, phrase in enumerate(phrases) if index not in negated]
    excluded = [phrases[index].terms for index in sorted(negated)]
    return WordQuery(_alternatives(wanted), tuple(dict.fromkeys(excluded)), limits)


def _without_limits(text: str) -> tuple[str, tuple[PriceLimit, ...]]:
    """The text without limits of the price, and these."""
    limits = list[PriceLimit]()

    def taken(found: re.Match[str]) -> str:
        is_sure = found["below"] or found["above"]
        # "from 2020" may mean something else than a price, "from 20 €" does not.
        if not (is_sure or found["before"] or found["after"]):
            return found[0]
        amount = Decimal(found["amount"].replace(",", "."))
        is_highest = bool(found["below"] or found["below_money"])
        limits.append(PriceLimit(found[0], amount, is_highest))
        return " "

    return _price_limit().sub(taken, text), tuple(limits)


@cache
def _price_limit() -> re.Pattern[str]:
    """A limit such as "under 50", "bis 49,90 €" or "less than $20"."""
    below, below_money, above, above_money, money, others = (
        "|".join(map(re.escape, price_words(kind))).replace("'", "['\u2019]")
        for kind in ("below", "below if money", "above", "above if money", "money", "no money")
    )
    return re.compile(
        rf"(?<!\w)(?:(?P<below>{below})|(?P<above>{above})|(?P<below_money>{below_money})"
        rf"|(?P<above_money>{above_money}))\s+(?P<before>{money})?\s?"
        rf"(?P<amount>\d{{1,6}}(?:[.,]\d{{1,2}})?)(?![\d.,]*\d)"
        rf"\s?(?P<after>(?:{money})(?!\w))?(?!\s?(?:{others})(?!\w))(?!\w)",
        re.IGNORECASE,
    )


def _negated(phrases: Sequence[Phrase]) -> Iterator[int]:
    """Places of the phrases that a negation covers."""
    negation: _Negation | None = None
    for index, phrase in enumerate(phrases):
        if phrase.has_minus or phrase.role in ("not", "without"):
            negation = _Negation(covers_noun_phrases=phrase.role == "without")
        elif negation is not None and phrase.follows_stop and not negation.lists(phrase):
            negation = None
        if negation is None:
            continue
        if not phrase.terms:
            negation.pass_over(phrase)
        elif negation.covers(phrase):
            negation.cover(phrase)
            yield index
        else:
            negation = None


@dataclass
class _Negation:
    """A negation in force, with the last phrase that it covers."""

    covers_noun_phrases: bool
    covered: Phrase | None = None
    joiner: str | None = None
    is_adjacent: bool = False

    def covers(self, phrase: Phrase) -> bool:
        """Whether it covers the next phrase too."""
        if phrase.is_part_of_word:
            return False
        if self.covered is None or self.joiner == "or":
            return True
        if self.joiner == "and" and self._is_same_field(phrase):
            return True
        return self.covers_noun_phrases and self.is_adjacent and not phrase.names_head

    def cover(self, phrase: Phrase) -> None:
        """Move past a covered phrase."""
        self.covered, self.joiner, self.is_adjacent = phrase, None, True

    def pass_over(self, phrase: Phrase) -> None:
        """Move past a grammar word."""
        self.is_adjacent = False
        if phrase.role in ("or", "and"):
            self.joiner = phrase.role

    def lists(self, phrase: Phrase) -> bool:
        """Whether a phrase after a comma continues a list: "without stripes, dots"."""
        continues = self.covers_noun_phrases and self._is_same_field(phrase)
        if continues:
            self.joiner = "or"
        return continues

    def _is_same_field(self, phrase: Phrase) -> bool:
        return self.covered is not None and self.covered.is_same_field(phrase)


def _alternatives(phrases: Sequence[Phrase]) -> tuple[tuple[Clause, ...], ...]:
    """The clauses of each alternative; one without a kind takes that of the one before."""
    reader = _Reader()
    for index, phrase in enumerate(phrases):
        if phrase.role is not None:
            reader.pass_over(phrase.role)
            continue
        if _continues_list(phrases, index) or _begins_description(phrases, index):
            reader.pass_over("or")
        reader.take(phrase)
    return tuple(clauses for clauses in _completed(reader.alternatives) if clauses)


def _continues_list(phrases: Sequence[Phrase], index: int) -> bool:
    """Whether a comma before a phrase means "or", as in "red, white or blue"."""
    phrase, before = phrases[index], phrases[index - 1]
    if index == 0 or not phrase.follows_stop or not before.is_same_field(phrase):
        return False
    following = (each for each in phrases[index + 1 :] if not each.is_same_field(phrase))
    return next((each.role == "or" for each in following), False)


def _begins_description(phrases: Sequence[Phrase], index: int) -> bool:
    """Whether "and" joins a second thing, as in "blue jeans and a white shirt"."""
    before = [each for each in phrases[:index] if each.role != "filler"][-2:]
    if len(before) < 2 or before[1].role != "and" or not before[0].names_head:
        return False
    ahead = takewhile(lambda each: each.role is None, phrases[index:])
    return not phrases[index].names_head and any(each.names_head for each in ahead)


class _Reader:
    """Reads wanted phrases from left to right into alternatives."""

    def __init__(self) -> None:
        self.alternatives = [_Description()]
        self._joiner: str | None = None
        self._follows_with = False
        self._previous: Phrase | None = None

    def pass_over(self, role: Grammar) -> None:
        """Move past a grammar word."""
        if role in ("or", "and"):
            self._joiner = role
        self._follows_with = role == "with" or (self._follows_with and role == "filler")

    def take(self, phrase: Phrase) -> None:
        """Put a phrase into the alternative it belongs to."""
        if phrase.follows_stop and phrase.names_head:
            self._joiner = self._joiner or "and"
        current = self.alternatives[-1]
        if self._follows_with and phrase.names_head and current.head is not None:
            current.require(_as_text(phrase))
        elif self._previous is not None and _separates(self._joiner, self._previous, phrase):
            self.alternatives.append(_Description())
            self.alternatives[-1].add(phrase)
        elif self._previous is not None and self._joiner is not None:
            current.join(phrase, self._joiner)
        else:
            current.add(phrase)
        self._previous, self._joiner, self._follows_with = phrase, None, False


def _separates(joiner: str | None, previous: Phrase, phrase: Phrase) -> bool:
    """Whether whole descriptions are joined: "red dress or white shirt"."""
    is_compound = len(previous.terms) > 1 or len(phrase.terms) > 1
    if joiner == "and":
        return is_compound and previous.names_head and phrase.names_head
    return joiner == "or" and (is_compound or previous.names_head != phrase.names_head)


def _as_text(phrase: Phrase) -> tuple[Term, ...]:
    """Words after "with": parts or details, which only the product's text can confirm."""
    words = phrase.terms[0].said.split()
    return tuple(Term(literal_concept(word), word) for word in words)


class _Description:
    """The clauses of one alternative while it is read."""

    def __init__(self) -> None:
        self.clauses: list[Clause] = []
        self.head: Clause | None = None
        self._is_head_first = False

    def add(self, phrase: Phrase) -> None:
        """Require all terms of a phrase; of two kinds one is the head."""
        head = tuple(term for term in phrase.terms if term.concept.field in ("kind", "goods"))
        self.require(term for term in phrase.terms if term not in head)
        is_head_first = phrase.language in HEAD_FIRST
        if head and not (self.head and self._is_head_first and is_head_first):
            self.head, self._is_head_first = head[:1], is_head_first

    def join(self, phrase: Phrase, joiner: str) -> None:
        """Take a phrase that "or" or "and" joins to the one before."""
        if phrase.names_head and self.head is not None:
            self.head = tuple(dict.fromkeys((*self.head, *phrase.terms)))
        elif joiner == "or" and self.clauses and not phrase.names_head:
            terms = (*self.clauses[-1], *phrase.terms)
            self.clauses[-1] = tuple({term.concept: term for term in reversed(terms)}.values())[
                ::-1
            ]
        else:
            self.add(phrase)

    def require(self, terms: Iterable[Term]) -> None:
        """Require each of some terms."""
        self.clauses += [(term,) for term in terms]


def _completed(alternatives: Sequence[_Description]) -> Iterator[tuple[Clause, ...]]:
    head: Clause | None = None
    for each in alternatives:
        head = each.head or head
        # One concept may be spelled twice: "grey/gray".
        distinct = {tuple(term.concept for term in clause): clause for clause in each.clauses}
        yield (*((head,) if head else ()), *distinct.values())
