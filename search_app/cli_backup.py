"""The commands that carry a data folder away and bring it back: backup, restore."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app.cli_output import print_json
from search_app.cli_session import DataOption, JsonOption, require_catalogue, settings_for

if TYPE_CHECKING:
    from catalog.backup import BackupSummary
    from search_app.settings import Settings


def add_commands(app: typer.Typer) -> None:
    """Make these commands known to the console script."""
    for command in (backup, restore):
        app.command()(command)


def backup(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="The tar file to write; replaced if it is there.")],
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the data folder into one file.

    Safe while a server or an import works on it.
    """
    from catalog.backup import write_backup

    settings = _settings(context, data)
    require_catalogue(settings)
    _tell(write_backup(settings.data, file), f"{settings.data} written to {file}", as_json)


def restore(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="A file that `apparel backup` wrote.")],
    force: Annotated[
        bool, typer.Option("--force", help="Replace the catalogue that is there.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the data folder of a backup.

    Stop the server first. The indices are made anew when the folder is opened; no model runs.
    """
    from catalog.backup import restore_backup

    settings = _settings(context, data)
    summary = restore_backup(file, settings.data, force)
    _tell(summary, f"{file} restored to {settings.data}", as_json)


def _settings(context: typer.Context, data: Path | None) -> "Settings":
    from catalog.errors import BackupError

    settings = settings_for(context, data=data)
    if settings.database_url:
        raise BackupError(
            "the catalogue is in PostgreSQL: use pg_dump for it, and copy the data folder's files"
        )
    return settings


def _tell(summary: "BackupSummary", done: str, as_json: bool) -> None:
    if as_json:
        print_json(summary)
        return
    megabytes = summary.bytes / 1e6
    typer.echo(f"{done}: {summary.files} files and the database, {megabytes:.1f} MB")
