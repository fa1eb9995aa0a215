"""The words shoppers and shops use for garments, read from `words.json`.

A concept is one value of a field (kind skirt, colour grey, pattern striped) with its spellings in
English, German, French, Spanish, Italian and Dutch. The same table reads a query and finds the
concept in a product's title, so "jupe rayée" finds "Striped skirt".
"""

import dataclasses
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from segmentation.classes import GarmentClass

ConceptField = Literal[
    "kind", "goods", "pattern", "material", "sleeve", "length", "tone", "colour", "text"
]
Grammar = Literal["not", "without", "or", "and", "with", "filler"]
PriceWords = Literal["below", "below if money", "above", "above if money", "money", "no money"]

LANGUAGES: Final = ("en", "de", "fr", "es", "it", "nl")
HEAD_FIRST: Final = frozenset({"fr", "es", "it"})
"""Languages whose compound nouns begin with what the thing is: "robe chemise" is a dress."""
_MAYBE_GARMENTS: Final = frozenset({"underwear", "accessories"})
"""Goods that may be garments: lace bodies, and whatever a shop calls accessories."""
LONGEST_PHRASE: Final = 4
"""Words of the longest phrase that is recognised."""
_FILE: Final = Path(__file__).with_name("words.json")
_WORD: Final = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class Concept:
    """One value of a field, and how products show that they have it.

    Attributes:
        garment_class: the class of a kind of garment.
        predicted: values of the predicted attribute that count as this concept.
        whole_class: every garment of the class counts ("top").
        is_exact: `predicted` means just this concept; a cardigan is predicted as a longsleeve, but
            not every longsleeve is a cardigan.
        spellings: phrases of all languages that a title may use, as in the table.
        unless: phrases that contain a spelling and mean something else ("t shirt" is not a shirt).
    """

    field: ConceptField
    name: str
    garment_class: GarmentClass | None = None
    predicted: tuple[str, ...] = ()
    whole_class: bool = False
    is_exact: bool = True
    spellings: tuple[str, ...] = dataclasses.field(default=(), repr=False, hash=False)
    unless: tuple[str, ...] = dataclasses.field(default=(), repr=False, hash=False)


Meaning = tuple[Concept, ...] | Grammar
"""Concepts of one phrase ("minirock" is a skirt and short), or its role in the sentence."""


def folded_words(text: str) -> list[str]:
    """The words of a text in lower case without accents; hyphens and apostrophes separate."""
    return _WORD.findall(_unaccented(text.lower().replace("ß", "ss")))


def folded(text: str) -> str:
    """A text as `folded_words` reads it, as one string."""
    return " ".join(folded_words(text))


@cache
def concepts() -> Mapping[tuple[str, str], Concept]:
    """Every concept by field and name."""
    found = {}
    for name_of_field in ("kind", "goods", "pattern", "material", "sleeve", "length", "tone"):
        for name, entry in _table()[name_of_field].items():
            found[name_of_field, name] = _concept(name_of_field, name, entry)
    for name, entry in _table()["colour"].items():
        shades = (name, *entry.get("also", ()))
        spellings = [each for shade in shades for each in _spellings(_table()["colour"][shade])]
        found["colour", name] = Concept(
            "colour", name, predicted=shades, spellings=tuple(dict.fromkeys(spellings))
        )
    return found


def _concept(concept_field: Any, name: str, entry: Mapping[str, Any]) -> Concept:
    siblings = _table()[concept_field]
    narrower = [siblings[each] for each in entry.get("wider_than", ())]
    words = [each for one in (entry, *narrower) for each in _spellings(one)]
    return Concept(
        concept_field,
        name,
        garment_class=GarmentClass.from_label(entry["class"]) if "class" in entry else None,
        predicted=tuple(entry.get("predicted", ())),
        whole_class=entry.get("whole_class", False),
        is_exact=entry.get("exact", True),
        spellings=tuple(dict.fromkeys(words)),
        unless=tuple(_phrases("en", entry.get("unless", ""))),
    )


@cache
def meanings() -> Mapping[str, Mapping[str, Meaning]]:
    """Phrase in folded words -> language -> what it means there."""
    found: dict[str, dict[str, Meaning]] = {}
    for role, words in _table()["grammar"].items():
        for language, phrase in _each_phrase(words):
            found.setdefault(phrase, {}).setdefault(language, role)
    for (concept_field, name), concept in concepts().items():
        for language, phrase in _each_phrase(_table()[concept_field][name]["words"]):
            here = found.setdefault(phrase, {})
            before = here.get(language, ())
            if isinstance(before, tuple) and all(each.field != concept.field for each in before):
                here[language] = (*before, concept)
    return found


@cache
def listed(
    kind: Literal[
        "ambiguous",
        "comparative",
        "cut",
        "made_of",
        "sizes",
        "size_marks",
        "shades",
        "suits",
        "generic",
    ],
) -> frozenset[str]:
    """The folded phrases of one of the table's plain lists (README)."""
    return frozenset(map(folded, _table()[kind].split(", ")))


@cache
def price_words(kind: PriceWords) -> tuple[str, ...]:
    """The phrases of a list about prices, with and without accents, the longest first."""
    phrases = _table()["price"][kind].split(", ")
    spelled = {*phrases, *map(_unaccented, phrases)}
    return tuple(sorted(spelled, key=len, reverse=True))


def _unaccented(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(each for each in decomposed if not unicodedata.combining(each))


@cache
def grammar_words(*roles: Grammar) -> frozenset[str]:
    """The folded phrases that have one of some roles in any language."""
    return frozenset(
        phrase for role in roles for _, phrase in _each_phrase(_table()["grammar"][role])
    )


@cache
def garment_classes(head_first: bool) -> Mapping[str, GarmentClass]:
    """Phrase for a kind -> its class, in the languages that put the head first, or last."""
    return {
        phrase: kind.garment_class
        for phrase, kind in _meant(head_first)
        if kind.field == "kind" and kind.garment_class is not None
    }


@cache
def goods_words(head_first: bool) -> frozenset[str]:
    """Phrases for worn goods that are not garments, in languages with the head first, or last."""
    return frozenset(
        phrase
        for phrase, goods in _meant(head_first)
        if goods.field == "goods" and goods.name not in _MAYBE_GARMENTS
        if phrase not in listed("ambiguous")
    )


def _meant(head_first: bool) -> Iterator[tuple[str, Concept]]:
    """Each phrase and concept of the languages that put the head first, or last."""
    for phrase, by_language in meanings().items():
        for language, meaning in by_language.items():
            if (language in HEAD_FIRST) == head_first and isinstance(meaning, tuple):
                for concept in meaning:
                    yield phrase, concept


def colour_name(text: str) -> str:
    """The colour's name in the catalogue ("rouge" is red); #rrggbb and unknown names stay."""
    for meaning in meanings().get(folded(text), {}).values():
        for concept in meaning if isinstance(meaning, tuple) else ():
            if concept.field == "colour":
                return concept.name
    return " ".join(text.lower().split())


def _spellings(entry: Mapping[str, Any]) -> Iterator[str]:
    for language, words in entry["words"].items():
        yield from _phrases(language, words)


def _each_phrase(words: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    for language, listed in words.items():
        for phrase in _phrases(language, listed):
            yield language, folded(phrase)


def _phrases(language: str, listed: str) -> Iterator[str]:
    """The phrases of a comma-separated list; "rot+" stands for the word with every ending."""
    for phrase in filter(None, listed.split(", ")):
        if phrase.endswith("+"):
            for ending in _table()["endings"][language]:
                yield phrase[:-1] + ending
        else:
            yield phrase


@cache
def _table() -> Mapping[str, Any]:
    table: Mapping[str, Any] = json.loads(_FILE.read_text(encoding="utf-8"))
    return table
