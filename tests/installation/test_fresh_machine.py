"""`make` and CI on a machine with nothing but Python: set-up, browser, nothing deleted."""

import subprocess
from pathlib import Path

import pytest

from tests.browser import chromium

ROOT = Path(__file__).parents[2]


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder that is the whole PATH, on a machine without any browser."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PLAYWRIGHT_BROWSERS_PATH", str(tmp_path / "browsers"))
    monkeypatch.setattr(chromium.os, "geteuid", lambda: 0)
    return folder


def add_program(path: Path, script: str = "") -> Path:
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def planned(target: str) -> list[str]:
    """The commands `make` would run for a target in a fresh clone."""
    command = ["make", "--no-print-directory", "--dry-run", "VENV=absent", target]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return done.stdout.splitlines()


def test_tests_install_their_own_browser_before_they_run() -> None:
    lines = planned("test")
    browser, tests = (
        next(place for place, line in enumerate(lines) if f"-m {module}" in line)
        for module in ("tests.browser.chromium", "pytest")
    )
    assert browser < tests


def test_ci_runs_the_test_command_and_nothing_else() -> None:
    lines = (ROOT / ".ci" / "run").read_text().splitlines()
    commands = [line for line in lines if line and not line.startswith(("#", "set ", "cd "))]
    assert commands == ["make test"]


def test_demo_installs_no_extra() -> None:
    assert not [line for line in planned("demo") if "'.[" in line]


def test_clean_keeps_the_data() -> None:
    assert not [line for line in planned("clean") if "data" in line]


def test_browser_on_the_path_is_taken(programs: Path) -> None:
    browser = add_program(programs / "google-chrome")
    assert chromium.find_chromium() == browser


def test_browser_that_does_not_start_is_passed_over(programs: Path) -> None:
    add_program(programs / "chromium", "exit 1")
    assert chromium.find_chromium() is None


def test_browser_comes_from_the_distribution_where_none_is(programs: Path) -> None:
    add_program(programs / "apt-get", f"echo '#!/bin/sh' > {programs}/chromium\n"
                f"/bin/chmod +x {programs}/chromium")  # fmt: skip
    assert chromium.install_chromium() == programs / "chromium"


def test_where_none_can_be_had_one_line_says_what_to_do(
    programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add_program(programs / "apt-get", "exit 100")
    monkeypatch.setattr(chromium, "_playwright_commands", lambda: (("absent-program",),))
    with pytest.raises(SystemExit) as end:
        chromium.main()
    assert "apt-get install chromium" in str(end.value)
    assert "\n" not in str(end.value)
