"""Fixtures for all tests; the real photos are found here, and their absence is said aloud."""

import os
from pathlib import Path

import pytest

os.environ.setdefault("HF_HUB_OFFLINE", "1")

DATASETS = Path(os.environ.get("APPAREL_DATASETS", "../shared/data"))
_ABSENT = f"real photos are absent from {DATASETS.resolve()}: set APPAREL_DATASETS"


@pytest.fixture(scope="session")
def datasets() -> Path:
    """The folder of real photos; in CI its absence is a failure, elsewhere a loud skip."""
    if not (DATASETS / "ccp" / "photos").is_dir():
        if os.environ.get("CI"):
            pytest.fail(_ABSENT)
        pytest.skip(_ABSENT)
    return DATASETS


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say in the last lines what was not tested."""
    skipped = terminalreporter.stats.get("skipped", [])
    if skipped:
        terminalreporter.write_line(f"NOT TESTED: {len(skipped)} tests were skipped:", red=True)
    for report in skipped:
        terminalreporter.write_line(f"  {report.nodeid}: {report.longrepr[2]}", red=True)
