"""Programs that tests run: the one on the PATH, else the distribution's package of it."""

import fcntl
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

import pytest

SECONDS: Final = 300
"""Time limit of an installation."""


def program(name: str, package: str) -> str:
    """The program's path, installed if it is absent (as root or with `sudo -n`).

    Where it cannot be had the test fails in CI, and is skipped aloud elsewhere.
    """
    with (Path(tempfile.gettempdir()) / "apparel-tests-apt.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # two installations at once refuse each other
        found = shutil.which(name) or (shutil.which(name) if _install(package) else None)
    if found is not None:
        return found
    absent = f"{name} is absent: run `apt-get install {package}`"
    if os.environ.get("CI"):
        pytest.fail(absent)
    pytest.skip(absent)


def _install(package: str) -> bool:
    if shutil.which("apt-get") is None:
        return False
    before = () if os.geteuid() == 0 else ("sudo", "-n")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (("update", "-qq"), ("install", "-y", "-qq", package)):
        try:
            done = subprocess.run(
                (*before, "apt-get", *command),
                env=environment, capture_output=True, timeout=SECONDS,
            )  # fmt: skip
        except (OSError, subprocess.TimeoutExpired):
            return False
        if done.returncode != 0:
            return False
    return True
