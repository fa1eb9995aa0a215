"""Commands to maintain a catalogue: status, remove, rebuild, upgrade, verify, export, keys."""

import time
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from search_app.cli import session
from search_app.cli.options import DataOption, EncoderOption, JsonOption
from search_app.cli.output import (
    note_if_slow,
    print_figures,
    print_json,
    print_note,
    print_report,
    print_table,
    progress_on_stderr,
)
from search_app.cli.session import (
    opened_catalogue,
    opened_collection,
    opened_database,
    require_catalogue,
    settings_for,
)
from search_app.errors import CommandFailed

if TYPE_CHECKING:
    from indexing.bulk.reembed import ReembedSummary
    from indexing.collection import CollectionStatus
    from search_app.settings import Settings

keys_app = typer.Typer(
    help="Create, list and revoke API keys.", no_args_is_help=True, rich_markup_mode=None
)


def status(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Count products, photos and garments.

    Example: apparel status --json
    """
    with opened_catalogue(data) as collection:
        print_report(_status_document(collection.status()), as_json)


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
    product_ids: Annotated[
        list[str], typer.Argument(metavar="PRODUCT_ID", help="The products to remove.")
    ],
    data: DataOption = None,
) -> None:
    """Remove products from the catalogue.

    Example: apparel remove tee-17
    """
    with opened_catalogue(data) as collection:
        for product_id in product_ids:
            collection.remove(product_id)
            typer.echo(f"removed {product_id}")


def rebuild(
    data: DataOption = None,
    encoder: EncoderOption = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Remove unreferenced files and products.")
    ] = False,
    mend: Annotated[bool, typer.Option("--mend", help="Repair stored texts and values.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Rebuild the indices and what is predicted of garments.

    No model runs. Category and title decide again which garments are the product.

    With --encoder every garment is first embedded with another encoder. The old vectors serve
    until the new ones are complete; if stopped, a second run continues. The name of an encoder in
    the data folder's "encoders" will do, and "shipped" for the one of this package.

    Example: apparel rebuild --encoder shipped
    """
    from search_app.jobs.encoder_choices import encoder_of_name

    settings = settings_for(data=data)
    require_catalogue(settings)
    repaired = _mended(settings) if mend else None
    settings = settings_for(data=data, encoder=encoder_of_name(settings, encoder))
    summary = _reembed(settings) if encoder else None
    with opened_collection(settings, session.embedder_of_vectors(settings)) as collection:
        swept = collection.sweep() if sweep else None
        with note_if_slow("rebuilding the indices"):
            count = collection.rebuild()
        kept = session.attributes_kept(collection)
    document = {"garments": count, "reembedded": summary, "swept": swept, "mended": repaired}
    _report_damaged(summary.damaged if summary else ())
    if as_json:
        print_json(document)
        return
    if swept is not None:
        files = len(swept.temporary) + len(swept.orphans)
        typer.echo(f"removed: {files} files, {len(swept.products)} incomplete products")
    if repaired is not None:
        typer.echo(f"mended: {repaired} rows")
    if summary is not None:
        typer.echo(f"encoder: {summary.after}, before {summary.before}")
        typer.echo(f"embedded: {summary.garments} garments on {summary.photos} photos")
        if summary.figures is not None:
            print_figures(summary.figures)
    typer.echo(f"indices rebuilt: {count} garments")
    if kept:
        print_note(kept)


def _mended(settings: "Settings") -> int:
    # On the database alone: an unfit value may keep the collection from being opened.
    from catalog.data_folder.repair import repair_values

    with opened_database(settings) as database:
        return repair_values(database)


def _reembed(settings: "Settings") -> "ReembedSummary":
    from indexing.bulk.reembed import reembed

    embedder = session.load_embedder(settings)
    with opened_collection(settings) as collection, progress_on_stderr("photos") as tick:
        return reembed(collection.database, collection.photo_store, embedder, tick)


def _report_damaged(damaged: Sequence[str]) -> None:
    for name in damaged:
        print_note(f"skipped, its stored copy is damaged: {name}")
    if damaged:
        print_note(f"{len(damaged)} photos skipped; index their products again")


def upgrade(data: DataOption = None, as_json: JsonOption = False) -> None:
    """Bring a data folder to this version and its models.

    Migrates the tables; if segmenter or encoder differ from those that computed the vectors,
    every stored photo is processed again. The old vectors serve until the new ones are complete;
    if stopped, a second run continues.

    Example: apparel upgrade
    """
    from indexing.bulk.upgrade import upgrade as upgrade_folder

    settings = settings_for(data=data)
    require_catalogue(settings)
    embedder = session.load_embedder(settings)
    started = time.monotonic()
    with progress_on_stderr("photos") as tick:

        def progress(done: int, total: int) -> None:
            left = (time.monotonic() - started) / max(done, 1) * (total - done)
            tick(done, total, f"about {max(1, round(left / 60))} min left")

        summary = upgrade_folder(settings.data, embedder, progress, settings.database_url)
    with opened_collection(settings) as collection:
        collection.rebuild()
    _report_damaged(summary.damaged)
    print_report(summary, as_json)


def verify(
    quick: Annotated[bool, typer.Option("--quick", help="Do not read the stored photos.")] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check database, indices and photos.

    Example: apparel verify --quick
    """
    with (
        opened_catalogue(data) as collection,
        note_if_slow("verifying database, indices and photos"),
    ):
        problems = collection.verify(quick)
    if as_json:
        print_json({"problems": problems})
    else:
        typer.echo("\n".join(problems) or "no problems")
    if problems:
        raise CommandFailed(f"{len(problems)} problems found; each line names the remedy")


def export(
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="NAME.csv for products, NAME.npz for vectors.")
    ],
    data: DataOption = None,
) -> None:
    """Write the products or the vectors.

    Example: apparel export products.csv
    """
    with opened_catalogue(data) as collection, note_if_slow(f"writing {out}"):
        count = collection.export(out)
    typer.echo(f"{count} rows written to {out}")


@keys_app.command("add")
def add_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the key: who uses it.")],
    scope: Annotated[
        Literal["read", "write", "admin"],
        typer.Option(help="What it may do; each includes the ones before it."),
    ] = "read",
    origins: Annotated[
        list[str] | None,
        typer.Option(
            "--origin",
            metavar="URL",
            help="For the widget in pages of this site only, such as https://shop.example; "
            "may be repeated. Such a key only reads.",
        ),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make a key and show it, once.

    Example: apparel keys add robot --scope write
    """
    from search_app.security.keys import Scope, make_key

    with opened_database(settings_for(data=data)) as database:
        made = make_key(database, name, Scope(scope), origins or ())
    if as_json:
        document = {"name": made.key.name, "scope": made.key.scope, "origins": made.key.origins}
        print_json(document | {"key": made.secret})
        return
    typer.echo(made.secret)
    print_note(f"key {name!r} may {scope}; keep it now, it is not shown again")


@keys_app.command("list")
def list_keys(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the keys, without their secrets.

    Example: apparel keys list
    """
    from search_app.security import keys

    with opened_database(settings_for(data=data)) as database:
        listed = keys.list_keys(database)
    if as_json:
        print_json({"keys": listed})
        return
    rows = [
        (each.name, each.scope, _day(each.created_at), _day(each.revoked_at),
         ", ".join(each.origins) or "any")
        for each in listed
    ]  # fmt: skip
    print_table(("name", "scope", "made", "revoked", "pages of"), rows)


@keys_app.command("revoke")
def revoke_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the key.")],
    data: DataOption = None,
) -> None:
    """Revoke a key; requests with it are refused from now on.

    Example: apparel keys revoke robot
    """
    from search_app.security import keys

    with opened_database(settings_for(data=data)) as database:
        typer.echo(f"revoked {keys.revoke_key(database, name).name}")


def _day(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d}"
