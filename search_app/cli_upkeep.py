"""The commands that keep a catalogue in order: status, remove, rebuild, verify, export."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from search_app import cli_session
from search_app.cli_output import print_figures, print_json, progress_on_stderr
from search_app.cli_session import (
    DataOption,
    EncoderOption,
    JsonOption,
    opened_collection,
    require_catalogue,
    settings_for,
)
from search_app.errors import SearchAppError

if TYPE_CHECKING:
    from indexing.collection import CollectionStatus
    from indexing.reembed import ReembedSummary
    from search_app.settings import Settings


class ProblemsFound(SearchAppError):
    """`verify` found something."""


def add_commands(app: typer.Typer) -> None:
    """Make these commands known to the console script."""
    for command in (status, remove, rebuild, verify, export):
        app.command()(command)


def status(context: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Count products, photos and garments."""
    settings = settings_for(context, data=data)
    require_catalogue(settings)
    with opened_collection(settings, None) as collection:
        document = _status_document(collection.status())
    (print_json if as_json else print_figures)(document)


def _status_document(status: "CollectionStatus") -> dict[str, Any]:
    return {
        "data": str(status.data),
        "model": status.model,
        "products": status.products,
        "photos": {
            "indexed": status.photos_indexed,
            "pending": status.photos_pending,
            "skipped": status.photos_skipped,
        },
        "garments": {each.label: count for each, count in status.garments.items()},
        "searchable": {each.label: count for each, count in status.searchable.items()},
        "skips": {f"{skip.stage}/{skip.code}": skip.count for skip in status.skips},
        "bytes": {
            "database": status.database_bytes,
            "index": status.index_bytes,
            "photos": status.photo_bytes,
        },
    }


def remove(
    context: typer.Context,
    product_ids: Annotated[
        list[str], typer.Argument(metavar="PRODUCT_ID...", help="The products to take out.")
    ],
    data: DataOption = None,
) -> None:
    """Take products out of the catalogue."""
    settings = settings_for(context, data=data)
    require_catalogue(settings)
    with opened_collection(settings, None) as collection:
        for product_id in product_ids:
            collection.remove(product_id)
            typer.echo(f"removed {product_id}")


def rebuild(
    context: typer.Context,
    data: DataOption = None,
    encoder: EncoderOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make the indices and the predicted attributes anew; no model runs.

    With --encoder every garment is embedded by another encoder first, beside the old vectors,
    and switched to at the end; stopped in the middle, the old ones serve and a second run goes on.
    One that lies in the data folder's "encoders" goes by its name, the shipped one by "shipped".
    """
    from search_app.encoder_choices import encoder_of_name

    settings = settings_for(context, data=data)
    require_catalogue(settings)
    settings = settings_for(context, data=data, encoder=encoder_of_name(settings.data, encoder))
    summary = _reembed(settings) if encoder else None
    with opened_collection(settings, None) as collection:
        count = collection.rebuild()
    document = {"garments": count, "reembedded": summary}
    if as_json:
        print_json(document)
        return
    if summary is not None:
        print_figures(summary)
    typer.echo(f"indices rebuilt: {count} garments")


def _reembed(settings: "Settings") -> "ReembedSummary":
    from catalog.database import open_database
    from catalog.photos import PhotoStore
    from indexing.reembed import reembed

    embedder = cli_session.load_embedder(settings.for_bulk)
    database = open_database(settings.data)
    try:
        with progress_on_stderr("photos") as tick:
            return reembed(
                database,
                PhotoStore(settings.data),
                embedder,
                lambda done, total: tick(done, total, ""),
            )
    finally:
        database.close()


def verify(context: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check database, indices and photos."""
    settings = settings_for(context, data=data)
    require_catalogue(settings)
    with opened_collection(settings, None) as collection:
        problems = collection.verify()
    if as_json:
        print_json({"problems": problems})
    else:
        for problem in problems:
            typer.echo(problem)
    if problems:
        raise ProblemsFound(f"{len(problems)} problems found; `apparel rebuild` mends the indices")
    if not as_json:
        typer.echo("no problems")


def export(
    context: typer.Context,
    out: Annotated[Path, typer.Argument(help="OUT.csv for the products, OUT.npz for vectors.")],
    data: DataOption = None,
) -> None:
    """Write the products or the vectors."""
    settings = settings_for(context, data=data)
    require_catalogue(settings)
    with opened_collection(settings, None) as collection:
        typer.echo(f"{collection.export(out)} rows written to {out}")
