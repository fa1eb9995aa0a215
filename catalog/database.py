"""A data folder in, sessions on its database out; brings the tables up to date on opening.

SQLite in WAL mode: readers never wait for the writer. Reading sessions begin deferred, writing
ones immediate, so that two writers queue up instead of failing half-way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlalchemy.orm import Session

from catalog.errors import DatabaseError
from catalog.models import DATABASE_NAME

BUSY_MILLISECONDS: Final = 30_000
"""How long a writer waits for another process's transaction."""
_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
    "PRAGMA journal_mode = WAL",
    # FULL, not NORMAL: what was acknowledged must survive a power cut, and a batch of photos
    # takes far longer to embed than one fsync.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -32768",
    "PRAGMA mmap_size = 268435456",
)


class Database:
    """An open database; safe to share between threads, one session each."""

    def __init__(self, engine: Engine, path: Path) -> None:
        self.engine = engine
        self.path = path
        self._writing = engine.execution_options(apparel_writes=True)

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session to read with, on one snapshot of the database."""
        with Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session to write with: committed at the end, rolled back on an exception."""
        with Session(self._writing, expire_on_commit=False) as session:
            yield session
            session.commit()

    def close(self) -> None:
        """Close every connection; no session may be open."""
        self.engine.dispose()


def open_database(data: Path) -> Database:
    """The database of a data folder, both made if absent, with its tables up to date.

    Raises:
        DatabaseError: not writable, not SQLite, or written by a newer version.
    """
    path = data / DATABASE_NAME
    try:
        data.mkdir(parents=True, exist_ok=True)
        engine = make_engine(f"sqlite:///{path}")
        migrate(engine)
    except CommandError as error:
        raise DatabaseError(
            f"{path} has tables this version does not know ({error}); update Apparel Search"
        ) from error
    except (OSError, SqlDatabaseError) as error:
        reason = str(getattr(error, "orig", None) or error)
        raise DatabaseError(
            f"cannot use {path}: {reason}; check the folder or give another --data"
        ) from error
    return Database(engine, path)


def make_engine(url: str) -> Engine:
    """An engine for a database URL; SQLite gets the pragmas and explicit transactions."""
    engine = create_engine(url)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver's own transactions begin too late (at the first write); see `_begin_sqlite`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("apparel_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def migrate(engine: Engine) -> None:
    """Run the migrations that this database lacks; works from an installed package too."""
    import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    with engine.execution_options(apparel_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()
