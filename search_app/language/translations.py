"""Gettext translations of the pages, in the language of the request."""

from contextvars import ContextVar
from functools import lru_cache
from gettext import GNUTranslations, NullTranslations
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

LANGUAGES: Final = {"en": "English", "de": "Deutsch", "fr": "Français"}
"""Code of a language -> what its speakers call it."""
SOURCE_LANGUAGE: Final = "en"
"""The language that the code is written in, which needs no translation."""
FOLDER: Final = Path(__file__).parent
_LANGUAGE: Final = ContextVar("language", default=SOURCE_LANGUAGE)


def current_language() -> str:
    """The language of the request, one of LANGUAGES."""
    return _LANGUAGE.get()


def use_language(language: str) -> None:
    """Answer this request in a language, one of LANGUAGES."""
    _LANGUAGE.set(language)


def gettext(message: str, /, **values: object) -> str:
    """Translate a message; `values` fill its placeholders, such as %(title)s."""
    translated = _translations(current_language()).gettext(message)
    return translated % values if values else translated


def ngettext(one: str, many: str, count: int, /, **values: object) -> str:
    """Translate a message that depends on a count."""
    return _translations(current_language()).ngettext(one, many, count) % values


def N_(message: str) -> str:  # noqa: N802 - gettext's own name for it
    """Mark a message for extraction that is translated where it is used."""
    return message


class Text:
    """A text without placeholders: an attribute that reads in the language of the request."""

    def __init__(self, message: str) -> None:
        self._message = message

    def __get__(self, instance: object, owner: type) -> str:
        return gettext(self._message)


@lru_cache
def _translations(language: str) -> NullTranslations:
    if language == SOURCE_LANGUAGE:
        return NullTranslations()
    compiled = BytesIO()
    with (FOLDER / f"{language}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=language))
    compiled.seek(0)
    return GNUTranslations(compiled)
