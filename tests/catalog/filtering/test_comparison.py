"""Comparatives beside a photo are relative to the query garment."""

import pytest

from catalog.filtering.comparison import LEAST_DIFFERENCE, Shown, relative_to
from catalog.filtering.word_parser import parse_words


def _values(text: str, shown: Shown) -> list[str]:
    words = relative_to(parse_words(text), shown)
    return [term.concept.name for term in words.terms]


@pytest.mark.parametrize(
    ("text", "value", "names"),
    [
        ("longer sleeves", "none", ["short", "long"]),
        ("longer sleeves", "short", ["long"]),
        ("longer sleeves", "long", ["long"]),
        ("shorter sleeves", "long", ["none", "short"]),
        ("l\u00e4ngere \u00c4rmel", "short", ["long"]),
        ("long sleeves", "none", ["long"]),
        ("longer sleeves", None, ["long"]),
    ],
)
def test_sleeves_are_compared(text: str, value: str | None, names: list[str]) -> None:
    assert _values(text, Shown({"sleeve": value} if value else {})) == names


def test_lengths_are_compared_and_other_words_stay() -> None:
    assert _values("shorter red dress", Shown({"length": "long"})) == [
        "dress", "short", "midi", "red",
    ]  # fmt: skip


@pytest.mark.parametrize(("text", "step"), [("darker", -1), ("lighter", 1)])
def test_lightness_is_compared(text: str, step: int) -> None:
    words = parse_words(text)
    (term,) = relative_to(words, Shown({}, 50.0)).terms
    assert term.lightness == 50 + step * LEAST_DIFFERENCE
    assert relative_to(words, Shown({})) == words


def test_a_minus_before_the_text_excludes() -> None:
    excluded = parse_words("- stripes").excluded_terms
    assert [term.concept.name for term in excluded] == ["striped"]
