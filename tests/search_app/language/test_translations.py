"""Every text of the pages is translated, and none bypasses the translations."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po
from jinja2 import Environment

from search_app.language.translations import FOLDER, LANGUAGES, SOURCE_LANGUAGE

TRANSLATED = [each for each in LANGUAGES if each != SOURCE_LANGUAGE]
STATIC = FOLDER.parent / "static"
TEMPLATES = sorted((FOLDER.parent / "templates").rglob("*.html"))
SAID_ATTRIBUTES = ("alt", "title", "aria-label", "placeholder", "value")
EXPRESSION = "0"
"""Stands for what Jinja puts in: no letter."""


def read(language: str) -> Any:
    with (FOLDER / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


def extracted() -> Any:
    catalog = Catalog()
    keywords = {**DEFAULT_KEYWORDS, "Text": None, "Filled": None, "Counted": (1, 2)}
    for _, _, message, _, _ in extract_from_dir(FOLDER.parent, keywords=keywords):
        catalog.add(message)
    return catalog


class Said(HTMLParser):
    """What a page shows or reads out: its texts and the attributes that are said."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.texts: set[str] = set()
        self._hidden = 0
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style", "code")
        names = [each for each in SAID_ATTRIBUTES if each != "value" or tag == "meter"]
        self.texts |= {value.strip() for name, value in attrs if value and name in names}

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style", "code")

    def handle_data(self, data: str) -> None:
        if not self._hidden and data.strip():
            self.texts.add(" ".join(data.split()))


def lettered(texts: set[str]) -> set[str]:
    return {text for text in texts if re.search(r"[^\W\d_]{2}", text)}


def plain_html(template: Path) -> str:
    """The template as it stands, each of its expressions replaced."""
    tokens = Environment(trim_blocks=True).lex(template.read_text())
    return "".join(text if kind == "data" else EXPRESSION for _, kind, text in tokens)


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_lacks_a_translation(language: str) -> None:
    catalog, messages = read(language), {each.id for each in extracted() if each.id}
    assert len(messages) > 300
    translated = {
        each.id for each in catalog if each.id and not each.fuzzy and all(_forms(each.string))
    }
    assert translated == messages, "run `make texts`, then fill in what is empty"


@pytest.mark.parametrize("language", TRANSLATED)
def test_translations_keep_their_placeholders(language: str) -> None:
    for message in read(language):
        if not message.id:
            continue
        wanted = set(re.findall(r"%\(\w+\)s", _forms(message.id)[0]))
        for form in _forms(message.string):
            assert set(re.findall(r"%\(\w+\)s", form)) == wanted, form


def _forms(text: str | tuple[str, ...]) -> tuple[str, ...]:
    return (text,) if isinstance(text, str) else tuple(text)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda each: each.name)
def test_templates_hold_no_text_of_their_own(template: Path) -> None:
    assert not lettered(Said(plain_html(template)).texts)


def test_a_text_in_a_template_would_be_noticed(tmp_path: Path) -> None:
    template = tmp_path / "a.html"
    template.write_text('<p title="{{ t.A }}">{{ t.B }} of</p><img alt="Photo"><b>{{ c }}</b>')
    found = Said(plain_html(template)).texts
    assert {"Photo"} < lettered(found)
    assert any("of" in text for text in found)


def test_scripts_hold_no_text_of_their_own() -> None:
    for script in STATIC.glob("*.js"):
        for said in _said_by(script.read_text()):
            pytest.fail(f"{script.name} says {said}")


def _said_by(script: str) -> Iterator[str]:
    pattern = r"""(?:textContent|innerText|title|ariaLabel|placeholder) = (["'`].+?["'`])"""
    yield from (each for each in re.findall(pattern, script) if len(each) > 2)
