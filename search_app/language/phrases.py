"""Texts with placeholders, counts and names: called, they read in the language of the request."""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Generic, TypeVar

from search_app.language.formats import number
from search_app.language.translations import gettext, ngettext

Value = TypeVar("Value")


class Filled:
    """A text with placeholders, such as %(title)s; called with their values, in its order."""

    def __init__(self, message: str) -> None:
        self._message = message
        self._names = re.findall(r"%\((\w+)\)s", message)

    def __call__(self, *values: str | int) -> str:
        """Fill in the values; whole numbers are written as in the language."""
        written = [number(each) if isinstance(each, int) else each for each in values]
        return gettext(self._message, **dict(zip(self._names, written, strict=True)))


class Counted:
    """A text in singular and plural, whose placeholder is %(count)s."""

    def __init__(self, one: str, many: str) -> None:
        self._messages = one, many

    def __call__(self, count: int) -> str:
        return ngettext(*self._messages, count, count=number(count))


def retold(sentence: str, templates: Iterable[str], name: Callable[[str], str] = str) -> str:
    """Translate a stored English sentence by the template that it was made of, if one fits.

    Args:
        name: translates the values that were filled in.
    """
    for template in templates:
        pattern = re.sub(r"%\\\((\w+)\\\)s", r"(?P<\1>.+)", re.escape(template))
        if found := re.fullmatch(pattern, sentence):
            values = {key: name(value) for key, value in found.groupdict().items()}
            return gettext(template, **values)
    return sentence


class Names(Generic[Value]):
    """Names of the values of a field, marked with `N_`."""

    def __init__(self, names: Mapping[Value, str]) -> None:
        self._names = names

    def __call__(self, value: Value) -> str:
        return gettext(self._names[value])

    def __contains__(self, value: Value) -> bool:
        return value in self._names

    def items(self) -> list[tuple[Value, str]]:
        """Each value with its name, in order."""
        return [(value, self(value)) for value in self._names]
