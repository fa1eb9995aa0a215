"""Tables with several rows for a product: one per photo, or one per size."""

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from functools import lru_cache
from typing import Final

from catalog.feeds.columns import Columns
from catalog.feeds.dialects.variants import PRICES, amount_of, best_availability, distinct_lines
from catalog.feeds.fields import decimal_mark
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.store import stored
from catalog.feeds.names import names_by_meaning
from catalog.feeds.rows import Record

_OF_PHOTO: Final = re.compile(
    r"(^|_)(photo|image|img|picture|media|file|position|alt|angle|view|side|caption|width|height"
    r"|order|sort|sequence|index|main|primary|cover|is_default)(_|$)"
)
"""Columns that describe the row's photo, not the product."""
_POSITION: Final = re.compile(r"(^|_)(position|order|sort|sequence|index)(_|$)")
_SIZE, _OF_SIZE = (
    re.compile(rf"(^|_)({'|'.join(names)})(_|$)")
    for names in names_by_meaning("size_columns").values()
)
"""Columns that hold a size, and columns that describe the row's size."""
_MONEY: Final = (*PRICES, "sale_dates", "sale_start", "sale_end")

Marks = frozenset[tuple[str, str]]
"""Columns and values by which rows of one product differ."""


def join_rows(records: Collection[Record], columns: Columns) -> Collection[Record]:
    """Join rows with the same id of which each adds a photo or a size and contradicts nothing.

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
    mark = decimal_mark(records, columns)
    for rows in grouped((_key(each, columns), each) for each in records):
        same, apart = _told_apart(sorted(rows, key=_place), columns)
        yield _product(same, columns, mark) if len(same) > 1 else same[0]
        yield from apart


def _place(record: Record) -> float:
    """The position of a row's photo; 0 where it is not said, so that the feed's order stays."""
    named = (text for name, text in record.values.items() if _POSITION.search(name))
    return next((float(text) for text in named if text.isdecimal()), 0.0)


def _told_apart(rows: list[Record], columns: Columns) -> tuple[list[Record], list[Record]]:
    """The first row with those that belong to it, and the other rows."""
    first, *others = rows
    same, apart = [first], list[Record]()
    of_size = {_sizes(first): first, frozenset(): first}
    seen = {(_sizes(first), _photos(first, columns))}
    for row in others:
        marks = _sizes(row), _photos(row, columns)
        is_new = any(marks) and marks not in seen
        if is_new and _agree(of_size.get(marks[0]), first, row, columns):
            same.append(row)
            seen.add(marks)
            of_size.setdefault(marks[0], row)
        else:
            apart.append(row)
    return same, apart


def _sizes(row: Record) -> Marks:
    return frozenset((name, text) for name, text in row.values.items() if text and _is_size(name))


def _photos(row: Record, columns: Columns) -> Marks:
    texts = ((name, row.values.get(name, "")) for name in columns.fields["photos"])
    return frozenset((name, text) for name, text in texts if text)


@lru_cache(maxsize=1_000)
def _is_size(name: str) -> bool:
    return _SIZE.search(name) is not None


def _agree(same_size: Record | None, first: Record, row: Record, columns: Columns) -> bool:
    """Whether a row differs from one of its size in its photo alone; from others also by size."""
    known = (same_size or first).values
    free = set(columns.fields["photos"])
    if same_size is None:
        free |= {name for field in (*_MONEY, "availability") for name in columns.fields[field]}
    return all(
        not text
        or text == known.get(name, "")
        or name in free
        or _OF_PHOTO.search(name)
        or (same_size is None and (_is_size(name) or _OF_SIZE.search(name)))
        for name, text in row.values.items()
    )


def _product(rows: list[Record], columns: Columns, mark: str | None) -> Record:
    """One record with all photos and sizes, the lowest price and the best availability."""
    first = rows[0]
    texts = {name: [row.values.get(name, "") for row in rows] for name in first.values}
    cheapest = min(rows, key=lambda row: _lowest_amount(row, columns, mark))
    photos, stocks = columns.fields["photos"], columns.fields["availability"]
    money = {name for field in _MONEY for name in columns.fields[field]}
    values = dict(first.values)
    for name, told in texts.items():
        if name in photos:
            values[name] = distinct_lines(told)
        elif name in stocks:
            values[name] = best_availability(told)
        elif name in money:
            values[name] = cheapest.values.get(name, "")
        elif not _OF_PHOTO.search(name):
            values[name] = ", ".join(dict.fromkeys(filter(None, told)))
    damaged = frozenset[str]().union(*(row.damaged for row in rows))
    return Record(first.line, values, cheapest.numbers, damaged)


def _lowest_amount(row: Record, columns: Columns, mark: str | None) -> Decimal:
    names = [name for field in PRICES for name in columns.fields[field]]
    amounts = (
        amount_of(row.values.get(name, ""), "." if name in row.numbers else mark) for name in names
    )
    return min(filter(None, amounts), default=Decimal("Infinity"))
