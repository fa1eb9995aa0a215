"""The commands that serve or look after the installation: demo, serve, doctor."""

import socket
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from search_app import cli_session
from search_app.cli_index import index_feed
from search_app.cli_output import print_json, progress_on_stderr, tell
from search_app.cli_session import (
    DataOption,
    JsonOption,
    opened_collection,
    require_catalogue,
    settings_for,
)
from search_app.errors import SearchAppError

if TYPE_CHECKING:
    from indexing.collection import Collection
    from indexing.records import Embedder
    from search_app.settings import Settings

SECONDS_TO_END = 30
"""After Ctrl+C or a supervisor's signal, requests get so long to be answered."""
HostOption = Annotated[
    str | None,
    typer.Option("--host", metavar="H", help="Address to listen on (or APPAREL_HOST; 127.0.0.1)."),
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port", metavar="P", min=1, max=65535, help="Port to listen on (or APPAREL_PORT; 8000)."
    ),
]


class AddressTaken(SearchAppError):
    """Another program listens on the address, or the machine does not have it."""


class ChecksFailed(SearchAppError):
    """`doctor` found something to mend."""


def add_commands(app: typer.Typer) -> None:
    """Make these commands known to the console script."""
    for command in (demo, serve, doctor):
        app.command()(command)


def demo(
    context: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Draw and index, then stop.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Draw, index and serve a demo catalogue."""
    from catalog.importer import read_source

    settings = settings_for(context, data=data, host=host, port=port)
    if not no_serve:
        require_free_address(settings)
    feed = read_source(_drawn_feed(settings.data / "demo"))
    with opened_collection(settings, _shared_embedder(settings)) as collection:
        summary = index_feed(collection, feed, None)
        tell(
            f"{summary.garments} garments of {summary.indexed} photos added, "
            f"{summary.unchanged} photos were there"
        )
        if not no_serve:
            _serve(settings, collection)


def _drawn_feed(folder: Path) -> Path:
    feed = folder / "products.csv"
    if feed.is_file():
        return feed
    from search_app.demo import draw_demo, sample_photos

    # The feed is written last: where it lies, the samples are there too.
    sample_photos(folder)
    with progress_on_stderr("drawing") as tick:
        return draw_demo(folder, progress=lambda done, total: tick(done, total, ""))


def serve(
    context: typer.Context,
    host: HostOption = None,
    port: PortOption = None,
    create: Annotated[
        bool, typer.Option("--create", help="Begin an empty catalogue if there is none.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Serve the page and the API."""
    settings = settings_for(context, data=data, host=host, port=port)
    if not create:
        require_catalogue(settings)
    require_free_address(settings)
    # Opened here, not by the app: what cannot be served fails before the port is open.
    with opened_collection(settings, _shared_embedder(settings)) as collection:
        _serve(settings, collection)


def _shared_embedder(settings: "Settings") -> "Embedder":
    """The models, for many requests and an import at once."""
    from search_app.inference import BatchingEmbedder

    return BatchingEmbedder(cli_session.load_embedder(settings))


def require_free_address(settings: "Settings") -> None:
    """AddressTaken unless the server could listen; uvicorn would only say so after loading."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise AddressTaken(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
            "choose another --port or --host"
        ) from error


def _serve(settings: "Settings", collection: "Collection") -> None:
    import uvicorn

    from search_app.app import create_app
    from search_app.logs import log_config

    tell(f"Apparel Search on http://{settings.host}:{settings.port} (stop with Ctrl+C)")
    _warn_if_open(settings, collection)
    with suppress(KeyboardInterrupt):  # uvicorn passes Ctrl+C on when it has shut down
        uvicorn.run(
            create_app(settings, collection),
            host=settings.host,
            port=settings.port,
            log_config=log_config(settings.log_format),
            timeout_graceful_shutdown=SECONDS_TO_END,
        )


def _warn_if_open(settings: "Settings", collection: "Collection") -> None:
    from search_app.keys import any_key
    from search_app.settings import LOOPBACK

    if settings.host in LOOPBACK:
        return
    if settings.api_writes:
        tell("warning: with APPAREL_API_WRITES=true all who reach this server may change it")
    elif not any_key(collection.database):
        tell(
            "warning: other machines reach this server and it has no keys: all may search, none "
            "may change the catalogue; make a key with `apparel keys add NAME --scope write`"
        )


def doctor(context: typer.Context, data: DataOption = None, as_json: JsonOption = False) -> None:
    """Check the installation, say how to mend it."""
    from search_app.doctor import run_checks

    checks = run_checks(settings_for(context, data=data))
    failed = [check for check in checks if not check.ok]
    if as_json:
        print_json({"ok": not failed, "checks": checks})
    else:
        for check in checks:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.found}")
            if not check.ok:
                typer.echo(f"      mend: {check.remedy}")
    if failed:
        names = ", ".join(check.name for check in failed)
        raise ChecksFailed(f"{len(failed)} of {len(checks)} checks failed: {names}")
