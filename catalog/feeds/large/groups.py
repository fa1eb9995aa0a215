"""Grouping on disk of values that belong together but lie apart, such as a product's variants."""

import pickle
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, TypeVar

Value = TypeVar("Value")

_IN_ORDER: Final = (
    "SELECT first, value FROM part"
    " JOIN (SELECT label, MIN(number) AS first FROM part GROUP BY label) USING (label)"
    " ORDER BY first, number"
)


def grouped(labelled: Iterable[tuple[str, Value]]) -> Iterator[list[Value]]:
    """The values of each label in order; the groups by their first value.

    They lie in a temporary file of SQLite, which removes it when it is closed.
    """
    with closing(sqlite3.connect("", isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("CREATE TABLE part (number INTEGER PRIMARY KEY, label BLOB, value BLOB)")
        database.execute("BEGIN")
        database.executemany("INSERT INTO part (label, value) VALUES (?, ?)", _rows(labelled))
        database.execute("CREATE INDEX by_label ON part (label, number)")
        for _, rows in groupby(database.execute(_IN_ORDER), key=itemgetter(0)):
            yield [pickle.loads(value) for _, value in rows]


def _rows(labelled: Iterable[tuple[str, Any]]) -> Iterator[tuple[bytes, bytes]]:
    for label, value in labelled:
        # JSON texts may hold lone surrogates, which are not UTF-8.
        yield label.encode("utf-8", "surrogatepass"), pickle.dumps(value, pickle.HIGHEST_PROTOCOL)
