"""The bytes of a feed in, text out; the text of a table or of JSON lines in, records out."""

import codecs
import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from catalog.cells import plain_cell
from catalog.errors import FeedError
from catalog.feeds_fields import Record, Reject, plain_name

DELIMITERS: Final = ",\t;|"
LARGEST_CELL: Final = 10_000_000
_NOT_TEXT: Final = {
    b"PK\x03\x04": "a zip or Excel file; save the sheet as CSV",
    b"\xd0\xcf\x11\xe0": "an old Excel file; save the sheet as CSV",
    b"\x1f\x8b": "packed with gzip; unpack it first",
    b"\xff\xd8\xff": "a JPEG photo; give its folder or a feed",
    b"\x89PNG": "a PNG photo; give its folder or a feed",
    b"%PDF": "a PDF; give a CSV, TSV, JSON lines or XML file",
    b"SQLite format 3": "a database; export a CSV from it",
}
"""How files begin that people mistake for feeds."""


@dataclass(frozen=True)
class FeedText:
    """A file's text, and what a person should know about its decoding."""

    text: str
    notes: tuple[str, ...] = ()


def read_text(path: Path) -> FeedText:
    """Decode UTF-8 or UTF-16 with their marks, else UTF-8, else Windows-1252.

    Raises:
        FeedError: no such file, empty, or no text.
    """
    data = read_bytes(path)
    for start, what in _NOT_TEXT.items():
        if data.startswith(start):
            raise FeedError(f"{path.name} is no text but {what}")
    decoded = _decoded(data, path.name)
    if "\0" in decoded.text[:1000]:
        raise FeedError(f"{path.name} is no text; save it as CSV in UTF-8")
    if not decoded.text.strip():
        raise FeedError(f"{path.name} is empty; give a CSV, TSV, JSON lines or XML file")
    return decoded


def read_bytes(path: Path, count: int = -1) -> bytes:
    """The first `count` bytes of a file, or all of it; FeedError when it cannot be read."""
    try:
        with path.open("rb") as file:
            return file.read(count)
    except OSError as error:
        raise FeedError(f"cannot read {path}: {error.strerror}; check the path") from error


def _decoded(data: bytes, name: str) -> FeedText:
    try:
        if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return FeedText(data.decode("utf-16"))
        return FeedText(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        place = error.start
    try:
        note = f"{name} is no UTF-8 (byte {place}) and was read as Windows-1252"
        return FeedText(data.decode("cp1252"), (note,))
    except UnicodeDecodeError as error:
        raise FeedError(
            f"{name} is neither UTF-8 (byte {place}) nor Windows-1252 (byte {error.start}); "
            "save it as CSV in UTF-8"
        ) from error


def read_table(text: str, feed_name: str) -> tuple[tuple[str, ...], list[Record | Reject]]:
    """The header's names and a record for each row that is not blank.

    Raises:
        FeedError: the CSV breaks its own rules.
    """
    csv.field_size_limit(LARGEST_CELL)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text))
    try:
        header = tuple(name.strip() for name in next(reader))
        names = [plain_name(name) for name in header]
        return header, list(_records(reader, names))
    except csv.Error as error:
        raise FeedError(
            f"{feed_name}, line {reader.line_num}: {error}; save it as CSV anew"
        ) from error


def _delimiter(text: str) -> str:
    """The commonest separator of the header line."""
    header = text.lstrip().partition("\n")[0]
    return max(DELIMITERS, key=header.count)


def _records(reader: Any, names: list[str]) -> Iterator[Record | Reject]:
    line = reader.line_num + 1
    for cells in reader:
        texts = [plain_cell(cell.strip()) for cell in cells]
        if any(texts[len(names) :]):
            reason = (
                f"{len(cells)} cells for {len(names)} columns; put quotes around a cell with "
                "separators"
            )
            yield Reject(line, reason)
        elif any(texts):
            yield Record(line, _joined(zip(names, texts, strict=False)))
        line = reader.line_num + 1


def _joined(pairs: Any) -> dict[str, str]:
    """Name -> value; where a column comes twice, its values joined by line ends."""
    values: dict[str, str] = {}
    for name, text in pairs:
        if values.get(name) and text:
            values[name] += f"\n{text}"
        elif text or name not in values:
            values[name] = text
    return values


def is_json_lines(text: str) -> bool:
    """Whether the first character says so."""
    return text.lstrip()[:1] in ("{", "[")


def read_json_lines(text: str, feed_name: str) -> tuple[tuple[str, ...], list[Record | Reject]]:
    """All names that occur, and a record for each line with an object on it.

    Raises:
        FeedError: the file is one JSON array, or its first line is no object.
    """
    names: dict[str, None] = {}
    records: list[Record | Reject] = []
    # Not splitlines(): JSON may hold U+2028 and its like inside a string.
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        entry = _json_object(content)
        if entry is None and not records:
            raise FeedError(
                f"{feed_name}, line {line} is no JSON object; write one product a line, "
                "for example with jq -c '.[]'"
            )
        if entry is None:
            records.append(Reject(line, "no JSON object"))
            continue
        names |= dict.fromkeys(entry)
        records.append(Record(line, {plain_name(name): _cell(entry[name]) for name in entry}))
    return tuple(names), records


def _json_object(content: str) -> dict[str, Any] | None:
    try:
        # As text: a price of 0.1 must not become a binary fraction.
        entry = json.loads(content, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError):
        return None
    return entry if isinstance(entry, dict) else None


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "\n".join(cell for each in value if (cell := _cell(each)))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value).strip()
