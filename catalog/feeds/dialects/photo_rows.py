"""Tables with one row per photo of a product."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import Final

from catalog.feeds.columns import Columns
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Record, joined

_OF_PHOTO: Final = re.compile(
    r"(^|_)(photo|image|img|picture|media|file|position|alt|angle|view|side|caption|width|height"
    r"|order|sort|sequence|index|main|primary|cover|is_default)(_|$)"
)
"""Columns that describe the row's photo, not the product."""
_POSITION: Final = re.compile(r"(^|_)(position|order|sort|sequence|index)(_|$)")


def join_photo_rows(records: Collection[Record], columns: Columns) -> Collection[Record]:
    """Join rows with the same id that add a photo and no other values, by their position.

    Records without any equal ids stay where they are, on disk where there are many.
    """
    seen: set[str] = set()
    for record in records:
        key = _key(record, columns)
        if key in seen:
            return stored(_joined(records, columns))
        seen.add(key)
    return records


def _key(record: Record, columns: Columns) -> str:
    """The id; of a row without one its line, so that each of them is reported."""
    ids = (record.values.get(name, "") for name in columns.fields["id"])
    return next(filter(None, ids), f"line {record.line}")


def _joined(records: Collection[Record], columns: Columns) -> Iterator[Record]:
    photo_columns = columns.fields["photos"]
    for rows in grouped((_key(each, columns), each) for each in records):
        first, *others = sorted(rows, key=_place)
        apart = []
        for other in others:
            if _is_same(first, other, photo_columns):
                first = _with_photos(first, other, photo_columns)
            else:
                apart.append(other)
        yield first
        yield from apart


def _place(record: Record) -> float:
    """The position of a row's photo; 0 where it is not said, so that the feed's order stays."""
    named = (text for name, text in record.values.items() if _POSITION.search(name))
    return next((float(text) for text in named if text.isdecimal()), 0.0)


def _is_same(first: Record, other: Record, photo_columns: Sequence[str]) -> bool:
    differing = any(
        value and value != first.values.get(name, "")
        for name, value in other.values.items()
        if name not in photo_columns and not _OF_PHOTO.search(name)
    )
    return not differing and any(
        (photo := other.values.get(name)) and f"\n{photo}\n" not in f"\n{first.values.get(name)}\n"
        for name in photo_columns
    )


def _with_photos(first: Record, other: Record, photo_columns: Sequence[str]) -> Record:
    added = {
        name: joined(first.values.get(name, ""), other.values.get(name, ""))
        for name in photo_columns
    }
    return Record(first.line, {**first.values, **added}, first.numbers, first.damaged)
