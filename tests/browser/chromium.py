"""The browser of the page tests: the one that is there, else one that is installed.

    python -m tests.browser.chromium      (part of `make test`)

Tried in this order: the program named in CHROMIUM, a Chromium or Chrome on the PATH, the one that
`playwright install` fetched before, the distribution's package (as root or with `sudo -n`),
`playwright install`.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from playwright.sync_api import sync_playwright

NAMES: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REMEDY: Final = (
    "no Chromium, and none could be installed: run `apt-get install chromium`, or name the "
    "program of yours in CHROMIUM"
)
APT: Final = (("apt-get", "update", "-qq"), ("apt-get", "install", "-y", "-qq", "chromium"))
SECONDS: Final = 1200
"""An installation gets so long."""


def find_chromium() -> Path | None:
    """The first browser on this machine that starts, None without any."""
    return next((path for path in _candidates() if _starts(path)), None)


def install_chromium() -> Path | None:
    """Install a browser, by the distribution or by Playwright; None where neither may."""
    for commands in (_apt_commands(), _playwright_commands()):
        if commands and all(_succeeds(command) for command in commands):
            found = find_chromium()
            if found is not None:
                return found
    return None


def _candidates() -> Iterator[Path]:
    named = os.environ.get("CHROMIUM")
    if named:
        yield Path(named)
        return
    for name in NAMES:
        found = shutil.which(name)
        if found:
            yield Path(found)
    with sync_playwright() as playwright:
        yield Path(playwright.chromium.executable_path)


def _starts(program: Path) -> bool:
    """Whether it says its version: on Ubuntu, `chromium-browser` may be an empty shell."""
    return _succeeds((str(program), "--version"))


def _apt_commands() -> tuple[tuple[str, ...], ...]:
    if shutil.which("apt-get") is None:
        return ()
    if os.geteuid() == 0:
        return APT
    return tuple(("sudo", "-n", *command) for command in APT) if shutil.which("sudo") else ()


def _playwright_commands() -> tuple[tuple[str, ...], ...]:
    return ((sys.executable, "-m", "playwright", "install", "chromium"),)


def _succeeds(command: tuple[str, ...]) -> bool:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def main() -> None:
    """Print the path of a browser, installing one if there is none; exit 1 with the remedy."""
    found = find_chromium()
    if found is None:
        print("installing Chromium for the tests of the pages ...", file=sys.stderr, flush=True)
        found = install_chromium()
    if found is None:
        sys.exit(REMEDY)
    print(found)


if __name__ == "__main__":
    main()
