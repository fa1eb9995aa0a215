"""Databases for tests: empty ones on the real PostgreSQL server, and copies of migrated ones."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch
from uuid import uuid4

from sqlalchemy import Engine, create_engine, inspect, make_url, text

from catalog.database import migrate, open_database
from catalog.models import DATABASE_NAME


def run(url: str, *statements: str) -> None:
    """Run statements, each in a transaction of its own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for statement in statements:
            connection.execute(text(statement))
    engine.dispose()


def new_database(server: str, template: str = "template1") -> str:
    """The URL of a database of its own on the server, empty or a copy of a template."""
    name = f"test_{uuid4().hex}"
    run(server, f"CREATE DATABASE {name} TEMPLATE {template}")
    return make_url(server).set(database=name).render_as_string(hide_password=False)


def pgvector_database(server: str) -> str:
    """The URL of an empty database with the extension that the pgvector engine needs."""
    url = new_database(server)
    run(url, "CREATE SCHEMA pgvector", "CREATE EXTENSION vector SCHEMA pgvector")
    return url


def migrated_database(server: str, engine: str = "faiss") -> str:
    """The URL of a database with today's tables, for a vector engine."""
    return new_database(server, _template(server, engine))


@cache
def _template(server: str, engine: str) -> str:
    url = pgvector_database(server) if engine == "pgvector" else new_database(server)
    with TemporaryDirectory() as folder:
        open_database(Path(folder), url).close()
    return str(make_url(url).database)


@contextmanager
def migrated_once(folder: Path) -> Iterator[None]:
    """Until the end of the block new SQLite files of this process get copied tables."""
    open_database(folder).close()
    with (
        closing(sqlite3.connect(folder / DATABASE_NAME, check_same_thread=False)) as template,
        patch("catalog.database.migrate", lambda engine: _copy_or_migrate(engine, template)),
    ):
        yield


def _copy_or_migrate(engine: Engine, template: sqlite3.Connection) -> None:
    if engine.dialect.name != "sqlite" or inspect(engine).get_table_names():
        migrate(engine)
        return
    connection = engine.raw_connection()
    driver = connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    template.backup(driver)
    connection.close()
