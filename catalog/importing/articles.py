"""The article that several products are variants of: one shirt in its colours and sizes.

The feed's group id names it; without one it is recognised by brand, category and the title without
words for colours and sizes. Titles that would fit many articles ("Red dress") name none.
"""

import hashlib
import re
from functools import cache
from typing import Final

from catalog.filtering.vocabulary import (
    LONGEST_PHRASE,
    concepts,
    folded,
    folded_words,
    grammar_words,
    listed,
)
from catalog.models import Product

_WAIST: Final = re.compile(r"[wl]\d\d")
_TWO_DIGITS: Final = re.compile(r"\d\d")
_CODE_LENGTH: Final = 4
"""Least length of a model code such as mh02: letters and digits in one word."""


def article_of(product: Product) -> str | None:
    """The group id of a product, else the key of its title; None where neither names an article.

    A product from a folder of photos has a file name for a title and is not a variant.
    """
    if product.group_id is not None or product.origin is not None:
        return product.group_id
    words, has_colour = _without_variant_words(product.title)
    told = set(words) - _phrases("kind") - _generic()
    if not (any(map(_is_code, words)) or (len(words) > 1 and told)):
        return None
    if not (has_colour or product.colour or any(map(_is_code, words))):
        return None
    parts = (product.brand or "", product.category or "", " ".join(words))
    return f"title:{hashlib.sha256(chr(31).join(map(folded, parts)).encode()).hexdigest()[:24]}"


def _is_code(word: str) -> bool:
    has_both = any(map(str.isdigit, word)) and any(map(str.isalpha, word))
    return has_both and len(word) >= _CODE_LENGTH


def _without_variant_words(title: str) -> tuple[list[str], bool]:
    """The words of a title but colours and sizes, and whether a colour was among them."""
    words = folded_words(title)
    left: list[str] = []
    has_colour = False
    at = 0
    while at < len(words):
        if size := _size_at(words, at):
            at += size
            continue
        phrase = _phrase_at(words, at)
        has_colour |= phrase in _phrases("colour")
        if phrase:
            while phrase in _phrases("colour") and left and left[-1] in listed("shades"):
                left.pop()
            at += phrase.count(" ") + 1
            at += _size_behind(words, at)
        else:
            left.append(words[at])
            at += 1
    return left, has_colour


def _size_at(words: list[str], at: int) -> int:
    """The number of words of a size in numbers: "EU 38", "W30 L32", "32/34"; 0 without any."""
    word, *following = words[at : at + 2]
    if _WAIST.fullmatch(word):
        return 1
    is_marked = word in listed("size_marks") or _TWO_DIGITS.fullmatch(word)
    return 2 if is_marked and following and _TWO_DIGITS.fullmatch(following[0]) else 0


def _size_behind(words: list[str], at: int) -> int:
    """Number of words after a colour that belong to it: a shade, or a size of two digits."""
    following = words[at : at + 2]
    if following and following[0] in listed("shades"):
        return 1
    return int(len(following) == 1 and _TWO_DIGITS.fullmatch(following[0]) is not None)


def _phrase_at(words: list[str], at: int) -> str:
    """The longest phrase for a colour or a size that begins at a word; empty without any."""
    for length in range(min(LONGEST_PHRASE, len(words) - at), 0, -1):
        phrase = " ".join(words[at : at + length])
        if phrase in _phrases("colour") or phrase in _phrases("tone") or phrase in listed("sizes"):
            return phrase
    return ""


@cache
def _phrases(field: str) -> frozenset[str]:
    return frozenset(
        folded(each)
        for concept in concepts().values()
        if concept.field == field
        for each in concept.spellings
    )


@cache
def _generic() -> frozenset[str]:
    """Words that titles of any article have."""
    return listed("generic") | grammar_words("filler", "with", "and")
