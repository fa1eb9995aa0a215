"""Repair of texts and JSON that older versions or other programs stored."""

from collections.abc import Iterator
from datetime import date, datetime
from typing import Final

from sqlalchemy import Column, select, text, type_coerce, update
from sqlalchemy.orm import Session

from catalog.clean_text import clean_attributes, clean_text, is_clean
from catalog.models import Base, Product
from catalog.stored_json import StoredJson

_COLUMNS = (
    "title", "brand", "category", "colour", "currency", "url", "availability", "description",
    "group_id",
)  # fmt: skip
_UNFIT: Final = object()
_IS_OF_TYPE: Final = {
    int: "typeof({0}) IN ('integer', 'null')",
    bool: "{0} IS NULL OR {0} IN (0, 1)",
    float: "typeof({0}) IN ('real', 'integer', 'null')",
    bytes: "typeof({0}) IN ('blob', 'null')",
    str: "typeof({0}) IN ('text', 'null')",
    date: "{0} IS NULL OR {0} IS date({0})",
    datetime: "{0} IS NULL OR substr({0}, 1, 19) IS datetime(substr({0}, 1, 19))",
}
"""Type of a column -> what holds for its values in SQLite, which stores any."""


def count_damaged_texts(session: Session) -> int:
    """Number of products with unshowable characters."""
    return sum(1 for _ in _damaged_products(session))


def unfit_json(session: Session) -> Iterator[tuple[Column[object], list[tuple[object, ...]]]]:
    """Each JSON column that has values of another form, with the primary keys of their rows."""
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            if isinstance(column.type, StoredJson) and (keys := _unfit_rows(session, column)):
                yield column, keys


def mistyped_columns(session: Session) -> Iterator[Column[object]]:
    """Columns of SQLite with values of another type, which end whatever reads them.

    Without the texts of products that `repair_values` mends.
    """
    for table in Base.metadata.sorted_tables:
        for column in table.columns:
            check = _check_of(column)
            if check is None or (table is Product.__table__ and column.name in _COLUMNS):
                continue
            is_wrong = f"NOT ({check.format(f'[{column.name}]')})"
            if session.scalar(text(f"SELECT 1 FROM [{table.name}] WHERE {is_wrong} LIMIT 1")):
                yield column


def _check_of(column: Column[object]) -> str | None:
    if values := column.info.get("values"):
        return f"{{0}} IN ({', '.join(str(int(each)) for each in values)})"
    stored = getattr(column.type, "impl", column.type)  # of a decorated type
    return _IS_OF_TYPE.get(stored.python_type)


def repair_values(session: Session) -> int:
    """Clean those texts and empty that JSON; return the number of rows. The caller commits."""
    count = 0
    for column, keys in list(unfit_json(session)):
        assert isinstance(column.type, StoredJson)
        for key in keys:
            row = [each == value for each, value in zip(column.table.primary_key, key, strict=True)]
            session.execute(update(column.table).where(*row).values({column: column.type.unfit()}))
        count += len(keys)
    for product in list(_damaged_products(session)):
        for name in _COLUMNS:
            value = getattr(product, name)
            if value is not None:
                setattr(product, name, clean_text(_as_text(value)) or None)
        product.title = product.title or product.id
        product.attributes = clean_attributes(product.attributes)
        count += 1
    return count


def _unfit_rows(session: Session, column: Column[object]) -> list[tuple[object, ...]]:
    assert isinstance(column.type, StoredJson)
    checking: StoredJson[object] = StoredJson(column.type.form, lambda: _UNFIT)
    query = select(type_coerce(column, checking), *column.table.primary_key)
    rows = session.execute(query.execution_options(yield_per=1_000))
    return [tuple(key) for value, *key in rows if value is _UNFIT]


def _damaged_products(session: Session) -> Iterator[Product]:
    for product in session.scalars(select(Product).execution_options(yield_per=1_000)):
        texts = [getattr(product, name) or "" for name in _COLUMNS]
        texts += [text for pair in product.attributes.items() for text in pair]
        if not all(isinstance(text, str) and is_clean(text) for text in texts):
            yield product


def _as_text(value: str | bytes) -> str:
    """A column's text; SQLite may hold bytes in it, written by another program."""
    return value.decode(errors="replace") if isinstance(value, bytes) else value
