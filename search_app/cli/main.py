"""The console script `apparel`: its commands and how they report failures.

Each module of this package defines the commands it is named after. Exit codes: 0 done, 1 failed
with one line on stderr, 2 wrong usage. A bug shows its traceback.
"""

import errno
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

from catalog.errors import CatalogError
from indexing.errors import IndexingError
from search_app.cli.backup import backup, restore
from search_app.cli.index import index
from search_app.cli.maintenance import export, keys_app, rebuild, remove, status, upgrade, verify
from search_app.cli.networks.dataset import dataset_app
from search_app.cli.networks.evaluate import evaluate_app
from search_app.cli.networks.train import train_app
from search_app.cli.output import print_note
from search_app.cli.photos import embed, segment
from search_app.cli.search import search
from search_app.cli.server import demo, doctor, mcp, serve, worker
from search_app.cli.sync.group import sync_app
from search_app.errors import SearchAppError
from segmentation.errors import SegmentationError

EXPECTED: Final = (SegmentationError, IndexingError, CatalogError, SearchAppError, OSError)

_NO_ROOM: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class OneLineFailures(TyperGroup):
    """Commands that report foreseen failures in one line with exit code 1."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `apparel ... | head`: the reader has closed the pipe
            raise
        except EXPECTED as error:
            print_note(f"apparel: {_one_line(error)}")
            raise typer.Exit(1) from error


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        text = f"{error.strerror}; make room, or write elsewhere"
    elif isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = str(error)
    return " ".join(text.split()) or type(error).__name__


app = typer.Typer(
    cls=OneLineFailures,
    help="Visual search for clothing: from a photo to the nearest garments of a catalogue.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


def _show_version(wanted: bool) -> None:
    if not wanted:
        return
    try:
        typer.echo(f"apparel-search {version('apparel-search')}")
    except PackageNotFoundError:
        typer.echo("apparel-search, not installed")
    raise typer.Exit


@app.callback()
def before_every_command(
    context: typer.Context,
    data: Annotated[
        Path | None,
        typer.Option(
            "--data",
            metavar="DIR",
            envvar="APPAREL_DATA",
            help="Folder of database, indices and stored photos; may also stand after a command.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Store the options given before the command's name."""
    context.obj = data


for command in (
    *(demo, serve, worker, mcp, doctor, index, search, status, remove, rebuild, upgrade, verify),
    *(export, backup, restore, segment, embed),
):
    app.command()(command)
for name, group in (
    ("sync", sync_app),
    ("keys", keys_app),
    ("evaluate", evaluate_app),
    ("train", train_app),
    ("dataset", dataset_app),
):
    app.add_typer(group, name=name)


def main() -> None:
    """Run the console script."""
    app(prog_name="apparel")
