"""Requirements of the pgvector engine on a PostgreSQL server, and a check of them.

The extension must be in the schema `pgvector`: the catalogue has a table named `vector`, whose row
type and the extension's type cannot be in one schema.
"""

import logging
from collections.abc import Iterator
from typing import Any, Final

from sqlalchemy import Connection, Engine, event, text
from sqlalchemy.exc import SQLAlchemyError

from catalog.database import make_engine
from indexing.errors import EngineNotReady

_LOG: Final = logging.getLogger(__name__)
SCHEMA: Final = "pgvector"
MIN_VERSION: Final = (0, 8)
_WANTED: Final = f"pgvector {'.'.join(map(str, MIN_VERSION))} or newer"
SETTINGS: Final = {
    "hnsw.ef_search": "225",
    # An index is read further until enough garments pass; their order is settled by float32.
    "hnsw.iterative_scan": "relaxed_order",
    "hnsw.max_scan_tuples": "40000",
    "hnsw.scan_mem_multiplier": "4",
    # A generic plan knows neither class nor model, and so neither partition nor index.
    "plan_cache_mode": "force_custom_plan",
    # Without it a filter is rather tested on the whole table than on a hundred candidates.
    "random_page_cost": "1.1",
    # Compiling takes longer than these statements run.
    "jit": "off",
}
"""Settings of every connection."""
_LOAD: Final = f"SELECT '[1]'::{SCHEMA}.vector"
"""Loads the library, which has the settings and checks their values."""
_NO_SERVER: Final = "pgvector needs PostgreSQL; name a database with APPAREL_DATABASE_URL"
_CREATE: Final = (
    f"as a superuser run: CREATE SCHEMA IF NOT EXISTS {SCHEMA}; "
    f"CREATE EXTENSION vector SCHEMA {SCHEMA};"
)
_INSTALLED: Final = """
    SELECT extversion, nspname FROM pg_extension
    JOIN pg_namespace ON pg_namespace.oid = extnamespace WHERE extname = 'vector'
"""
_AVAILABLE: Final = "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"


def missing_extension(connection: Connection) -> str | None:
    """The obstacle to pgvector on this server, with the remedy; None without one."""
    if connection.dialect.name != "postgresql":
        return _NO_SERVER
    installed = connection.execute(text(_INSTALLED)).one_or_none()
    if installed is None:
        available = connection.scalar(text(_AVAILABLE))
        if available is None:
            return f"the server has no pgvector; install {_WANTED} there, then {_CREATE}"
        if _number(available) < MIN_VERSION:
            return f"the server has pgvector {available}; install {_WANTED} there"
        return f"pgvector {available} is not enabled in this database; {_CREATE}"
    version, schema = installed
    if _number(version) < MIN_VERSION:
        return (
            f"this database has pgvector {version}; install {_WANTED} on the server, then run: "
            "ALTER EXTENSION vector UPDATE;"
        )
    if schema != SCHEMA:
        return (
            f"pgvector is in the schema {schema}; run: CREATE SCHEMA IF NOT EXISTS {SCHEMA}; "
            f"ALTER EXTENSION vector SET SCHEMA {SCHEMA};"
        )
    return None


def create_extension(engine: Engine) -> None:
    """Create the extension where the server has it and this role may."""
    with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
        if connection.dialect.name != "postgresql" or connection.scalar(text(_INSTALLED)):
            return
        try:
            connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {SCHEMA}"))
            connection.execute(text(f"CREATE EXTENSION IF NOT EXISTS vector SCHEMA {SCHEMA}"))
        except SQLAlchemyError as error:
            # What is missing then, `missing_extension` says; or another server was faster.
            _LOG.info("pgvector was not enabled: %s", getattr(error, "orig", error))


def _number(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".")[:2])


def wrong_settings(connection: Connection) -> Iterator[str]:
    """Settings that differ on a connection, as SHOW reports them."""
    connection.execute(text(_LOAD))
    for name, wanted in SETTINGS.items():
        found = connection.execute(text(f"SHOW {name}")).scalar_one()
        if found != wanted:
            yield f"{name} is {found}, not {wanted}; let connections reach PostgreSQL directly"


def prepare_connections(engine: Engine) -> None:
    """Give every connection the settings, and check one; EngineNotReady says what to do."""
    try:
        with engine.connect() as connection:
            missing = missing_extension(connection)
        if missing is not None:
            raise EngineNotReady(missing)
        if not event.contains(engine, "connect", _set):
            event.listen(engine, "connect", _set)
            # Connections that are already open do not have the settings.
            engine.dispose()
        with engine.connect() as connection:
            wrong = next(wrong_settings(connection), None)
    except SQLAlchemyError as error:
        reason = " ".join(str(getattr(error, "orig", None) or error).split())
        raise EngineNotReady(f"pgvector cannot be used: {reason}; run `apparel doctor`") from error
    if wrong is not None:
        raise EngineNotReady(wrong)


def describe_server(url: str | None) -> str:
    """The server's pgvector and table, without changes; EngineNotReady says what to do."""
    if url is None:
        raise EngineNotReady(_NO_SERVER)
    engine = make_engine(url)
    try:
        prepare_connections(engine)
        with engine.connect() as connection:
            version, _ = connection.execute(text(_INSTALLED)).one()
            made = connection.scalar(text("SELECT to_regclass('garment_vector')"))
    finally:
        engine.dispose()
    table = "its table exists" if made else "the first `apparel rebuild` makes its table"
    return f"pgvector {version}; {table}"


def _set(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute(_LOAD)
    for name, value in SETTINGS.items():
        cursor.execute(f"SET {name} = '{value}'")
    cursor.close()
    connection.commit()
