"""The console script `apparel`: which commands there are and what their failures look like.

The commands live in `cli_server`, `cli_index`, `cli_search`, `cli_upkeep`, `cli_backup`,
`cli_keys`, `cli_photos`, `cli_models` and `cli_segmentation`. Exit codes: 0 done, 1 failed with
one line on stderr, 2 wrong usage. A bug shows its traceback.
"""

from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Final

import typer
from typer.core import TyperGroup

from catalog.errors import CatalogError
from indexing.errors import IndexingError
from search_app import (
    cli_backup,
    cli_index,
    cli_keys,
    cli_models,
    cli_photos,
    cli_search,
    cli_segmentation,
    cli_server,
    cli_upkeep,
)
from search_app.cli_output import tell
from search_app.errors import SearchAppError
from segmentation.errors import SegmentationError

EXPECTED: Final = (SegmentationError, IndexingError, CatalogError, SearchAppError, OSError)


class OneLineFailures(TyperGroup):
    """The commands, with every failure we foresee told in one line and exit code 1."""

    def invoke(self, ctx: typer.Context) -> object:  # type: ignore[override]
        """Run the command of this context."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:  # `apparel ... | head`: the reader has seen enough
            raise
        except EXPECTED as error:
            tell(f"apparel: {_one_line(error)}")
            raise typer.Exit(1) from error


def _one_line(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        text = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    else:
        text = str(error)
    return " ".join(text.split()) or type(error).__name__


app = typer.Typer(
    cls=OneLineFailures,
    help="Visual search for clothing: from a photo to the nearest garments of a catalogue.",
    no_args_is_help=True,
    add_completion=False,
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
            help="Folder of database, indices and stored photos; after a command it counts too.",
        ),
    ] = None,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_show_version, is_eager=True, help="Print the version and leave."
        ),
    ] = False,
) -> None:
    """Keep what is given before the command's name."""
    context.obj = data


cli_server.add_commands(app)
cli_index.add_commands(app)
cli_search.add_commands(app)
cli_upkeep.add_commands(app)
cli_backup.add_commands(app)
cli_keys.add_commands(app)
cli_photos.add_commands(app)
cli_models.add_commands(app)
cli_segmentation.add_commands()


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="apparel")
