"""One server over a small drawn catalogue, one Chromium, a fresh context for each test.

BROWSER_SERVERS=3 runs three servers on one PostgreSQL behind the shipped nginx file, none sticky;
a ticket opens its own server alone, and one test sets up its own alone, so leave these two out
(-k "not address_of").
"""

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, Playwright, expect, sync_playwright

from catalog.feeds.reader import read_feed
from indexing.collection import open_collection
from indexing.embedding.wiring import load_embedder
from indexing.index.engine import EngineName
from search_app.app import create_app
from search_app.cli.demo import draw_demo, sample_photos
from search_app.security.keys import Scope, make_key
from search_app.settings import Settings
from tests.browser.chromium import find_chromium
from tests.databases import migrated_database
from tests.load.server import served
from tests.nginx import nginx, upstream
from tests.ports import free_port

SERVERS = int(os.environ.get("BROWSER_SERVERS", "1"))
PRODUCTS = 28
DESKTOP = {"width": 1280, "height": 900}
PHONE = {"width": 390, "height": 844}
SECONDS = 20
"""A test waits as long for what should come at once: the machine may be busy."""
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking",
)  # fmt: skip
ABSENT = (
    "no Chromium, so no page is tested: run `python -m tests.browser.chromium`, as `make test` "
    "does, or name the program of yours in CHROMIUM"
)

Opener = Callable[..., Page]


@dataclass(frozen=True)
class Server:
    """A running app; `key` has scope admin, `ticket` makes one that signs in once."""

    address: str
    key: str
    ticket: Callable[[], str]
    samples: Path
    database_url: str | None


@pytest.fixture(scope="session")
def database_url(request: pytest.FixtureRequest) -> str | None:
    """The database of several servers; None: the folder's own."""
    if SERVERS == 1:
        return None
    return migrated_database(request.getfixturevalue("postgresql_server"), "pgvector")


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, database_url: str | None) -> Iterator[Server]:
    data = tmp_path_factory.mktemp("browser")
    samples = sample_photos(data)[0].parent
    engine: EngineName = "pgvector" if database_url else "faiss"
    collection = open_collection(data, load_embedder(), database_url, engine=engine)
    collection.index(read_feed(draw_demo(data / "demo", PRODUCTS, 3, size=(360, 480), workers=1)))
    key = make_key(collection.database, "browser", Scope.ADMIN).secret
    settings = Settings(
        data=data, rate_limit="off", import_folder=data, database_url=database_url, engine=engine,
        trusted_proxies="127.0.0.1" if SERVERS > 1 else None,
    )  # fmt: skip
    app = create_app(settings, collection)
    config = uvicorn.Config(app, port=0, log_level="warning", ws="none")
    running = uvicorn.Server(config)
    thread = threading.Thread(target=running.run, daemon=True)
    thread.start()
    while not running.started:
        assert thread.is_alive(), "the server did not start"
        time.sleep(0.05)
    port = running.servers[0].sockets[0].getsockname()[1]
    sessions = app.state.services.sessions
    with ExitStack() as others:
        if SERVERS > 1:
            port = _behind_nginx(others, settings, port)
        address = f"http://127.0.0.1:{port}"
        yield Server(address, key, lambda: sessions.issue_ticket(key), samples, database_url)
    running.should_exit = True
    thread.join(timeout=10)
    collection.close()


def _behind_nginx(running: ExitStack, settings: Settings, port: int) -> int:
    """Start the other servers and nginx before all; its port."""
    environment = {
        f"APPAREL_{name.upper()}": str(value)
        for name, value in settings.model_dump(exclude_defaults=True).items()
    }
    ports = [port, *(free_port() for _ in range(SERVERS - 1))]
    for each in ports[1:]:
        running.enter_context(served(settings.data, each, **environment))
    listen = free_port()
    running.enter_context(nginx(settings.data / "nginx", upstream(ports, listen), listen))
    return listen


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    expect.set_options(timeout=SECONDS * 1000)
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The program; found before Playwright runs, whose second start would be refused."""
    program = find_chromium()
    if program is None:
        pytest.fail(ABSENT)
    return program


@pytest.fixture(scope="package")
def browser(chromium: Path, playwright: Playwright) -> Iterator[Browser]:
    launched = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
    yield launched
    launched.close()


@pytest.fixture
def open_page(browser: Browser, server: Server) -> Iterator[Opener]:
    """Opens a page in a fresh context; what goes wrong in its console fails the test."""
    contexts, complaints = [], []

    def make(path: str | None = "/", **options: object) -> Page:
        settings = {"viewport": DESKTOP, "base_url": server.address, **options}
        context = browser.new_context(**settings)  # type: ignore[arg-type]
        contexts.append(context)
        context.set_default_timeout(SECONDS * 1000)
        page = context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                complaints.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        if path is not None:
            page.goto(path)
        return page

    yield make
    for context in contexts:
        context.close()
    assert not complaints


@pytest.fixture
def page(open_page: Opener) -> Page:
    """Home, on a desk."""
    return open_page()


@pytest.fixture(scope="session")
def kept_queries() -> dict[str, str]:
    """Addresses of sample photos that were searched with: each is looked at once."""
    return {}


@pytest.fixture
def look(open_page: Opener, kept_queries: dict[str, str]) -> Opener:
    """Opens the results of a sample photo."""

    def at(sample: str = "striped_top_and_jeans.jpg", query: str = "", **options: object) -> Page:
        if sample not in kept_queries:
            page = open_page("/")
            page.locator(f"button[value='{sample}']").click()
            page.wait_for_url("**/q/*")
            kept_queries[sample] = page.url
        address = kept_queries[sample]
        return open_page(f"{address}?{query}" if query else address, **options)

    return at
