"""Parts of a database that run by themselves, triggers and views, and whether they are ours."""

import re
import sqlite3
from typing import Final

from alembic import command
from alembic.util.exc import CommandError
from sqlalchemy import Connection, create_engine, text

from catalog.database import migrations
from catalog.errors import BackupError

_PARTS: Final = "SELECT name, sql FROM sqlite_master WHERE type IN ('trigger', 'view')"
_QUOTES: Final = re.compile(r"[\s\"'`\[\]]+")


def foreign_parts(database: sqlite3.Connection) -> list[str]:
    """Names of the triggers and views that the migrations do not make.

    One could undo what the owner changes later, such as the revocation of a key.

    Raises:
        BackupError: the tables are those of a newer version.
        sqlite3.DatabaseError: the database states no version of its tables.
    """
    found = {name: _plain(sql) for name, sql in database.execute(_PARTS)}
    (revision,) = database.execute("SELECT max(version_num) FROM alembic_version").fetchone()
    own = _parts_at(str(revision))
    return sorted(name for name, sql in found.items() if own.get(name) != sql)


def _parts_at(revision: str) -> dict[str, str]:
    """Triggers and views of an empty database at a revision."""
    engine = create_engine("sqlite://")
    with engine.connect() as connection:
        _migrate(connection, revision)
        return {name: _plain(sql) for name, sql in connection.execute(text(_PARTS))}


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
