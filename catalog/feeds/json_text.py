"""Reading of JSON documents and JSON lines into records.

Numbers are marked as such: their decimal mark is known to be a point.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from catalog.errors import FeedError
from catalog.feeds.columns import PHOTO_NAMES, plain_name, squeezed
from catalog.feeds.large.json_document import JsonNumber, document_values, parse_json
from catalog.feeds.rows import Findings, Record, Reject
from catalog.feeds.text.decoding import BROKEN

Entry = dict[str, Any]
NumberedEntry = tuple[int, Entry]
"""An object with its line, or in a document its number."""

_ADDRESSES: Final = ("src", "url", "contentUrl", "href", "link", "originalSrc")
_NAMES: Final = ("name", "title", "value", "@value", "amount", "plain", "status")
_LANGUAGE: Final = re.compile("[a-z]{2}([-_][A-Za-z]{2})?")
_DEPTH: Final = 4
"""Objects nested deeper stay JSON text."""
_FIRST_LINES: Final = 3


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


def line_values(lines: Iterable[str]) -> Iterator[tuple[int, Any]]:
    """The value of each line of JSON lines; None where it is none."""
    yield from (
        (number, parse_json(line)) for number, line in enumerate(lines, start=1) if line.strip()
    )


def numbered_values(parts: Iterable[str], feed_name: str) -> Iterator[tuple[int, Any]]:
    """The values of a document's list of products, or the document as the only one.

    Raises:
        FeedError: it is damaged or cut short; the message says where.
    """
    number = 0
    try:
        for number, value in enumerate(document_values(parts), start=1):
            yield number, _unwrapped(value)
    except ValueError as error:
        raise FeedError(
            f"{feed_name} is not a whole JSON document: it breaks off after {number} products; "
            "export it again, as one list of products or one product a line"
        ) from error


def only_objects(values: Iterable[tuple[int, Any]], findings: Findings) -> Iterator[NumberedEntry]:
    """The objects among values; any other value is a reject."""
    for number, value in values:
        if isinstance(value, dict):
            yield number, value
        else:
            findings.rejects.append(Reject(number, "no JSON object"))


def _unwrapped(value: Any) -> Any:
    """The product in an edge of GraphQL or in {"product": ...}."""
    if isinstance(value, dict):
        for key in ("node", "product"):
            if isinstance(value.get(key), dict) and value.keys() <= {key, "cursor"}:
                return value[key]
    return value


def record_of(line: int, entry: Mapping[str, Any]) -> Record:
    """A record of one object, nested objects flattened to "outer_inner"."""
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
        if squeezed(name) in PHOTO_NAMES:
            yield name, list(_photos(value))
            continue
        if not isinstance(value, dict) or depth >= _DEPTH:
            yield name, value
            continue
        own = next((value[each] for each in (*_NAMES, *_ADDRESSES) if each in value), None)
        if own is None and all(map(_LANGUAGE.fullmatch, value)):
            own = next(iter(value.values()), None)  # the shop's first language
        if own is not None:
            yield name, own
        code = value.get("currency") or value.get("currency_code") or value.get("currencyCode")
        if name == "price" and code:
            yield "currency", code
        yield from _flattened(value, name, depth + 1)


def _photos(value: Any) -> Iterator[str]:
    """The addresses in a value, such as photos by size or by view, without their captions."""
    if isinstance(value, str) and not isinstance(value, JsonNumber):
        yield value
    elif isinstance(value, list):
        for each in value:
            yield from _photos(each)
    elif isinstance(value, dict):
        known = [value[each] for each in _ADDRESSES if value.get(each)]
        yield from _photos(known[0] if known else list(value.values()))


def objects_of(value: Any) -> list[Entry]:
    """The objects in a list; none in any other value."""
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def cells_of(entry: Mapping[str, Any], sources: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """The first value of each field that is not empty, by its keys or columns."""
    return {
        field: next((cell_of(entry[key]) for key in keys if entry.get(key)), "")
        for field, keys in sources.items()
        if field
    }


def cell_of(value: Any) -> str:
    """A value as cell text: a list gives one line per value, an object its address or name."""
    if isinstance(value, str):  # by far the most frequent
        return str(value).strip()
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "\n".join(cell for each in value if (cell := cell_of(each)))
    if isinstance(value, dict):
        named = next((value[key] for key in (*_ADDRESSES, *_NAMES) if value.get(key)), None)
        return cell_of(named) or json.dumps(value, ensure_ascii=False)
    return str(value).strip()
