"""The command of the API's keys: add, list, revoke."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app.cli_output import print_json, print_table, tell
from search_app.cli_session import (
    DataOption,
    JsonOption,
    require_catalogue,
    settings_for,
)

if TYPE_CHECKING:
    from catalog.database import Database

keys_app = typer.Typer(
    help="Make, list and revoke keys of the API.", no_args_is_help=True, rich_markup_mode=None
)


def add_commands(app: typer.Typer) -> None:
    """Make these commands known to the console script."""
    app.add_typer(keys_app, name="keys")


class ScopeName(StrEnum):
    """What --scope takes; each may do what the ones before it may."""

    READ = "read"
    WRITE = "write"
    ADMIN = "admin"


@keys_app.command("add")
def add(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="What the key is called, e.g. whose it is.")],
    scope: Annotated[ScopeName, typer.Option(help="What it may do.")] = ScopeName.READ,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and show it, once."""
    from search_app.keys import Scope, make_key

    with _opened_database(context, data) as database:
        made = make_key(database, name, Scope(scope.value))
    if as_json:
        print_json({"name": made.key.name, "scope": made.key.scope, "key": made.secret})
        return
    typer.echo(made.secret)
    tell(f"key {name!r} may {scope}; keep it now, it is not shown again")


@keys_app.command("list")
def list_all(context: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the keys, without their secrets."""
    from search_app.keys import list_keys

    with _opened_database(context, data) as database:
        keys = list_keys(database)
    if as_json:
        print_json({"keys": keys})
        return
    rows = [(key.name, key.scope, _day(key.created_at), _day(key.revoked_at)) for key in keys]
    print_table(("name", "scope", "made", "revoked"), rows)


@keys_app.command("revoke")
def revoke(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="The key's name.")],
    data: DataOption = None,
) -> None:
    """End a key; requests with it are refused from now on."""
    from search_app.keys import revoke_key

    with _opened_database(context, data) as database:
        typer.echo(f"revoked {revoke_key(database, name).name}")


@contextmanager
def _opened_database(context: typer.Context, data: Path | None) -> "Iterator[Database]":
    from catalog.database import open_database

    settings = settings_for(context, data=data)
    require_catalogue(settings)
    database = open_database(settings.data, settings.database_url)
    try:
        yield database
    finally:
        database.close()


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"
