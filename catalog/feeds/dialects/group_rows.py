"""Tables with a row for a product and one for each of its variants, with ids of their own.

Shops often give such a group's photos, title or price in one of its rows alone. A variant without
photos counts for a product of its group: the lowest price, its stock, size and colour. A variant
with photos takes the values it lacks from its parent, the row whose id the group has.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final

from catalog.feeds.columns import Columns
from catalog.feeds.dialects.product_rows import MONEY, is_option, joined_record
from catalog.feeds.fields import (
    decimal_marks,
    first_value,
    group_of,
    is_hidden,
    without_absent,
)
from catalog.feeds.large.groups import grouped
from catalog.feeds.large.store import stored
from catalog.feeds.rows import Record

_PHOTOS: Final = ("photos", "more_photos")
_PRICED: Final = (*MONEY, "currency")
_INHERITED: Final = ("title", "brand", "category", "description", "url")


def join_groups(records: Collection[Record], columns: Columns) -> Collection[Record]:
    """Complete the rows of each group; those that count for another one are marked as joined.

    Records of groups that lack nothing stay where they are, on disk where there are many.
    """
    groups = {group_of(each, columns) for each in records if columns.fields["group"]} - {""}
    if any(
        first_value(each, columns.fields["id"]) in groups
        or (group_of(each, columns) in groups and not _has(each, _PHOTOS, columns))
        for each in (map(without_absent, records) if groups else ())
    ):
        return stored(_completed(records, columns))
    return records


def _completed(records: Collection[Record], columns: Columns) -> Iterator[Record]:
    mark_of = decimal_marks(records, columns)
    for rows in grouped((_label(each, columns), each) for each in map(without_absent, records)):
        parent = _parent_of(rows, columns)
        offers = _offers(rows, parent, columns)
        for index, row in enumerate(rows):
            if index not in offers:
                yield replace(row, joined=bool(offers))
                continue
            if offers[index]:
                row = joined_record([row, *offers[index]], columns, mark_of(row))
            yield row if parent in (None, index) else _inherited(row, rows[parent], columns)


def _offers(
    rows: Sequence[Record], parent: int | None, columns: Columns
) -> dict[int, list[Record]]:
    """Index of each row that can be a product -> what the other rows add to it."""
    photos = (index for index, row in enumerate(rows) if _has(row, _PHOTOS, columns))
    offers: dict[int, list[Record]] = {index: [] for index in photos}
    if not offers and parent is not None and not _has(rows[parent], MONEY, columns):
        offers[parent] = []
    of_colour = {_colour(rows[index], columns): index for index in reversed(offers)}
    for index, row in enumerate(rows):
        if offers and index not in offers and index != parent and not is_hidden(row, columns):
            sibling = of_colour.get(_colour(row, columns), next(iter(offers)))
            offers[parent if parent in offers else sibling].append(_offer(row, columns))
    return offers


def _label(record: Record, columns: Columns) -> str:
    product_id = first_value(record, columns.fields["id"])
    return group_of(record, columns) or product_id or f"line {record.line}"


def _parent_of(rows: Sequence[Record], columns: Columns) -> int | None:
    """Index of the row whose id the others name as their group."""
    label = _label(rows[0], columns)
    ids = (first_value(row, columns.fields["id"]) for row in rows)
    return next((index for index, own in enumerate(ids) if own == label), None)


def _has(record: Record, fields: Iterable[str], columns: Columns) -> bool:
    return any(first_value(record, columns.fields[field]) for field in fields)


def _colour(record: Record, columns: Columns) -> str:
    return first_value(record, columns.fields["colour"]).lower()


def _offer(row: Record, columns: Columns) -> Record:
    """The part of a variant that its product takes: price, stock, sizes and colours."""
    fields = (*_PRICED, "availability", "colour")
    added = {name for field in fields for name in columns.fields[field]}
    values = {name: text for name, text in row.values.items() if name in added or is_option(name)}
    return replace(row, values=values)


def _inherited(record: Record, parent: Record, columns: Columns) -> Record:
    """The record with its parent's values where it has none of its own."""
    lacking = [each for each in _INHERITED if not _has(record, (each,), columns)]
    lacking += () if _has(record, MONEY, columns) else _PRICED
    names = [name for field in lacking for name in columns.fields[field]]
    values = {name: parent.values[name] for name in names if parent.values.get(name)}
    if not values:
        return record
    numbers = record.numbers | (parent.numbers & values.keys())
    return replace(record, values={**record.values, **values}, numbers=numbers)
