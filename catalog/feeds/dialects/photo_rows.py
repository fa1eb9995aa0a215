"""Tables with one row per photo of a product."""

from collections.abc import Sequence

from catalog.feeds.columns import Columns
from catalog.feeds.rows import Record, Reject, joined

_OF_PHOTO = ("position", "image_position", "image_alt_text", "alt", "image_id", "photo_id", "angle")
"""Columns that describe the row's photo, not the product."""


def join_photo_rows(
    records: Sequence[Record | Reject], columns: Columns
) -> Sequence[Record | Reject]:
    """Join rows with the same id that add a photo and no other values.

    Records without any equal ids stay where they are, on disk where there are many.
    """
    seen: set[str] = set()
    for record in records:
        if isinstance(record, Record):
            key = _key(record, columns)
            if key in seen:
                return _joined(records, columns)
            seen.add(key)
    return records


def _key(record: Record, columns: Columns) -> str:
    return next((v for name in columns.fields["id"] if (v := record.values.get(name))), "")


def _joined(records: Sequence[Record | Reject], columns: Columns) -> list[Record | Reject]:
    first: dict[str, int] = {}
    joined: list[Record | Reject] = []
    photo_columns = columns.fields["photos"]
    for record in records:
        if isinstance(record, Reject):
            joined.append(record)
            continue
        key = _key(record, columns)
        index = first.get(key)
        before = joined[index] if index is not None else None
        if (
            index is not None
            and isinstance(before, Record)
            and _is_same(before, record, photo_columns)
        ):
            joined[index] = _with_photos(before, record, photo_columns)
            continue
        first.setdefault(key, len(joined))
        joined.append(record)
    return joined


def _is_same(first: Record, other: Record, photo_columns: Sequence[str]) -> bool:
    own = {*photo_columns, *_OF_PHOTO}
    differing = any(
        value and value != first.values.get(name, "")
        for name, value in other.values.items()
        if name not in own
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
