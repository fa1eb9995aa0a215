"""Columns, triggers and views that our database must have."""

import re
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from alembic import command
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, text

from catalog.database import migrations
from catalog.errors import BackupError

_PARTS: Final = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"
_COLUMNS: Final = (
    "SELECT entry.name || '.' || part.name FROM sqlite_master AS entry "
    "JOIN pragma_table_info(entry.name) AS part WHERE entry.type = 'table'"
)
_QUOTES: Final = re.compile(r"[\s\"'`\[\]]+")


def foreign_parts(database: sqlite3.Connection) -> list[str]:
    """Names of the triggers and views that the migrations do not make.

    One could undo what the owner changes later, such as the revocation of a key.

    Raises:
        BackupError: the tables are those of a newer version.
        sqlite3.DatabaseError: the database states no version of its tables.
    """
    found = {name: _plain(sql) for name, sql in database.execute(_PARTS)}
    with _empty_one(database) as empty:
        own = {name: _plain(sql) for name, sql in empty.execute(text(_PARTS))}
    return sorted(name for name, sql in found.items() if own.get(name) != sql)


def missing_columns(database: sqlite3.Connection) -> list[str]:
    """Columns, with their tables, that the migrations make and the database lacks."""
    found = {name for (name,) in database.execute(_COLUMNS)}
    with _empty_one(database) as empty:
        return sorted(set(empty.scalars(text(_COLUMNS))) - found)


@contextmanager
def _empty_one(database: sqlite3.Connection) -> Iterator[Connection]:
    """An empty database with the tables of the same version."""
    (revision,) = database.execute("SELECT max(version_num) FROM alembic_version").fetchone()
    with create_engine("sqlite://").connect() as connection:
        _migrate(connection, str(revision))
        yield connection


def _migrate(connection: Connection, revision: str) -> None:
    config = migrations()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, revision)
    except CommandError as error:
        raise BackupError(
            f"the backup has tables this version does not know ({error}); update Apparel Search"
        ) from error


def _plain(sql: str) -> str:
    """SQL without spaces and quotes, which SQLite's versions write differently."""
    return _QUOTES.sub("", sql)
