"""Split a text query into phrases, and give each its meaning in the text's language."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from catalog.filtering.vocabulary import (
    LANGUAGES,
    LONGEST_PHRASE,
    Concept,
    Grammar,
    folded_words,
    meanings,
)
from catalog.filtering.word_query import Term

_TOKEN: Final = re.compile(
    r"(?P<minus>(?<!\w)[-!\u2010-\u2015\u2212](?=\w)|^\s*[-\u2212]\s+(?=\w))"
    r"|(?P<sign>(?<=\s)[+&](?=\s))|(?P<hyphen>(?<=\w)-)|(?P<or>(?<=\w\w)/(?=\w\w))|(?P<stop>[,;.()])"
    r"|(?P<word>[^\W_]+)"
)
_SLASH: Final = "/"
"""Stands for "or" between words: "red/blue"."""
_SIGNS: Final = {"+": "with", "&": "and"}
"""Meaning of signs between words."""
_SHORT_WORD: Final = 2
"""Grammar words of another language than the text's need more letters ("u" is Spanish "or")."""
_COMPOUND_END: Final = 4
"""Letters of the shortest kind that ends a compound."""


@dataclass(frozen=True)
class Phrase:
    """Words that belong together: either terms or a grammar word.

    Attributes:
        has_minus: a minus sign stands before it.
        follows_stop: punctuation stands before it.
        follows_hyphen: a hyphen joins it to the word before it.
    """

    language: str
    terms: tuple[Term, ...] = ()
    role: Grammar | None = None
    has_minus: bool = False
    follows_stop: bool = False
    follows_hyphen: bool = False

    @property
    def is_part_of_word(self) -> bool:
        """Whether it is the end of a hyphenated word such as "non-iron"."""
        return self.follows_hyphen and self.terms != () and self.terms[0].concept.field == "text"

    def is_same_field(self, other: "Phrase") -> bool:
        """Whether both say something of one field, such as two colours."""
        if not self.terms or not other.terms:
            return False
        return self.terms[0].concept.field == other.terms[0].concept.field

    @property
    def names_head(self) -> bool:
        """Whether it says what the thing is, not how it is."""
        return any(term.concept.field in ("kind", "goods") for term in self.terms)


@dataclass(frozen=True)
class _Token:
    word: str
    has_minus: bool = False
    follows_stop: bool = False
    follows_hyphen: bool = False


def read_phrases(text: str) -> list[Phrase]:
    """The phrases of a text, the longest that are known first."""
    groups = list(_groups(_tokens(text)))
    known = meanings()
    votes = Counter(language for said, _ in groups for language in known.get(said, ()))
    language = max(LANGUAGES, key=lambda each: votes[each])
    return [_phrase(said, first, language) for said, first in groups]


def literal_concept(word: str) -> Concept:
    """A word that must occur in the product's text, in the singular or the plural."""
    spellings = [word, f"{word}s", f"{word}es"]
    if len(word) > 1 and word.endswith("s") and not word.endswith("ss"):
        spellings.append(word[:-1])
    return Concept("text", word, spellings=tuple(spellings))


def _tokens(text: str) -> Iterator[_Token]:
    minus = stop = hyphen = False
    for match in _TOKEN.finditer(text):
        if match["or"] is not None or match["sign"] is not None:
            yield _Token(_SLASH if match["or"] else _SIGNS[match["sign"]])
        elif match["word"] is None:
            minus, hyphen = match["minus"] is not None, match["hyphen"] is not None
            stop = stop or match["stop"] is not None
        for word in folded_words(match["word"] or ""):
            yield _Token(word, minus, stop, hyphen)
            minus = stop = hyphen = False


def _groups(found: Iterator[_Token]) -> Iterator[tuple[str, _Token]]:
    """Words of each phrase with its first token."""
    tokens, known = list(found), meanings()
    while tokens:
        sizes = range(min(LONGEST_PHRASE, len(tokens)), 0, -1)
        size = next((size for size in sizes if _joined(tokens[:size]) in known), 1)
        yield _joined(tokens[:size]), tokens[0]
        tokens = tokens[size:]


def _joined(tokens: Sequence[_Token]) -> str:
    """The words as one phrase; "" where punctuation or a minus sign stands between them."""
    if any(each.has_minus or each.follows_stop for each in tokens[1:]):
        return ""
    return " ".join(token.word for token in tokens)


def _phrase(said: str, first: _Token, language: str) -> Phrase:
    """The phrase in the text's language; else in the first that knows it; else a plain word."""
    if said == _SLASH:
        return Phrase(language, role="or")
    marks = first.has_minus, first.follows_stop, first.follows_hyphen
    by_language = meanings().get(said, {})
    for each in (language, *LANGUAGES):
        meaning = by_language.get(each)
        if isinstance(meaning, tuple):
            return Phrase(each, _terms(meaning, said), None, *marks)
        if meaning is not None and (each == language or len(said) > _SHORT_WORD):
            return Phrase(each, (), meaning, *marks)
    concepts = _compound(said) or (literal_concept(said),)
    return Phrase(language, _terms(concepts, said), None, *marks)


def _terms(concepts: Sequence[Concept], said: str) -> tuple[Term, ...]:
    return tuple(Term(concept, said) for concept in concepts)


def _compound(word: str) -> tuple[Concept, ...]:
    """The kind and the modifiers of a German or Dutch compound ("Blumenkleid")."""
    for start in range(1, len(word) - _COMPOUND_END + 1):
        for language in ("de", "nl"):
            end = meanings().get(word[start:], {}).get(language)
            if isinstance(end, tuple) and end[0].field == "kind":
                begin = meanings().get(word[:start], {}).get(language)
                modifiers = begin if isinstance(begin, tuple) else ()
                return (*end, *(each for each in modifiers if each.field != "kind"))
    return ()
