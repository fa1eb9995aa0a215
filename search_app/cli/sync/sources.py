"""`apparel sync add|list|remove`: the sources and their last results."""

import re
import shlex
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

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
from search_app.cli.output import print_json, print_note, print_table
from search_app.cli.session import opened_database, settings_for

if TYPE_CHECKING:
    from catalog.syncing.records import SourceKind


def add(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="Its name, the same as in `apparel index --source`."),
    ],
    address: Annotated[
        str, typer.Argument(metavar="ADDRESS", help="A file, a folder, or an http(s) address.")
    ],
    kind: Annotated[
        Literal["file", "folder", "feed", "shopify", "woocommerce"] | None,
        typer.Option(help="What it is (default: file, folder or feed, by the address)."),
    ] = None,
    every: Annotated[
        str, typer.Option("--every", metavar="INTERVAL", help="15m, 6h, 1d or never.")
    ] = "1d",
    token: Annotated[
        str | None,
        typer.Option(
            "--token",
            metavar="VARIABLE",
            help="Environment variable with the token that is sent (WooCommerce: KEY:SECRET); "
            "begins with APPAREL_SYNC_.",
        ),
    ] = None,
    webhook_secret: Annotated[
        str | None,
        typer.Option(
            "--webhook-secret",
            metavar="VARIABLE",
            help="Environment variable with the secret of the shop's webhooks; likewise.",
        ),
    ] = None,
    photos: PhotosOption = None,
    maps: MapOption = None,
    encoding: EncodingOption = None,
    prune: Annotated[
        bool, typer.Option(help="Remove products that the source no longer lists.")
    ] = True,
    clear_empty: ClearEmptyOption = False,
    refresh_photos: RefreshPhotosOption = False,
    allow_private_hosts: PrivateHostsOption = False,
    data: DataOption = None,
) -> None:
    """Add a source, or give one new settings; it is due at once.

    Example: apparel sync add shop https://shop.example --kind woocommerce --token APPAREL_SYNC_KEY
    """
    from catalog.importing.records import ImportOptions
    from catalog.syncing.records import SyncSource, parse_interval
    from catalog.syncing.sources import add_source

    source = SyncSource(
        name=name,
        kind=_kind_of(address, kind),
        address=address if _is_url(address) else str(Path(address).expanduser().resolve()),
        every=parse_interval(every),
        token_variable=token,
        secret_variable=webhook_secret,
        photos=str(photos.resolve()) if photos else None,
        encoding=encoding,
        options=ImportOptions(
            fields=parsed_map(maps),
            clear_empty=clear_empty,
            prune=prune,
            refresh_photos=refresh_photos,
            allow_private_hosts=allow_private_hosts,
        ),
    )
    opened = opened_database(settings_for(data=data), create=True)
    with opened as database, database.transaction() as rows:
        add_source(rows, source)
    print_note(f"source {name!r} added: {source.kind}, every {every}; `apparel sync` runs it")


def _is_url(address: str) -> bool:
    return bool(re.match("https?://", address, re.IGNORECASE))


def _kind_of(address: str, given: str | None) -> "SourceKind":
    from catalog.syncing.records import SourceKind

    kind = SourceKind.FEED
    if given is not None:
        kind = SourceKind(given)
    elif not _is_url(address):
        kind = SourceKind.FOLDER if Path(address).expanduser().is_dir() else SourceKind.FILE
    if kind.is_remote != _is_url(address):
        expected = "an http(s) address" if kind.is_remote else "a path"
        raise typer.BadParameter(f"a source of kind {kind} has {expected}")
    if not kind.is_remote and not Path(address).expanduser().exists():
        raise FileNotFoundError(2, "is not there; check the path", address)
    return kind


def list_all(data: DataOption = None, as_json: JsonOption = False) -> None:
    """List the sources with their last result and next run (UTC).

    Example: apparel sync list
    """
    from catalog.syncing.records import SourceState, shown_interval
    from catalog.syncing.sources import list_sources
    from search_app.sync.documents import source_document

    with opened_database(settings_for(data=data)) as database, database.session() as rows:
        sources = list_sources(rows)
    if as_json:
        print_json({"sources": [source_document(each).model_dump(mode="json") for each in sources]})
        return
    lines = [
        (
            each.source.name,
            each.source.kind.value,
            shown_interval(each.source.every),
            "running" if each.running else each.state.value,
            "" if each.listed is None else str(each.listed),
            _minute(each.ended_at),
            _minute(each.next_run_at),
        )
        for each in sources
    ]
    print_table(("source", "kind", "every", "last run", "listed", "ended", "next run"), lines)
    for each in sources:
        if each.state.needs_attention:
            print_note(f"{each.source.name}: {each.message}")
        if each.state is SourceState.SHRUNK:
            print_note(f"  apparel sync run {shlex.quote(each.source.name)} --force")


def remove(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of the source.")],
    data: DataOption = None,
) -> None:
    """Forget a source; its products stay.

    Example: apparel sync remove shop
    """
    from catalog.syncing.sources import remove_source

    with opened_database(settings_for(data=data)) as database, database.transaction() as rows:
        remove_source(rows, name)
    typer.echo(f"removed {name}; its products stay")


def _minute(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment:%Y-%m-%d %H:%M}"
