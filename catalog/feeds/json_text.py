"""Reading of JSON documents and JSON lines into records.

Numbers are marked as such: their decimal mark is known to be a point.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from catalog.errors import FeedError
from catalog.feeds.columns import plain_name
from catalog.feeds.decoding import BROKEN
from catalog.feeds.rows import Record, Reject

Entry = dict[str, Any]
_LISTS: Final = ("products", "items", "data", "results", "entries", "@graph", "itemListElement")
"""Keys under which documents list their products, in order of likelihood."""
_ADDRESSES: Final = ("src", "url", "contentUrl", "href", "link", "originalSrc")
_NAMES: Final = ("name", "title", "value", "@value", "amount")
_DEPTH: Final = 4
"""Objects nested deeper stay JSON text."""


class JsonNumber(str):
    """A number, as written in the document."""

    __slots__ = ()


@dataclass(frozen=True)
class JsonEntries:
    """Objects with their line (in a document: their number), and rejected lines."""

    entries: tuple[tuple[int, Entry], ...]
    rejects: tuple[Reject, ...] = ()


def is_json(text: str) -> bool:
    """Whether the text begins like JSON."""
    return text.lstrip()[:1] in ("{", "[")


def read_json(text: str, feed_name: str) -> JsonEntries:
    """Read a JSON document with a list of products, or one object per line.

    Raises:
        FeedError: it is neither; the message names the line.
    """
    # Not splitlines(): JSON strings may contain U+2028 and similar.
    lines = [each for each in enumerate(text.split("\n"), start=1) if each[1].strip()]
    first = parse_json(lines[0][1])
    if isinstance(first, dict) and len(lines) > 1:
        return _of_lines(lines)
    document = first if len(lines) == 1 else parse_json(text)
    if document is None:
        raise FeedError(
            f"{feed_name}, line {lines[0][0]} is no JSON object; write one product a line or one "
            "list of products"
        )
    entries = _listed(document)
    if not entries and isinstance(document, dict):
        entries = [document]
    objects = tuple((n, each) for n, each in enumerate(entries, 1) if isinstance(each, dict))
    rejects = tuple(
        Reject(n, "no JSON object")
        for n, each in enumerate(entries, 1)
        if not isinstance(each, dict)
    )
    return JsonEntries(objects, rejects)


def record_lines(lines: Iterable[str]) -> Iterator[Record | Reject]:
    """The records of JSON lines one by one; a line that is no object becomes a reject."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            entry = parse_json(line)
            is_object = isinstance(entry, dict)
            yield record_of(number, entry) if is_object else Reject(number, "no JSON object")


def _of_lines(lines: list[tuple[int, str]]) -> JsonEntries:
    parsed = [(line, parse_json(content)) for line, content in lines]
    objects = tuple((line, each) for line, each in parsed if isinstance(each, dict))
    rejects = tuple(
        Reject(line, "no JSON object") for line, each in parsed if not isinstance(each, dict)
    )
    return JsonEntries(objects, rejects)


def parse_json(content: str) -> Any:
    """Parse JSON with `JsonNumber` for numbers; None where it is invalid."""
    try:
        return json.loads(content, parse_float=JsonNumber, parse_int=JsonNumber, parse_constant=str)
    except (ValueError, RecursionError):
        return None


def _listed(document: Any, depth: int = 0) -> list[Any]:
    """The document's list of products: the document itself or the first known list in it."""
    if isinstance(document, list):
        return document
    if not isinstance(document, dict) or depth > _DEPTH:
        return []
    keys = [key for key in _LISTS if key in document]
    for key in keys:
        if isinstance(document[key], (list, dict)) and (found := _listed(document[key], depth + 1)):
            return found
    return []


def records_of(entries: JsonEntries) -> list[Record | Reject]:
    """A record for each object, nested objects flattened to "outer_inner"."""
    return [*entries.rejects, *(record_of(line, entry) for line, entry in entries.entries)]


def record_of(line: int, entry: Mapping[str, Any]) -> Record:
    """A record of one object."""
    values: dict[str, str] = {}
    numbers: set[str] = set()
    damaged: set[str] = set()
    for name, value in _flattened(entry):
        text = cell_of(value)
        if not text.isascii() and BROKEN.search(text):
            damaged.add(name)
            continue
        values.setdefault(name, text)
        if isinstance(value, JsonNumber):
            numbers.add(name)
    return Record(line, values, frozenset(numbers), frozenset(damaged))


def _flattened(
    entry: Mapping[str, Any], prefix: str = "", depth: int = 0
) -> Iterator[tuple[str, Any]]:
    for key, value in entry.items():
        name = plain_name(f"{prefix}_{key}")
        if not isinstance(value, dict) or depth >= _DEPTH:
            yield name, value
            continue
        own = next((value[each] for each in (*_NAMES, *_ADDRESSES) if each in value), None)
        if own is not None:
            yield name, own
        code = value.get("currency") or value.get("currency_code") or value.get("currencyCode")
        if name == "price" and code:
            yield "currency", code
        yield from _flattened(value, name, depth + 1)


def cell_of(value: Any) -> str:
    """A value as cell text; a list gives one line per value, an object in it its address."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "\n".join(cell for each in value if (cell := _listed_cell(each)))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value).strip()


def _listed_cell(value: Any) -> str:
    if isinstance(value, dict):
        keys = (*_ADDRESSES, *_NAMES)
        return next((cell_of(value[key]) for key in keys if value.get(key)), cell_of(value))
    return cell_of(value)
