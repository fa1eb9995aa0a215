"""Reading of JSON documents and JSON lines into records.

Numbers are marked as such: their decimal mark is known to be a point.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from catalog.errors import FeedError
from catalog.feeds.columns import SYNONYMS, plain_name, squeezed
from catalog.feeds.large.json_document import JsonNumber, document_values, parse_json
from catalog.feeds.rows import Record, Reject
from catalog.feeds.text.decoding import BROKEN

Entry = dict[str, Any]
NumberedEntry = tuple[int, Entry]
"""An object with its line, or in a document its number."""

_ADDRESSES: Final = ("src", "url", "contentUrl", "href", "link", "originalSrc")
_NAMES: Final = ("name", "title", "value", "@value", "amount")
_DEPTH: Final = 4
"""Objects nested deeper stay JSON text."""
_PHOTOS: Final = frozenset(
    squeezed(name) for field in ("photos", "more_photos") for name in SYNONYMS[field]
)
_FIRST_LINES: Final = 3
_NO_OBJECT: Final = "no JSON object"


def is_json(text: str) -> bool:
    """Whether the text begins like JSON."""
    return text.lstrip()[:1] in ("{", "[")


def is_json_lines(head: str) -> bool:
    """Whether a file that begins like this has an object on each line; one line may be damaged."""
    lines = [line for line in head.split("\n") if line.strip()][:_FIRST_LINES]
    if len(lines) < 2 or not lines[0].lstrip().startswith("{"):
        return False
    is_object = [isinstance(parse_json(line), dict) for line in lines]
    return is_object[0] or (len(lines) == _FIRST_LINES and all(is_object[1:]))


def line_entries(lines: Iterable[str]) -> Iterator[NumberedEntry | Reject]:
    """The objects of JSON lines; a line that is none becomes a reject."""
    for number, line in enumerate(lines, start=1):
        if line.strip():
            entry = parse_json(line)
            yield (number, entry) if isinstance(entry, dict) else Reject(number, _NO_OBJECT)


def document_entries(parts: Iterable[str], feed_name: str) -> Iterator[NumberedEntry | Reject]:
    """The objects of a document's list of products, or the document as the only one.

    Raises:
        FeedError: it is damaged or cut short; the message says where.
    """
    number = 0
    try:
        for number, value in enumerate(document_values(parts), start=1):
            entry = _unwrapped(value)
            yield (number, entry) if isinstance(entry, dict) else Reject(number, _NO_OBJECT)
    except ValueError as error:
        raise FeedError(
            f"{feed_name} is no whole JSON document: it breaks off after {number} products; "
            "export it anew, as one list of products or one product a line"
        ) from error


def _unwrapped(value: Any) -> Any:
    """The product in an edge of GraphQL or in {"product": ...}."""
    if isinstance(value, dict):
        for key in ("node", "product"):
            if isinstance(value.get(key), dict) and value.keys() <= {key, "cursor"}:
                return value[key]
    return value


def json_records(entries: Iterable[NumberedEntry | Reject]) -> Iterator[Record | Reject]:
    """A record for each object, nested objects flattened to "outer_inner"."""
    for each in entries:
        yield each if isinstance(each, Reject) else record_of(*each)


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
        if own is None and squeezed(name) in _PHOTOS:
            own = list(_leaves(value))
        if own is not None:
            yield name, own
        code = value.get("currency") or value.get("currency_code") or value.get("currencyCode")
        if name == "price" and code:
            yield "currency", code
        yield from _flattened(value, name, depth + 1)


def _leaves(value: Any) -> Iterator[Any]:
    """The texts in an object, such as addresses by size or by view."""
    inner = value.values() if isinstance(value, dict) else value
    for each in inner:
        if isinstance(each, dict | list):
            yield from _leaves(each)
        elif isinstance(each, str) and not isinstance(each, JsonNumber):
            yield each


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
