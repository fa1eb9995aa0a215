"""A data folder in, sessions on its database out; brings the tables up to date on opening.

SQLite in WAL mode: readers never wait for the writer. Reading sessions begin deferred, writing
ones immediate, so that two writers queue up instead of failing half-way.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from catalog.errors import DatabaseError
from catalog.models import DATABASE_NAME, Base

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


@contextmanager
def database_as_it_is(data: Path) -> Iterator[Database]:
    """The database of a data folder to read from: nothing is made, brought up to date, written.

    Where there is none, an empty one in memory.

    Raises:
        DatabaseError: it cannot be read, or its tables are another version's.
    """
    path = data / DATABASE_NAME
    if path.is_file():
        # Without a log nobody has it open, and as a file that cannot change it is read without
        # SQLite putting a log beside it.
        how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
        engine = make_engine(f"sqlite:///file:{quote(str(path))}?{how}&uri=true")
    else:
        engine = create_engine("sqlite://", poolclass=StaticPool)
        Base.metadata.create_all(engine)
    try:
        if path.is_file() and not _is_up_to_date(engine):
            raise DatabaseError(
                f"{path} has the tables of another version; bring it up to date with "
                f"`apparel status --data {data}` first"
            )
        yield Database(engine, path)
    except SqlDatabaseError as error:
        raise DatabaseError(f"cannot read {path}: {error.orig}; check the folder") from error
    finally:
        engine.dispose()


def _is_up_to_date(engine: Engine) -> bool:
    head = ScriptDirectory.from_config(_migrations()).get_current_head()
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() == head


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
    config = _migrations()
    with engine.execution_options(apparel_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        connection.commit()


def _migrations() -> Config:
    import migrations

    config = Config()
    config.set_main_option("script_location", str(Path(migrations.__file__).parent))
    return config
