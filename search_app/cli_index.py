"""The command that fills a catalogue: index."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from search_app import cli_session
from search_app.cli_output import print_json, progress_on_stderr, tell
from search_app.cli_session import DataOption, JsonOption, opened_collection, settings_for
from search_app.errors import SearchAppError

if TYPE_CHECKING:
    from catalog.feeds import FieldMap
    from catalog.importer import Feed, ImportOptions, ImportSummary
    from indexing.collection import Collection, IndexProgress, IndexSummary
    from search_app.settings import Settings

SHOWN_REASONS: Final = 20


class NothingIndexed(SearchAppError):
    """Not one photo of a source could be used."""


def add_commands(app: typer.Typer) -> None:
    """Make this command known to the console script."""
    app.command()(index)


def index(
    context: typer.Context,
    source: Annotated[
        Path,
        typer.Argument(
            help="A folder of photos, or a feed: CSV, TSV, JSON lines, Google Merchant (TSV, XML) "
            "or a Shopify export."
        ),
    ],
    photos: Annotated[
        Path | None,
        typer.Option(
            "--photos",
            metavar="DIR",
            help="Where the feed's photos lie (else beside the feed). Addresses are looked up "
            "here by their last part before they are fetched.",
        ),
    ] = None,
    maps: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="FIELD=COLUMN",
            help="Which column holds id, title, photos, price, ...; may repeat.",
        ),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would change; write nothing.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove the products of feeds that this feed no longer has."),
    ] = False,
    prune_all: Annotated[
        bool, typer.Option("--prune-all", help="Prune even if that is more than half of them.")
    ] = False,
    refresh_photos: Annotated[
        bool,
        typer.Option("--refresh-photos", help="Ask whether fetched photos have changed since."),
    ] = False,
    allow_private_hosts: Annotated[
        bool,
        typer.Option(
            "--allow-private-hosts", help="Fetch photos from this machine and private networks too."
        ),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add photos or a feed to the catalogue.

    Run again it goes on where it stopped; what did not change costs nothing. Refused rows and
    photos are listed in rejects.csv in the data folder.
    """
    from catalog.feeds import read_source
    from catalog.importer import ImportOptions

    settings = settings_for(context, data=data)
    if photos is not None and not photos.is_dir():
        raise NotADirectoryError(20, "is not a folder; check --photos", str(photos))
    options = ImportOptions(
        _field_map(maps or []), prune, prune_all, dry_run, allow_private_hosts, refresh_photos
    )
    feed = read_source(source, options.fields)
    if dry_run:
        _tell_preview(_preview(settings, feed, photos, options), feed, as_json)
        return
    with opened_collection(settings, cli_session.load_embedder(settings.for_bulk)) as collection:
        summary = index_feed(collection, feed, photos, options)
    rejects = _save_rejects(settings.data, summary, feed)
    if as_json:
        print_json(_summary_document(summary, feed, rejects))
    else:
        _print_summary(summary, feed, rejects)
    if summary.skipped and not summary.indexed and not summary.unchanged:
        raise NothingIndexed(
            f"none of {summary.skipped} photos could be read; the first: {summary.skips[0].reason}"
        )


def _field_map(texts: list[str]) -> "FieldMap":
    from catalog.errors import FeedError
    from catalog.feeds import parse_field_map

    try:
        return parse_field_map(texts)
    except FeedError as error:
        raise typer.BadParameter(f"--map: {error}") from error


def _preview(
    settings: "Settings", feed: "Feed", photos: Path | None, options: "ImportOptions"
) -> "ImportSummary":
    """What an import would do; needs no models and no catalogue."""
    from catalog.database import database_as_it_is
    from catalog.fetched import FetchedPhotos
    from catalog.importer import import_feed

    fetched = FetchedPhotos(settings.data)
    with (
        database_as_it_is(settings.data, settings.database_url) as database,
        database.session() as session,
    ):
        return import_feed(session, feed, photos, options, fetched)


def index_feed(
    collection: "Collection",
    feed: "Feed",
    photos: Path | None = None,
    options: "ImportOptions | None" = None,
) -> "IndexSummary":
    """Index a feed, with progress on stderr."""
    from catalog.importer import ImportOptions

    with progress_on_stderr("photos") as tick:

        def on_progress(progress: "IndexProgress") -> None:
            rate = f"{progress.photos_per_second:.1f} photos/s, {progress.garments} garments"
            skipped = f", {progress.skipped} skipped" if progress.skipped else ""
            tick(progress.done, progress.total, rate + skipped)

        return collection.index(feed, photos, on_progress, options or ImportOptions())


def _save_rejects(data: Path, summary: "IndexSummary", feed: "Feed") -> Path | None:
    from indexing.rejects import FILE_NAME, write_rejects

    path = data / FILE_NAME
    if write_rejects(path, summary, feed):
        return path
    path.unlink()
    return None


def _products_document(products: "ImportSummary") -> dict[str, int]:
    return {
        "new": products.new,
        "changed": products.changed,
        "price_only": products.price_only,
        "unchanged": products.unchanged,
        "removed": len(products.removed),
        "rejected": products.rejected,
    }


def _tell_preview(products: "ImportSummary", feed: "Feed", as_json: bool) -> None:
    forecast = products.forecast
    assert forecast is not None  # a dry run makes one
    photos = {
        "to_embed": forecast.to_embed,
        "to_fetch": forecast.to_fetch,
        "missing": forecast.missing,
        "unchanged": products.photos_unchanged,
    }
    if as_json:
        document = {
            "dry_run": True,
            "kind": feed.kind,
            "products": _products_document(products),
            "photos": photos,
            "removed": products.removed,
            "rejects": products.rejects,
            "rejects_file": None,
            "notes": products.notes,
        }
        print_json(document)
        return
    typer.echo(f"{feed.kind}; a dry run, nothing is written")
    typer.echo(_products_line(products))
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in photos.items())
    typer.echo(f"photos: {counts}")
    removed = [f"would be removed: {product_id}" for product_id in products.removed]
    _tell_reasons([*_row_reasons(products), *removed], products.notes)


def _summary_document(
    summary: "IndexSummary", feed: "Feed", rejects: Path | None
) -> dict[str, Any]:
    products = summary.products
    return {
        "dry_run": False,
        "kind": feed.kind,
        "products": _products_document(products),
        "photos": {
            "indexed": summary.indexed,
            "unchanged": summary.unchanged,
            "skipped": summary.skipped,
        },
        "photos_taken_whole": summary.wholes,
        "garments": summary.garments,
        "seconds": summary.seconds,
        "photos_per_second": summary.photos_per_second,
        "stages": {stage.stage: stage.seconds for stage in summary.stages},
        "bottleneck": summary.bottleneck,
        "rejects": products.rejects,
        "skips": [
            {
                "product_id": skip.source.product_id,
                "photo": skip.source.url or str(skip.source.path),
                "stage": skip.stage,
                "code": skip.code,
                "reason": skip.reason,
            }
            for skip in summary.skips
        ],
        "rejects_file": rejects,
        "notes": products.notes,
    }


def _print_summary(summary: "IndexSummary", feed: "Feed", rejects: Path | None) -> None:
    typer.echo(_products_line(summary.products))
    wholes = f", {summary.wholes} photos taken whole" if summary.wholes else ""
    typer.echo(
        f"photos: {summary.indexed} indexed, {summary.unchanged} unchanged, "
        f"{summary.skipped} skipped; {summary.garments} garments{wholes}"
    )
    rate = f", {summary.photos_per_second:.1f} photos/s" if summary.photos_per_second else ""
    typer.echo(f"time: {summary.seconds:.1f} s{rate}")
    if summary.bottleneck:
        stages = ", ".join(f"{each.stage} {each.seconds:.1f} s" for each in summary.stages)
        typer.echo(f"stages: {stages}; the others waited for: {summary.bottleneck}")
    if rejects is not None:
        typer.echo(f"rejects: {rejects}")
    skips = [f"{skip.source.url or skip.source.path}: {skip.reason}" for skip in summary.skips]
    kinds = Counter(skip.code for skip in summary.skips)
    _tell_reasons([*_row_reasons(summary.products), *skips], summary.products.notes, kinds)


def _products_line(products: "ImportSummary") -> str:
    price_only = f" ({products.price_only} in price or stock alone)" if products.price_only else ""
    removed = f", {len(products.removed)} removed" if products.removed else ""
    return (
        f"products: {products.new} new, {products.changed} changed{price_only}, "
        f"{products.unchanged} unchanged, {products.rejected} rejected{removed}"
    )


def _row_reasons(products: "ImportSummary") -> Iterator[str]:
    for reject in products.rejects:
        yield f"line {reject.line}: {reject.reason}"


def _tell_reasons(
    reasons: list[str], notes: tuple[str, ...], kinds: "Counter[str] | None" = None
) -> None:
    for note in notes:
        tell(note)
    for reason in reasons[:SHOWN_REASONS]:
        tell(f"  {reason}")
    if len(reasons) > SHOWN_REASONS:
        counted = ", ".join(f"{count} {code}" for code, count in (kinds or {}).items())
        tell(f"  ... {len(reasons)} in all{f' ({counted})' if counted else ''}; --json lists each")
