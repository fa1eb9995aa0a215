"""`apparel index`: add photos or a feed to the catalogue."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from search_app.cli import session
from search_app.cli.options import (
    ClearEmptyOption,
    DataOption,
    EncodingOption,
    JsonOption,
    MapOption,
    PhotosOption,
    PrivateHostsOption,
    RefreshPhotosOption,
    parsed_map,
)
from search_app.cli.output import note_if_slow, print_json, print_note, progress_on_stderr
from search_app.cli.session import opened_collection, settings_for
from search_app.errors import CommandFailed

if TYPE_CHECKING:
    from catalog.feeds.rows import Feed
    from catalog.importing.records import ImportOptions, ImportSummary
    from indexing.bulk.shards import Workers
    from indexing.collection import Collection, IndexProgress, IndexSummary
    from search_app.settings import Settings

SHOWN_REASONS: Final = 20
SHOWN_SECONDS: Final = 0.1
"""Shorter stages of a run are not listed."""


def index(
    source: Annotated[
        Path,
        typer.Argument(
            metavar="SOURCE",
            help="A folder of photos or web pages, or a feed: CSV, TSV, JSON, Google Merchant, "
            "Shopify, WooCommerce, Magento or schema.org.",
        ),
    ],
    photos: PhotosOption = None,
    maps: MapOption = None,
    encoding: EncodingOption = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Report what would change; write nothing.")
    ] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Remove this source's products that the feed no longer has."),
    ] = False,
    prune_all: Annotated[
        bool, typer.Option("--prune-all", help="Prune even if that is more than half of them.")
    ] = False,
    source_name: Annotated[
        str | None,
        typer.Option(
            "--source",
            metavar="NAME",
            help="Name of this feed; pruning stays within it (else from the file's name).",
        ),
    ] = None,
    clear_empty: ClearEmptyOption = False,
    refresh_photos: RefreshPhotosOption = False,
    allow_private_hosts: PrivateHostsOption = False,
    workers: Annotated[
        str | None,
        typer.Option(
            metavar="N|ray://HOST:PORT",
            help="Index with N processes here, or on a Ray cluster; all share a PostgreSQL "
            "database (APPAREL_DATABASE_URL).",
        ),
    ] = None,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Add photos or a feed to the catalogue.

    A second run continues where the first stopped and skips what did not change. Refused rows
    and photos are listed in rejects.csv in the data folder.

    Example: apparel index products.csv --photos photos
    """
    from catalog.feeds.reader import read_source
    from catalog.importing.records import ImportOptions

    settings = settings_for(data=data)
    if photos is not None and not photos.is_dir():
        raise NotADirectoryError(20, "is not a folder; check --photos", str(photos))
    options = ImportOptions(
        fields=parsed_map(maps),
        source=source_name,
        clear_empty=clear_empty,
        prune=prune,
        prune_all=prune_all,
        dry_run=dry_run,
        allow_private_hosts=allow_private_hosts,
        refresh_photos=refresh_photos,
    )
    by_workers = _workers(workers, settings) if workers and not dry_run else None
    with note_if_slow(f"reading {source}"):
        feed = read_source(source, options.fields, encoding)
    if dry_run:
        _print_preview(_preview(settings, feed, photos, options), feed, as_json)
        return
    with opened_collection(settings, session.embedder_when_needed(settings)) as collection:
        summary = index_feed(collection, feed, photos, options, by_workers)
    rejects = _save_rejects(settings.data, summary, feed)
    if as_json:
        print_json(_summary_document(summary, feed, rejects))
    else:
        _print_summary(summary, rejects)
    if summary.skipped and not summary.indexed and not summary.unchanged:
        raise CommandFailed(
            f"none of {summary.skipped} photos could be read; the first: {summary.skips[0].reason}"
        )


def _workers(text: str, settings: "Settings") -> "Workers":
    from search_app.jobs.worker_processes import workers_of

    try:
        return workers_of(text, settings)
    except ValueError as error:
        raise typer.BadParameter(f"--workers: {error}; give a number or ray://...") from error


def _preview(
    settings: "Settings", feed: "Feed", photos: Path | None, options: "ImportOptions"
) -> "ImportSummary":
    """Report what an import would change; needs neither models nor a catalogue."""
    from catalog.database import read_only_database
    from catalog.fetching.store import FetchedPhotos
    from catalog.importing.importer import import_feed

    fetched = FetchedPhotos(settings.data)
    with (
        note_if_slow(f"comparing {len(feed.rows)} products with the catalogue"),
        read_only_database(settings.data, settings.database_url) as database,
        database.session() as session,
    ):
        return import_feed(session, feed, photos, options, fetched)


def index_feed(
    collection: "Collection",
    feed: "Feed",
    photos: Path | None = None,
    options: "ImportOptions | None" = None,
    workers: "Workers | None" = None,
) -> "IndexSummary":
    """Index a feed, with progress on stderr."""
    from catalog.importing.records import ImportOptions

    with (
        progress_on_stderr("photos") as tick,
        note_if_slow(f"comparing {len(feed.rows)} products with the catalogue"),
    ):

        def on_progress(progress: "IndexProgress") -> None:
            rate = f"{progress.photos_per_second:.1f} photos/s, {progress.garments} garments"
            skipped = f", {progress.skipped} skipped" if progress.skipped else ""
            tick(progress.done, progress.total, rate + skipped)

        return collection.index(feed, photos, on_progress, options or ImportOptions(), workers)


def _save_rejects(data: Path, summary: "IndexSummary", feed: "Feed") -> Path | None:
    from indexing.bulk.rejects import FILE_NAME, write_rejects

    path = data / FILE_NAME
    if write_rejects(path, summary, feed):
        return path
    path.unlink()
    return None


def _run_document(products: "ImportSummary", feed: "Feed", rejects: Path | None) -> dict[str, Any]:
    """The part that the JSON documents of a dry run and of a real one share."""
    return {
        "kind": feed.kind,
        "products": {
            "new": products.new,
            "changed": products.changed,
            "price_only": products.price_only,
            "unchanged": products.unchanged,
            "removed": len(products.removed),
            "rejected": products.rejected,
        },
        "rejects": products.rejects,
        "rejects_file": rejects,
        "notes": products.notes,
        "warnings": feed.warnings,
    }


def _print_preview(products: "ImportSummary", feed: "Feed", as_json: bool) -> None:
    assert products.forecast is not None  # a dry run makes one
    photos = asdict(products.forecast) | {"unchanged": products.photos_unchanged}
    if as_json:
        document = {
            "dry_run": True,
            "photos": photos,
            "removed": products.removed,
            "columns": dict(feed.used),
            "ignored": feed.ignored,
        }
        print_json(_run_document(products, feed, None) | document)
        return
    typer.echo(f"{feed.kind}; a dry run, nothing is written")
    if feed.used:
        columns = ", ".join(f"{field} from {column!r}" for field, column in feed.used)
        typer.echo(f"columns: {columns}")
    if feed.ignored:
        typer.echo(f"ignored: {', '.join(feed.ignored)}")
    typer.echo(_products_line(products))
    counts = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in photos.items())
    typer.echo(f"photos: {counts}")
    _print_reasons(products, [f"would be removed: {each}" for each in products.removed])


def _summary_document(
    summary: "IndexSummary", feed: "Feed", rejects: Path | None
) -> dict[str, Any]:
    return _run_document(summary.products, feed, rejects) | {
        "dry_run": False,
        "photos": {
            "indexed": summary.indexed,
            "unchanged": summary.unchanged,
            "skipped": summary.skipped,
        },
        "garments": summary.garments,
        "seconds": summary.seconds,
        "photos_per_second": summary.photos_per_second,
        "stages": {stage.stage: stage.seconds for stage in summary.stages},
        "bottleneck": summary.bottleneck,
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
    }


def _print_summary(summary: "IndexSummary", rejects: Path | None) -> None:
    typer.echo(_products_line(summary.products))
    typer.echo(
        f"photos: {summary.indexed} indexed, {summary.unchanged} unchanged, "
        f"{summary.skipped} skipped; {summary.garments} garments"
    )
    rate = f", {summary.photos_per_second:.1f} photos/s" if summary.photos_per_second else ""
    typer.echo(f"time: {summary.seconds:.1f} s{rate}")
    if summary.bottleneck:
        long = [each for each in summary.stages if each.seconds >= SHOWN_SECONDS]
        stages = ", ".join(f"{each.stage} {each.seconds:.1f} s" for each in long)
        typer.echo(f"stages, on several threads: {stages or 'all short'}")
        typer.echo(f"the other stages waited for: {summary.bottleneck}")
    if rejects is not None:
        typer.echo(f"rejects: {rejects}")
    skips = [f"{skip.source.url or skip.source.path}: {skip.reason}" for skip in summary.skips]
    _print_reasons(summary.products, skips, *(skip.code for skip in summary.skips))


def _products_line(products: "ImportSummary") -> str:
    price_only = f" ({products.price_only} in price or stock alone)" if products.price_only else ""
    removed = f", {len(products.removed)} removed" if products.removed else ""
    return (
        f"products: {products.new} new, {products.changed} changed{price_only}, "
        f"{products.unchanged} unchanged, {products.rejected} rejected{removed}"
    )


def _print_reasons(products: "ImportSummary", more: Sequence[str], *kinds: str) -> None:
    """Print notes, then why rows were rejected, then `more` reasons, counted by kind."""
    reasons = [f"line {reject.line}: {reject.reason}" for reject in products.rejects] + [*more]
    for line in (*products.notes, *(f"  {reason}" for reason in reasons[:SHOWN_REASONS])):
        print_note(line)
    if len(reasons) > SHOWN_REASONS:
        counted = ", ".join(f"{count} {code}" for code, count in Counter(kinds).items())
        print_note(
            f"  ... {len(reasons)} in all{f' ({counted})' if counted else ''}; --json lists each"
        )
