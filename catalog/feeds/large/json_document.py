"""The products of a JSON document one at a time, from parts of its text."""

import json
import re
from collections.abc import Generator, Iterable, Iterator
from typing import Any, Final

LISTS: Final = frozenset(
    {"products", "items", "data", "results", "entries", "edges", "nodes", "@graph",
     "itemListElement"}
)  # fmt: skip
"""Keys under which documents list their products."""
_DEPTH: Final = 4
"""Lists nested deeper are not searched for products."""
_OF_PRODUCTS: Final = frozenset("id product_id sku handle item_id @type title name".split())
"""Keys by which an object is taken for a product."""
_IDS: Final = frozenset("id product_id sku handle item_id".split())
DEEPEST: Final = 100
"""Largest nesting of lists and objects; a value nested deeper is read as None."""
_MARK: Final = re.compile(r'"(?:[^"\\]|\\.)*+"|[\[\]{}]', re.DOTALL)
"""A string, or a bracket outside of strings."""
_SPACE: Final = re.compile(r"[ \t\r\n\ufeff]*")
_LISTED: Final = object()
"""Stands for a value whose list was found."""


class JsonNumber(str):
    """A number, as written in the document."""

    __slots__ = ()


# strict=False: shops write line ends into strings.
DECODER: Final = json.JSONDecoder(
    parse_float=JsonNumber, parse_int=JsonNumber, parse_constant=str, strict=False
)


def parse_json(content: str) -> Any:
    """Parse JSON with `JsonNumber` for numbers; None where it is invalid or nested too deeply."""
    try:
        value = DECODER.decode(content)
    except (ValueError, RecursionError):
        return None
    return _usable(value, content, 0, len(content))


def _usable(value: Any, text: str, start: int, end: int) -> Any:
    """The value of a part of a text; None where it is nested too deeply."""
    brackets = text.count("[", start, end) + text.count("{", start, end)
    return None if brackets > DEEPEST and is_deep(value) else value


def is_deep(value: Any) -> bool:
    """Whether lists and objects are nested so deeply that other programs cannot take the value."""
    level = [value]
    for _ in range(DEEPEST):
        level = [inner for each in level for inner in _inner(each)]
        if not level:
            return False
    return True


def _inner(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _value_end(text: str, start: int) -> int | None:
    """The end of a list or an object; None where the text ends before."""
    depth = 0
    for mark in _MARK.finditer(text, start):
        depth += (mark[0] in "[{") - (mark[0] in "]}")
        if depth == 0:
            return mark.end()
    return None


def document_values(parts: Iterable[str]) -> Iterator[Any]:
    """The values of the document's first list of products, else the document itself.

    Raises:
        ValueError: it is damaged or cut short.
    """
    document = _Document(parts)
    value = yield from document.listed()
    document.end()
    if value is not _LISTED and value != []:
        yield from _products_of(value)


class _Document:
    """A position in a text that is held from there on, as far as it was needed."""

    def __init__(self, parts: Iterable[str]) -> None:
        self._parts = iter(parts)
        self._text = ""
        self._at = 0

    def listed(self, depth: int = 0) -> Generator[Any, None, Any]:
        """Yield the values of the first list that has any; return the value without one."""
        if self._passes("["):
            count = 0
            while not self._passes("]"):
                yield self._value()
                count += 1
                self._end_of_value("]")
            return _LISTED if count else []
        if depth > _DEPTH or not self._passes("{"):
            return self._value()
        own: dict[str, Any] = {}
        is_listed = False
        while not self._passes("}"):
            key = self._value()
            if not self._passes(":"):
                raise ValueError("a key without a value")
            if key in LISTS and not is_listed:
                own[key] = yield from self.listed(depth + 1)
                is_listed = own[key] is _LISTED
            else:
                own[key] = self._value()
            self._end_of_value("}")
        return _LISTED if is_listed else own

    def end(self) -> None:
        """Check that nothing follows. Raises ValueError."""
        if self._next():
            raise ValueError("text after the document")

    def _end_of_value(self, end: str) -> None:
        if not self._passes(",") and self._next() != end:
            raise ValueError("values without a comma between them")

    def _passes(self, mark: str) -> bool:
        """Move past a character if it is the next one."""
        is_next = self._next() == mark
        self._at += is_next
        return is_next

    def _next(self) -> str:
        """The next character that is not a space; empty at the end."""
        while True:
            space = _SPACE.match(self._text, self._at)
            self._at = space.end() if space else self._at
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._grows():
                return ""

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = self._parsed()
            except ValueError:
                if self._grows():
                    continue
                raise
            # A number may go on in the next part.
            if end < len(self._text) or not self._grows():
                self._at = end
                return value

    def _parsed(self) -> tuple[Any, int]:
        """The value here, None for one that is nested too deeply, and its end."""
        try:
            value, end = DECODER.raw_decode(self._text, self._at)
        except RecursionError:
            found = _value_end(self._text, self._at)
            if found is None:
                raise ValueError("the text ends in a value") from None
            return None, found
        return _usable(value, self._text, self._at, end), end

    def _grows(self) -> bool:
        """Add at least as much text as is held; False where there is no more."""
        held = self._text[self._at :]
        added: list[str] = []
        size = 0
        while size <= len(held) and (part := next(self._parts, "")):
            added.append(part)
            size += len(part)
        if added:
            self._text, self._at = held + "".join(added), 0
        return bool(added)


def _products_of(value: Any, depth: int = 0) -> list[Any]:
    """The longest list of objects in a document without a known name for it; else the document."""
    if not isinstance(value, dict) or value.keys() & _OF_PRODUCTS:
        return [value]
    if by_id := _products_by_id(value):
        return by_id
    lists = [each for each in value.values() if isinstance(each, list)]
    if depth < _DEPTH:
        inner = (each for each in value.values() if isinstance(each, dict))
        lists += [_products_of(each, depth + 1) for each in inner]
    found = max((each for each in lists if _has_object(each)), key=len, default=[])
    return found or [value]


def _products_by_id(value: dict[str, Any]) -> list[Any]:
    """The products of an object that has one under each id; empty for any other."""
    if not value or not all(isinstance(each, dict) for each in value.values()):
        return []
    if not _OF_PRODUCTS.intersection(*value.values()):
        return []
    return [each if each.keys() & _IDS else {"id": key, **each} for key, each in value.items()]


def _has_object(values: list[Any]) -> bool:
    return any(isinstance(each, dict) and each.keys() & _OF_PRODUCTS for each in values)
