"""Tables with several rows for a product: one per photo, size or colour."""

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from functools import lru_cache
from itertools import takewhile
from typing import Final

from catalog.feeds.columns import Columns
from catalog.feeds.dialects.variants import (
    COLOURS,
    PRICES,
    amount_of,
    best_availability,
    distinct_lines,
)
from catalog.feeds.fields import decimal_marks
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
_OF_VARIANT: Final = ("url", "availability")
"""Fields that rows of several sizes or colours may differ in, besides prices."""
_WORD: Final = re.compile(r"\w+")
MONEY: Final = (*PRICES, "sale_dates", "sale_start", "sale_end")

Marks = frozenset[tuple[str, str]]
"""Columns and values by which rows of one product differ."""


def join_rows(records: Collection[Record], columns: Columns) -> Collection[Record]:
    """Join rows of one id of which each adds a photo, size or colour and contradicts nothing.

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
    mark_of = decimal_marks(records, columns)
    for rows in grouped((_key(each, columns), each) for each in records):
        same, apart = _told_apart(sorted(rows, key=_place), columns)
        yield joined_record(same, columns, mark_of(same[0])) if len(same) > 1 else same[0]
        yield from apart


def _place(record: Record) -> float:
    """The position of a row's photo; 0 where it is not said, so that the feed's order stays."""
    named = (text for name, text in record.values.items() if _POSITION.search(name))
    return next((float(text) for text in named if text.isdecimal()), 0.0)


def _told_apart(rows: list[Record], columns: Columns) -> tuple[list[Record], list[Record]]:
    """The first row with those that belong to it, and the other rows."""
    first, *others = rows
    same, apart = [first], list[Record]()
    of_variant = {_variant(first, columns): first, frozenset(): first}
    seen = {(_variant(first, columns), _photos(first, columns))}
    for row in others:
        marks = _variant(row, columns), _photos(row, columns)
        is_new = any(marks) and marks not in seen
        if is_new and _agree(of_variant.get(marks[0]), first, row, columns):
            same.append(row)
            seen.add(marks)
            of_variant.setdefault(marks[0], row)
        else:
            apart.append(row)
    return same, apart


def _variant(row: Record, columns: Columns) -> Marks:
    """The sizes and colours of a row."""
    colours = columns.fields["colour"]
    return frozenset(
        (name, text)
        for name, text in row.values.items()
        if text and (name in colours or is_option(name))
    )


def _photos(row: Record, columns: Columns) -> Marks:
    texts = ((name, row.values.get(name, "")) for name in columns.fields["photos"])
    return frozenset((name, text) for name, text in texts if text)


@lru_cache(maxsize=1_000)
def is_option(name: str) -> bool:
    """Whether a column's plain name is that of a size or a colour."""
    return _SIZE.search(name) is not None or not COLOURS.isdisjoint(name.split("_"))


def _agree(same: Record | None, first: Record, row: Record, columns: Columns) -> bool:
    """Whether a row differs from its variant's in the photo alone, from others as a variant may."""
    known = (same or first).values
    free = set(columns.fields["photos"])
    if same is None:
        own = (*MONEY, *_OF_VARIANT, "colour")
        free |= {name for field in own for name in columns.fields[field]}
        if _bare_title(first, columns) == _bare_title(row, columns):
            free |= set(columns.fields["title"])
    return all(
        not text
        or text == known.get(name, "")
        or name in free
        or _OF_PHOTO.search(name)
        or (same is None and (is_option(name) or _OF_SIZE.search(name)))
        for name, text in row.values.items()
    )


def _bare_title(row: Record, columns: Columns) -> list[str]:
    """The words of a title without the row's own size and colour: "Tee - Red / S" is "tee"."""
    own = {word for _, text in _variant(row, columns) for word in _words(text)}
    titles = (row.values.get(name, "") for name in columns.fields["title"])
    return [word for title in titles for word in _words(title) if word not in own]


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())


def joined_record(rows: list[Record], columns: Columns, mark: str | None) -> Record:
    """One record with all photos, sizes and colours, the lowest price, the best availability."""
    first = rows[0]
    names = dict.fromkeys(name for row in rows for name in row.values)
    texts = {name: [row.values.get(name, "") for row in rows] for name in names}
    cheapest = min(rows, key=lambda row: _lowest_amount(row, columns, mark))
    photos, stocks = columns.fields["photos"], columns.fields["availability"]
    money = {name for field in MONEY for name in columns.fields[field]}
    values = dict(first.values)
    for name, cells in texts.items():
        distinct = list(dict.fromkeys(filter(None, cells)))
        if name in columns.fields["colour"] and len(distinct) > 1:
            values |= {name: "", "colours": ", ".join(distinct)}
        elif name in columns.fields["title"] and len(distinct) > 1:
            values[name] = _common_beginning(distinct) or first.values.get(name, "")
        elif name in photos:
            values[name] = distinct_lines(cells)
        elif name in stocks:
            values[name] = best_availability(cells)
        elif name in money:
            values[name] = cheapest.values.get(name, "")
        elif name not in columns.fields["url"] and not _OF_PHOTO.search(name):
            values[name] = ", ".join(distinct)
    damaged = frozenset[str]().union(*(row.damaged for row in rows))
    return Record(first.line, values, cheapest.numbers, damaged)


def _common_beginning(titles: list[str]) -> str:
    """The words that titles begin with, without a dash or bracket at their end."""
    words = takewhile(lambda each: len(set(each)) == 1, zip(*map(str.split, titles), strict=False))
    return " ".join(each[0] for each in words).rstrip(" -–|/,(")


def _lowest_amount(row: Record, columns: Columns, mark: str | None) -> Decimal:
    names = [name for field in PRICES for name in columns.fields[field]]
    amounts = (
        amount_of(row.values.get(name, ""), "." if name in row.numbers else mark) for name in names
    )
    return min(filter(None, amounts), default=Decimal("Infinity"))
