"""Commands `apparel demo`, `serve`, `worker`, `mcp` and `doctor`."""

import signal
import socket
import threading
import time
from contextlib import AbstractContextManager, nullcontext, suppress
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

from search_app.cli import session
from search_app.cli.index import index_feed
from search_app.cli.options import DataOption, JsonOption, require_extra
from search_app.cli.output import print_json, print_note, progress_on_stderr
from search_app.cli.session import opened_collection, require_catalogue, settings_for
from search_app.errors import CommandFailed

if TYPE_CHECKING:
    from indexing.collection import Collection
    from indexing.types import Embedder
    from search_app.client import AsyncClient
    from search_app.services import Services
    from search_app.settings import Settings

DEMO_DATA: Final = Path("apparel-demo")
"""Not the folder of `apparel index`: own photos and drawn ones do not mix."""
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


def demo(
    host: HostOption = None,
    port: PortOption = None,
    no_serve: Annotated[
        bool, typer.Option("--no-serve", help="Draw and index, then stop.")
    ] = False,
    data: DataOption = None,
) -> None:
    """Draw, index and serve a demo catalogue.

    It has a folder of its own, apparel-demo, so that drawn and own photos do not mix.

    Example: apparel demo --port 8080
    """
    from catalog.feeds.reader import read_source

    settings = settings_for(data=data, host=host, port=port)
    if "data" not in settings.model_fields_set:
        settings = settings.model_copy(update={"data": DEMO_DATA})
    if not no_serve:
        require_free_address(settings)
    feed = read_source(_drawn_feed(settings.data / "demo"))
    print_note("loading the networks; the first time they are made ready for this processor ...")
    lock = nullcontext() if no_serve else _locked(settings)
    with lock, opened_collection(settings, _shared_embedder(settings)) as collection:
        summary = index_feed(collection, feed, None)
        print_note(
            f"{summary.garments} garments of {summary.indexed} photos added, "
            f"{summary.unchanged} photos were there"
        )
        if not no_serve:
            _serve(settings, collection)


def _drawn_feed(folder: Path) -> Path:
    feed = folder / "products.csv"
    if feed.is_file():
        return feed
    from search_app.cli.demo import draw_demo, sample_photos

    print_note("drawing a shop of 320 products; the next start finds it drawn ...")
    # The feed is written last: where it exists, the samples exist too.
    sample_photos(folder)
    with progress_on_stderr("drawing") as tick:
        return draw_demo(folder, progress=tick)


def serve(
    host: HostOption = None,
    port: PortOption = None,
    create: Annotated[
        bool, typer.Option("--create", help="Create an empty catalogue if there is none.")
    ] = False,
    insecure_local_writes: Annotated[
        bool,
        typer.Option(
            "--insecure-local-writes", help="Let whoever reaches this machine write without a key."
        ),
    ] = False,
    data: DataOption = None,
) -> None:
    """Serve the page and the API.

    Example: apparel serve --host 0.0.0.0
    """
    local = insecure_local_writes or None
    settings = settings_for(data=data, host=host, port=port, insecure_local_writes=local)
    if not create:
        require_catalogue(settings)
    require_free_address(settings)
    # Opened here, not by the app, so that errors appear before the port is open.
    with _locked(settings), opened_collection(settings, _shared_embedder(settings)) as collection:
        _serve(settings, collection)


def worker(data: DataOption = None) -> None:
    """Run jobs of several servers, and shards of `index --workers`.

    They share a PostgreSQL database; what they take in waits in it.

    Example: apparel worker --data /srv/apparel-data
    """
    from search_app.jobs.standalone import run_jobs

    settings = settings_for(data=data)
    if settings.database_url is None:
        raise CommandFailed(
            "a worker runs what servers take in; set APPAREL_DATABASE_URL to their PostgreSQL "
            "database (on SQLite the server runs its imports itself)"
        )
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    with opened_collection(settings, _shared_embedder(settings)) as collection:
        print_note("waiting for jobs (stop with Ctrl+C)")
        run_jobs(settings, collection, stopped)


def mcp(
    server: Annotated[
        str | None,
        typer.Option("--server", metavar="URL", help="Use this server instead of a data folder."),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option("--key", metavar="KEY", envvar="APPAREL_KEY", help="The server's key."),
    ] = None,
    data: DataOption = None,
) -> None:
    """Give agents tools to search the catalogue (MCP over stdio).

    Networks are loaded at the first photo.

    Example: apparel mcp --server http://127.0.0.1:8000
    """
    require_extra("mcp", "mcp")
    from search_app.agent_tools import agent_server
    from search_app.client import AsyncClient

    if server is not None:
        agent_server(AsyncClient(server, key)).run()
        return
    settings = settings_for(data=data)
    require_catalogue(settings)
    with opened_collection(settings, session.embedder_when_needed(settings)) as collection:
        agent_server(_client_of(settings, collection)).run()


def _client_of(settings: "Settings", collection: "Collection") -> "AsyncClient":
    """A client of an app in this process, which only reads."""
    from httpx2 import ASGITransport
    from httpx2 import AsyncClient as HttpClient

    from search_app.app import create_app
    from search_app.client import AsyncClient

    own = settings.model_copy(update={"api_reads": True, "rate_limit": "off"})
    transport = ASGITransport(create_app(own, collection))
    url = "http://127.0.0.1"
    return AsyncClient(url, http=HttpClient(transport=transport, base_url=url))


def _locked(settings: "Settings") -> AbstractContextManager[None]:
    """Lock the data folder, unless servers share a PostgreSQL database."""
    from catalog.data_folder.lock import serving
    from catalog.data_folder.reserve import keep_reserve

    if settings.database_url is not None:
        return nullcontext()
    settings.data.mkdir(parents=True, exist_ok=True)
    keep_reserve(settings.data)
    return serving(settings.data, f"serves http://{settings.host}:{settings.port}")


def _shared_embedder(settings: "Settings") -> "Embedder":
    """Load the models for concurrent requests and imports."""
    from search_app.search.inference import BatchingEmbedder

    started = time.monotonic()
    embedder = session.load_embedder(settings)
    print_note(f"loaded {embedder.fingerprint.key} in {time.monotonic() - started:.1f} s")
    return BatchingEmbedder(embedder)


def require_free_address(settings: "Settings") -> None:
    """Raise CommandFailed if the server could not listen; uvicorn notices only after loading."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CommandFailed(
            f"cannot listen on {settings.host}:{settings.port} ({error.strerror}); "
            "choose another --port or --host"
        ) from error


def _serve(settings: "Settings", collection: "Collection") -> None:
    from catalog.errors import CatalogError
    from search_app.app import create_app
    from search_app.serving import serve_app

    if settings.database_url is None:  # else other servers may be at work
        with suppress(CatalogError):
            collection.sweep()
    app = create_app(settings, collection)
    print_note(f"Apparel Search on {_address_of(settings)} (stop with Ctrl+C)")
    _print_admin_address(app.state.services)
    _warn_if_open(settings, collection)
    with suppress(KeyboardInterrupt):  # uvicorn raises Ctrl+C again after its shutdown
        serve_app(app, settings)


def _print_admin_address(services: "Services") -> None:
    """Print the address that signs this machine's user in, once."""
    from search_app.security.local_token import make_local_token
    from search_app.settings import LOOPBACK

    settings = services.settings
    token = make_local_token(settings.data)
    if token is not None and settings.host in LOOPBACK:
        ticket = services.sessions.issue_ticket(token)
        address = f"{_address_of(settings)}/admin?ticket={ticket}"
        print_note(f"admin page, to open once within the hour: {address}")


def _address_of(settings: "Settings") -> str:
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    return f"http://{host}:{settings.port}"


def _warn_if_open(settings: "Settings", collection: "Collection") -> None:
    from search_app.security.keys import list_keys
    from search_app.settings import LOOPBACK

    if settings.insecure_local_writes:
        print_note(
            "warning: whoever reaches this machine, also through a proxy, a tunnel or a "
            "container's port, may change the catalogue without a key"
        )
    elif settings.host not in LOOPBACK and not list_keys(collection.database):
        print_note(
            "warning: other machines reach this server and it has no keys: all may search, none "
            "may change the catalogue; make a key with `apparel keys add NAME --scope write`"
        )


def doctor(
    deep: Annotated[
        bool, typer.Option("--deep", help="Also verify the catalogue and repair it.")
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Check the installation and show how to repair it.

    Example: apparel doctor --deep
    """
    from search_app.cli.doctor import repair_catalogue, run_checks

    settings = settings_for(data=data)
    checks = []
    for check in chain(run_checks(settings), repair_catalogue(settings) if deep else ()):
        checks.append(check)
        if not as_json:
            typer.echo(f"{'ok  ' if check.ok else 'FAIL'}  {check.name}: {check.found}")
            if not check.ok:
                typer.echo(f"      remedy: {check.remedy}")
    failed = [check for check in checks if not check.ok]
    if as_json:
        print_json({"ok": not failed, "checks": checks})
    if failed:
        names = ", ".join(check.name for check in failed)
        raise CommandFailed(f"{len(failed)} of {len(checks)} checks failed: {names}")
