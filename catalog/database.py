"""A data folder in, sessions on its database out; brings the tables up to date on opening.

The database is SQLite in the folder, or a PostgreSQL server's where a URL says so.

SQLite in WAL mode: readers never wait for the writer. Reading sessions begin deferred, writing
ones immediate, so that two writers queue up instead of failing half-way. On PostgreSQL writers
queue for one lock and so commit in the order of `vector_change`; readers see one snapshot.
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
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError
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
    "PRAGMA temp_store = MEMORY",
    # Bounds what ANALYZE reads of each index: milliseconds at any size.
    "PRAGMA analysis_limit = 400",
)
_WRITERS_LOCK: Final = 5_817_303
"""PostgreSQL's advisory lock that writers queue for: any number that others do not use."""


class Database:
    """An open database; safe to share between threads, one session each.

    `name` is its file or its URL without the password, for messages.
    """

    def __init__(self, engine: Engine, name: str) -> None:
        self.engine = engine
        self.name = name
        self._writing = engine.execution_options(apparel_writes=True)
        self._reading = engine
        if not self.is_sqlite:
            self._reading = engine.execution_options(isolation_level="REPEATABLE READ")

    @property
    def is_sqlite(self) -> bool:
        """Whether it is a file in the data folder."""
        return self.engine.dialect.name == "sqlite"

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A session to read with, on one snapshot of the database."""
        with Session(self._reading, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A session to write with: committed at the end, rolled back on an exception."""
        with Session(self._writing, expire_on_commit=False) as session:
            yield session
            session.commit()

    def size(self) -> int:
        """Bytes on the disk, without SQLite's log."""
        pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        query = pages if self.is_sqlite else "SELECT pg_database_size(current_database())"
        with self.session() as session:
            return int(session.execute(text(query)).scalar_one())

    def analyze(self) -> None:
        """Tell the query planner how the tables have grown; quick at any size."""
        with self.transaction() as session:
            session.execute(text("ANALYZE"))

    def close(self) -> None:
        """Close every connection; no session may be open."""
        self.engine.dispose()


def open_database(data: Path, url: str | None = None) -> Database:
    """The database of a data folder, both made if absent, with its tables up to date.

    Args:
        url: a PostgreSQL database instead of the folder's file:
            postgresql+psycopg://user:password@host/name.

    Raises:
        DatabaseError: not writable, no such database or driver, or written by a newer version.
    """
    name = str(data / DATABASE_NAME)
    try:
        if url is not None:
            name = make_url(url).render_as_string(hide_password=True)
        data.mkdir(parents=True, exist_ok=True)
        engine = make_engine(url or f"sqlite:///{data / DATABASE_NAME}")
        migrate(engine)
    except CommandError as error:
        raise DatabaseError(
            f"{name} has tables this version does not know ({error}); update Apparel Search"
        ) from error
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise DatabaseError(
            f"cannot use the database URL: {error}; write "
            "postgresql+psycopg://user:password@host/name and install apparel-search[postgresql]"
        ) from error
    except (OSError, SqlDatabaseError) as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise DatabaseError(
            f"cannot use {name}: {reason}; check it or give another --data"
        ) from error
    return Database(engine, name)


@contextmanager
def database_as_it_is(data: Path, url: str | None = None) -> Iterator[Database]:
    """The database of `open_database` to read from: nothing is made, brought up to date, written.

    Where the folder has none, an empty one in memory.

    Raises:
        DatabaseError: it cannot be read, or its tables are another version's.
    """
    path = data / DATABASE_NAME
    name = str(path) if url is None else make_url(url).render_as_string(hide_password=True)
    if url is None and not path.is_file():
        engine = create_engine("sqlite://", poolclass=StaticPool)
        Base.metadata.create_all(engine)
        yield Database(engine, "an empty catalogue")
        engine.dispose()
        return
    engine = make_engine(url or _address_to_read(path))
    try:
        if not _is_up_to_date(engine):
            raise DatabaseError(
                f"{name} has the tables of another version; bring it up to date with "
                "`apparel status` first"
            )
        yield Database(engine, name)
    except SqlDatabaseError as error:
        raise DatabaseError(f"cannot read {name}: {error.orig}; check the folder") from error
    finally:
        engine.dispose()


def _address_to_read(path: Path) -> str:
    # Without a log nobody has it open, and as a file that cannot change it is read without
    # SQLite putting a log beside it.
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "immutable=1"
    return f"sqlite:///file:{quote(str(path))}?{how}&uri=true"


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
    else:
        event.listen(engine, "begin", _queue_writers)
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


def _queue_writers(connection: Connection) -> None:
    if connection.get_execution_options().get("apparel_writes", False):
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_WRITERS_LOCK})")


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
