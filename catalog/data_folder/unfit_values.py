"""Find stored values that the schema does not allow.

Older versions, other programs or a disk left them: SQLite stores any value in any column. A value
is unfit that the type, length, foreign key or `info` (`one_of`, `between`) of its column rules out,
and a text with characters that break its readers. `catalog.data_folder.repair` mends them.
"""

import re
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, datetime
from math import inf
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Double,
    Integer,
    LargeBinary,
    String,
    Table,
    Text,
    and_,
    cast,
    exists,
    func,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session
from sqlalchemy.types import NullType

from catalog.clean_text import is_clean
from catalog.database import any_text
from catalog.models import AttributeRow, Base, ModelRow, Product, VectorRow
from catalog.stored_json import ATTRIBUTES, StoredJson

_UNFIT: Final = object()
_VECTOR: Final = VectorRow.__table__.c["values"]
_STORED_AS: Final[dict[type, tuple[type, ...]]] = {
    str: (str,), object: (str,), date: (str,), datetime: (str,), bytes: (bytes,),
    int: (int,), bool: (int,), float: (float, int),
}  # fmt: skip
"""Type of a column (object: JSON) -> those of its values in SQLite."""
_RANGES: Final = {
    Integer: (-(2**31), 2**31 - 1),
    BigInteger: (-(2**63), 2**63 - 1),
    Boolean: (0, 1),
    Double: (-sys.float_info.max, sys.float_info.max),
}
_SHOWN: Final = (Product.__table__, AttributeRow.__table__)
"""Tables whose texts go to pages, feeds and terminals; others also quote foreign files."""
_BREAKING: Final = re.compile(r"[\x00\ud800-\udfff]")
UnfitRow = tuple[Any, dict[Column[Any], Any]]
"""A row's `row_id` and its unfit values by column; None where it contradicts another row."""


def count_unfit_values(session: Session) -> Counter[str]:
    """Number of unfit values of each column that has some, by "table.column"."""
    tables = Base.metadata.sorted_tables
    rows = (row for table in tables for _, row in unfit_rows(session, table))
    return Counter(str(column) for row in rows for column in row)


def unfit_rows(session: Session, table: Table) -> Iterator[UnfitRow]:
    """The rows of a table with unfit values."""
    dialect = session.get_bind().dialect
    columns = [*table.columns]
    checks = [_check(column, dialect) for column in columns]
    related = [column for column in columns if column.foreign_keys or column is _VECTOR]
    query = select(row_id(dialect), *map(_stored, columns), *map(_contradicts, related))
    with any_text(session.connection()):
        for row, *values in session.execute(query.execution_options(yield_per=1_000)):
            contradicting = zip(related, values[len(columns) :], strict=True)
            unfit = {column: None for column, is_so in contradicting if is_so}
            stored = zip(columns, checks, values, strict=False)
            unfit |= {column: value for column, fits, value in stored if not fits(value)}
            if unfit:
                yield row, unfit


def row_id(dialect: Dialect) -> ColumnElement[Any]:
    """An identifier of a row that works whatever its key holds."""
    if dialect.name == "sqlite":
        return literal_column("rowid")
    return cast(literal_column("ctid"), Text)


def is_allowed(column: Column[Any], value: Any) -> bool:
    """Whether the column may have a value of its type."""
    kind = column.type
    if isinstance(kind, String):
        is_readable = is_clean(value) if column.table in _SHOWN else not _BREAKING.search(value)
        if not is_readable or len(value) > (kind.length or inf):
            return False
    if kind is ATTRIBUTES:
        return is_clean("".join([*value, *value.values()]))
    if "one_of" in column.info:
        return value in column.info["one_of"]
    if isinstance(kind, Integer | Boolean | Double):
        least, most = column.info.get("between", _RANGES[type(kind)])
        return bool(least <= value <= most)
    return True


def _check(column: Column[Any], dialect: Dialect) -> Callable[[Any], bool]:
    """A test whether a stored value fits the column."""
    read = _reader(column, dialect)

    def fits(stored: Any) -> bool:
        if stored is None:
            return bool(column.nullable)
        try:
            value = read(stored)
        except (ValueError, TypeError, ArithmeticError):
            return False
        return value is not _UNFIT and is_allowed(column, value)

    return fits


def _reader(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any]:
    """Reads a stored value as the column's type does, or raises, or returns `_UNFIT`."""
    kind: Any = column.type
    if isinstance(kind, StoredJson):
        kind = StoredJson(kind.form, lambda: _UNFIT)
    elif dialect.name != "sqlite":  # which refuses values of another type
        return _as_it_is
    process: Callable[[Any], Any] | None = kind.dialect_impl(dialect).result_processor(
        dialect, None
    )
    if process is None or isinstance(kind, Boolean):
        process = _as_it_is
    if dialect.name != "sqlite":
        return process
    stored_as = _STORED_AS[getattr(kind, "impl", kind).python_type]

    def read(stored: Any) -> Any:
        value = process(stored) if type(stored) in stored_as else _UNFIT
        return _UNFIT if getattr(value, "tzinfo", None) else value  # stored without, in UTC

    return read


def _as_it_is(stored: Any) -> Any:
    return stored


def _stored(column: Column[Any]) -> ColumnElement[Any]:
    """The value as the driver gives it; of bytes none, with their type."""
    if not isinstance(column.type, LargeBinary):
        return type_coerce(column, NullType())
    # SQLite's `substr` makes NULL of no bytes.
    return type_coerce(func.coalesce(func.substr(column, 1, 0), column), NullType())


def _contradicts(column: Column[Any]) -> ColumnElement[bool]:
    """Whether a reference is to no row, or a vector has not its model's length."""
    if column is _VECTOR:
        numbers = select(ModelRow.style_dimension + ModelRow.colour_dimension)
        of_model = numbers.where(ModelRow.id == VectorRow.model_id).scalar_subquery()
        return func.length(column) != 4 * of_model
    (key,) = column.foreign_keys
    return and_(column.is_not(None), ~exists().where(key.column == column))
