"""The commands that copy a data folder to one file and back: backup, restore."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app.cli.options import DataOption, JsonOption
from search_app.cli.output import note_if_slow, print_json, print_note
from search_app.cli.session import opened_collection, require_catalogue, settings_for
from search_app.errors import CommandFailed

if TYPE_CHECKING:
    from catalog.data_folder.backup import BackupSummary
    from search_app.settings import Settings


def backup(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.tar", help="The tar file to write; an existing one is replaced."
        ),
    ],
    check: Annotated[
        bool,
        typer.Option("--check", help="Restore the file into a temporary folder and verify it."),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Copy the data folder into one file.

    Safe while a server or an import uses the folder.

    Example: apparel backup catalogue.tar
    """
    from catalog.data_folder.backup import write_backup

    settings = _settings(data)
    require_catalogue(settings)
    with note_if_slow(f"writing {file}"):
        summary = write_backup(settings.data, file)
    if check:
        with note_if_slow(f"restoring {file} into a temporary folder and verifying it"):
            _check_restores(file, settings)
    for name in summary.left_out:
        print_note(f"not included, as it is not part of a catalogue: {name}")
    _report(summary, f"{settings.data} written to {file}", as_json)


def _check_restores(file: Path, settings: "Settings") -> None:
    """Raise CommandFailed unless the file restores to a catalogue without problems."""
    from catalog.data_folder.restore import restore_backup
    from catalog.data_folder.working_folder import working_folder

    with working_folder(file.parent) as folder:
        copy = settings.model_copy(update={"data": folder / "copy"})
        restore_backup(file, copy.data)
        with opened_collection(copy) as collection:
            problems = collection.verify()
    for problem in problems:
        print_note(problem)
    if problems:
        raise CommandFailed(
            f"{file} has {len(problems)} problems; repair the catalogue (`apparel verify` names "
            "them) and back it up again"
        )


def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE.tar", help="A file of `apparel backup`.")],
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Replace an existing catalogue; other files stay as they are."
        ),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Restore a data folder from a backup.

    Stop the server first. Opening the folder rebuilds the indices; no model runs.

    Example: apparel restore catalogue.tar --data restored
    """
    from catalog.data_folder.restore import restore_backup

    settings = _settings(data)
    with note_if_slow(f"restoring {file}"):
        summary = restore_backup(file, settings.data, force)
    if summary.keys:
        print_note(
            f"API keys that work here now: {summary.keys}; see `apparel keys list` if the backup "
            "is somebody else's"
        )
    if summary.sources:
        print_note(
            f"sources that are no longer run by themselves: {summary.sources}; look at them with "
            "`apparel sync list`, then run each once: `apparel sync NAME`"
        )
    _report(summary, f"{file} restored to {settings.data}", as_json)


def _settings(data: Path | None) -> "Settings":
    from catalog.errors import BackupError

    settings = settings_for(data=data)
    if settings.database_url:
        raise BackupError(
            "the catalogue is in PostgreSQL: use pg_dump for it, and copy the data folder's files"
        )
    return settings


def _report(summary: "BackupSummary", done: str, as_json: bool) -> None:
    if as_json:
        print_json(summary)
        return
    megabytes = summary.bytes / 1e6
    typer.echo(f"{done}: {summary.files} files and the database, {megabytes:.1f} MB")
