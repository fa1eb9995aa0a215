"""Alembic's entry: runs the migrations on a given connection, or on APPAREL_DATA's database.

`catalog.database.migrate` passes a connection; the `alembic` command (for writing a new
migration: `alembic revision --autogenerate -m "..."`) has none and takes the data folder
from the environment.
"""

import os
from pathlib import Path

from alembic import context
from sqlalchemy import Connection, create_engine

from catalog.models import DATABASE_NAME, Base


def _run(connection: Connection) -> None:
    # Batch mode: SQLite can alter few things of a table without making it anew.
    # Transactional: a migration that is killed half-way has not happened.
    context.configure(
        connection,
        target_metadata=Base.metadata,
        render_as_batch=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


def _main() -> None:
    connection = context.config.attributes.get("connection")
    if connection is not None:
        _run(connection)
        return
    data = Path(os.environ.get("APPAREL_DATA", "apparel-data"))
    data.mkdir(parents=True, exist_ok=True)
    engine = create_engine(f"sqlite:///{data / DATABASE_NAME}")
    with engine.begin() as opened:
        _run(opened)


_main()
