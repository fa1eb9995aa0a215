"""The database of a data folder: opening, migrating, read and write sessions.

SQLite in the folder by default, PostgreSQL where a URL is given. SQLite runs in WAL mode: readers
never wait for the writer. Write transactions begin immediate, so that two writers queue up instead
of failing half-way. On PostgreSQL writers queue for an advisory lock, which the batches of index
runs share; all commit in the order of `vector_change`. Readers see one snapshot.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, TypeVar
from urllib.parse import quote

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import DatabaseError as SqlDatabaseError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session
from sqlalchemy.pool import StaticPool

from catalog.data_folder.integrity import check_integrity
from catalog.data_folder.reserve import room_to_open
from catalog.errors import CannotWrite, DatabaseAway, DatabaseError, UnreadableText
from catalog.files import bytes_of
from catalog.filtering.named_kinds import decide_named_kinds, is_decided
from catalog.models import DATABASE_NAME

BUSY_MILLISECONDS: Final = 30_000
"""Longest wait of a writer for another process's transaction."""
_NO_INDEX: Final = 3
"""Bytes of the log's index before SQLite has written any of it."""
_PRAGMAS: Final = (
    f"PRAGMA busy_timeout = {BUSY_MILLISECONDS}",
    "PRAGMA journal_mode = WAL",
    # FULL, not NORMAL: committed data must survive a power cut, and a batch of photos takes far
    # longer to embed than one fsync.
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -32768",
    "PRAGMA mmap_size = 268435456",
    "PRAGMA temp_store = MEMORY",
    # Bounds what ANALYZE reads of each index: milliseconds at any size.
    "PRAGMA analysis_limit = 400",
)
_UNWRITABLE: Final = ("is full", "readonly", "disk I/O error", "unable to open database file")
_BROKEN: Final = ("malformed", "not a database", "no such table", "no such column")
_NOT_UTF8: Final = "Could not decode"
REMEDY: Final = "run `apparel rebuild --mend`"
"""For values that the schema does not allow (`catalog.data_folder.unfit_values`)."""
_WRITERS_LOCK: Final = 5_817_303
"""Key of PostgreSQL's advisory lock that writers queue for."""
STOPPED_SECONDS: Final = 2 * BUSY_MILLISECONDS // 1000
"""Pause between two statements after which PostgreSQL ends a write transaction and its lock."""
_TOGETHER: Final = "together"
_ENTER_INDICES: Final = text("""
    DO $$ BEGIN
        IF to_regclass('garment_vector') IS NOT NULL THEN
            SET CONSTRAINTS garment_vector_follows, garment_vector_moves IMMEDIATE;
        END IF;
    END $$
""")
"""Enters a batch's vectors into pgvector's indices before the lock that orders its commit."""
_CONNECTING: Final = {
    "connect_timeout": 5,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
}
"""Parameters of libpq by which a dead server is noticed within seconds; a URL may set others."""
_AWAY: Final = ("08", "57P", "25P03", "40P01")
"""SQLSTATEs of lost connections, of a server that stops or starts, and of a deadlock."""

Read = TypeVar("Read")
_GUARD: ContextVar[Callable[[Session], None] | None] = ContextVar("guard", default=None)


class Database:
    """An open database; share it between threads, with one session each.

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
        """Whether the database is a file in the data folder."""
        return self.engine.dialect.name == "sqlite"

    @property
    def is_read_only(self) -> bool:
        """Whether it was opened for reading, as its disk was full or read-only then."""
        return self.is_sqlite and "uri" in self.engine.url.query

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A read session on one snapshot of the database.

        Raises:
            DatabaseAway: the server does not answer; see `retried_read`.
        """
        with self._session(self._reading) as session:
            yield session

    @contextmanager
    def transaction(self) -> Iterator[Session]:
        """A write session: committed at the end, rolled back on an exception.

        Raises:
            CannotWrite: the disk is full or read-only.
            DatabaseAway: the server does not answer; whether it was committed is not known.
        """
        with self._session(self._writing) as session, _committed(session, _GUARD.get()):
            yield session

    @contextmanager
    def batch_transaction(self) -> Iterator[Session]:
        """Like `transaction`, for a batch of photos that no other run writes.

        On PostgreSQL several are written at once and queue only to commit.
        """
        engine = self._writing
        if not self.is_sqlite:
            engine = self.engine.execution_options(apparel_writes=_TOGETHER)
        with self._session(engine) as session, _committed(session, _GUARD.get()):
            yield session
            if not self.is_sqlite:
                session.execute(_ENTER_INDICES)

    @contextmanager
    def side_transaction(self) -> Iterator[Session]:
        """Like `transaction`, for rows outside the catalogue: leases, jobs, sessions.

        On PostgreSQL it does not queue behind an import, and `guarded` does not concern it.
        """
        writing = self._writing if self.is_sqlite else self.engine
        with self._session(writing) as session, _committed(session):
            yield session

    def now(self, session: Session) -> datetime:
        """The time by the database server's clock, which all machines share, in UTC."""
        if self.is_sqlite:
            return datetime.now(UTC)
        moment: datetime = session.execute(text("SELECT clock_timestamp()")).scalar_one()
        return moment.astimezone(UTC)

    def size(self) -> int:
        """Bytes on disk, without SQLite's log."""
        pages = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
        query = pages if self.is_sqlite else "SELECT pg_database_size(current_database())"
        with self.session() as session:
            return int(session.execute(text(query)).scalar_one())

    def analyze(self) -> None:
        """Update the query planner's statistics; quick at any size."""
        with self.transaction() as session:
            session.execute(text("ANALYZE"))

    def truncate_log(self) -> None:
        """Give SQLite's log back to the disk, as far as no reader needs it."""
        if self.is_sqlite:
            with self.engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert driver is not None
                # Not through SQLAlchemy, which would begin a transaction first.
                driver.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def close(self) -> None:
        """Close every connection; no session may be open."""
        self.engine.dispose()

    @contextmanager
    def _session(self, engine: Engine) -> Iterator[Session]:
        """A session whose errors about server, disk or file become ours, which state a remedy."""
        try:
            with Session(engine, expire_on_commit=False) as session:
                yield session
        except PoolTimeout as error:
            raise DatabaseAway(f"{self.name}: all connections are busy; try again") from error
        except SqlDatabaseError as error:
            reason = str(error.orig)
            if not self.is_sqlite and _is_away(error):
                raise DatabaseAway(
                    f"{self.name} does not answer: {' '.join(reason.split())}; try again"
                ) from error
            if any(sign in reason for sign in _UNWRITABLE):
                remedy = "make room (removing products works) or give this user the folder"
                if self.is_read_only:
                    remedy = "make room or give this user the folder, then start again"
                raise CannotWrite(f"cannot write to {self.name}: {reason}; {remedy}") from error
            if _NOT_UTF8 in reason:
                raise UnreadableText(f"{self.name}: {reason}; {REMEDY}") from error
            if any(sign in reason for sign in _BROKEN):
                raise DatabaseError(
                    f"{self.name} is damaged: {reason}; restore a backup with `apparel restore`"
                ) from error
            raise


def is_sqlite(session: Session) -> bool:
    """Whether a session is of a file in the data folder, as `Database.is_sqlite`."""
    return session.get_bind().dialect.name == "sqlite"


@contextmanager
def any_text(connection: Connection) -> Iterator[None]:
    """Let SQLite's driver read text that is not UTF-8, with surrogates for its bytes."""
    if connection.dialect.name != "sqlite":
        yield
        return
    driver: Any = connection.connection.driver_connection
    driver.text_factory = lambda stored: stored.decode(errors="surrogateescape")
    try:
        yield
    finally:
        driver.text_factory = str


@contextmanager
def _committed(session: Session, guard: Callable[[Session], None] | None = None) -> Iterator[None]:
    if guard is not None:
        guard(session)
    yield
    session.commit()


def _is_away(error: SqlDatabaseError) -> bool:
    """Whether PostgreSQL does not answer, or the connection was lost."""
    if error.connection_invalidated:
        return True
    state = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) and (state is None or state.startswith(_AWAY))


def retried_read(read: Callable[[], Read]) -> Read:
    """Run a function that only reads, once more if its connection was lost. Raises DatabaseAway."""
    try:
        return read()
    except DatabaseAway:
        return read()


@contextmanager
def guarded(check: Callable[[Session], None]) -> Iterator[None]:
    """Call a function first in each transaction that this thread begins.

    A run that has lost its lease writes nothing more: `check` raises, within the transaction.
    """
    token = _GUARD.set(check)
    try:
        yield
    finally:
        _GUARD.reset(token)


def open_database(data: Path, url: str | None = None) -> Database:
    """Open the database of a data folder; creates both and migrates the tables where needed.

    On a full or read-only disk it is opened for reading; a transaction raises CannotWrite.

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
        if url is None:
            check_integrity(data)
        if not data.is_dir():
            # Another process may make it at the same time.
            data.mkdir(parents=True, exist_ok=True)
        engine = _engine_up_to_date(data, url)
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


def _engine_up_to_date(data: Path, url: str | None) -> Engine:
    path = data / DATABASE_NAME
    if url is None and path.is_file() and not room_to_open(data):
        return _engine_to_read(path)
    engine = make_engine(url or f"sqlite:///{path}")
    try:
        if not _is_up_to_date(engine):
            _require_free_name(engine)
            migrate(engine)
        return engine
    except OperationalError as error:
        engine.dispose()
        unwritable = any(sign in str(error.orig) for sign in _UNWRITABLE)
        if url is not None or not unwritable or not path.is_file():
            raise
        return _engine_to_read(path)


def _engine_to_read(path: Path) -> Engine:
    engine = make_engine(_address_to_read(path))
    if _is_up_to_date(engine):
        return engine
    engine.dispose()
    raise DatabaseError(
        f"{path} is of another version and cannot be written; make room on its disk, or give "
        "this user the folder"
    )


def _require_free_name(engine: Engine) -> None:
    """Raise DatabaseError where pgvector's type has the name of our table, in the same schema."""
    query = (
        "SELECT current_schema() FROM pg_extension WHERE extname = 'vector' "
        "AND extnamespace = current_schema()::regnamespace"
    )
    if engine.dialect.name != "postgresql":
        return
    with engine.connect() as connection:
        schema = connection.scalar(text(query))
    if schema is not None:
        engine.dispose()
        raise DatabaseError(
            f"pgvector is in the schema {schema}, where the catalogue needs the name `vector`; "
            "run: CREATE SCHEMA IF NOT EXISTS pgvector; ALTER EXTENSION vector SET SCHEMA "
            "pgvector;"
        )


@contextmanager
def read_only_database(data: Path, url: str | None = None) -> Iterator[Database]:
    """The database of a data folder for reading; creates, migrates and writes nothing.

    Yields an empty database in memory where the folder has none.

    Raises:
        DatabaseError: it cannot be read, or its tables are another version's.
    """
    path = data / DATABASE_NAME
    name = str(path) if url is None else make_url(url).render_as_string(hide_password=True)
    if url is None and not path.is_file():
        engine = create_engine("sqlite://", poolclass=StaticPool)
        migrate(engine)
        yield Database(engine, "an empty catalogue")
        engine.dispose()
        return
    engine = make_engine(url or _address_to_read(path))
    try:
        if not _is_up_to_date(engine):
            raise DatabaseError(
                f"{name} has the tables of another version; bring it up to date with "
                "`apparel upgrade` first"
            )
        yield Database(engine, name)
    except SqlDatabaseError as error:
        raise DatabaseError(f"cannot read {name}: {error.orig}; check the folder") from error
    finally:
        engine.dispose()


def _address_to_read(path: Path) -> str:
    # Without a log no process has it open; as an immutable file SQLite creates no log beside it.
    # An attempt on a full disk leaves an empty log with an index of 3 bytes.
    log, index = (path.with_name(f"{path.name}-{suffix}") for suffix in ("wal", "shm"))
    how = "mode=ro" if bytes_of([log]) or bytes_of([index]) > _NO_INDEX else "immutable=1"
    return f"sqlite:///file:{quote(str(path))}?{how}&uri=true"


@cache
def newest_revision() -> str | None:
    """Revision of the newest migration of this version; reads all of them once."""
    return ScriptDirectory.from_config(migrations()).get_current_head()


def _is_up_to_date(engine: Engine) -> bool:
    with engine.connect() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
        return revision == newest_revision() and is_decided(connection)


def make_engine(url: str) -> Engine:
    """Create an engine; for SQLite with the pragmas and explicit transactions."""
    parsed = make_url(url)
    if parsed.get_backend_name() == "sqlite":
        engine = create_engine(parsed)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        event.listen(engine, "checkin", _end_failed_commit)
        return engine
    given = {name: value for name, value in _CONNECTING.items() if name not in parsed.query}
    # A connection that the server has closed meanwhile is replaced before it is used.
    engine = create_engine(parsed, connect_args=given, pool_pre_ping=True)
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


def _end_failed_commit(connection: Any, _record: Any) -> None:
    # SQLite keeps a transaction open whose COMMIT failed, on a full disk for example, and
    # SQLAlchemy does not roll it back: the pooled connection would lock out every writer.
    if connection is not None and connection.in_transaction:
        connection.rollback()


def _queue_writers(connection: Connection) -> None:
    writes = connection.get_execution_options().get("apparel_writes", False)
    if not writes:
        return
    kind = "_shared" if writes == _TOGETHER else ""
    begin = f"SET LOCAL idle_in_transaction_session_timeout = '{STOPPED_SECONDS * 1000:.0f}'; "
    begin += f"SELECT pg_advisory_xact_lock{kind}({_WRITERS_LOCK})"
    if writes == _TOGETHER:
        begin += "; SET CONSTRAINTS vector_changed DEFERRED"
    connection.exec_driver_sql(begin)


def migrate(engine: Engine) -> None:
    """Run the pending migrations and decide `named_kinds` by today's words.

    Works from an installed package too.
    """
    config = migrations()
    with engine.execution_options(apparel_writes=True).connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        decide_named_kinds(connection)
        connection.commit()


def migrations() -> Config:
    """Alembic's configuration of the migrations in the installed package."""
    import migrations as package

    config = Config()
    config.set_main_option("script_location", str(Path(package.__file__).parent))
    return config
