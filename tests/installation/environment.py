"""Bare virtual environments, and a smoke test of the `apparel` installed in one."""

import os
import subprocess
import sys
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx2
from PIL import Image

from tests.drawn import draw_pair
from tests.ports import free_port

ROOT: Final = Path(__file__).parents[2]
PHOTOS: Final = 10
START_SECONDS: Final = 120


def new_environment(folder: Path) -> Path:
    """Make an empty virtual environment; return its folder of programs."""
    venv.create(folder, with_pip=True)
    return folder / "bin"


def clean_environment() -> dict[str, str]:
    """Environment variables of a user who has none of ours set."""
    ours = ("APPAREL_", "PYTHONPATH", "VIRTUAL_ENV")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run(*words: object, folder: Path | None = None) -> str:
    """Run a program, its messages on stderr; return its output, end the script if it fails."""
    print("+", *words, file=sys.stderr)
    done = subprocess.run(
        [str(word) for word in words], cwd=folder, env=clean_environment(),
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{words[0]} ended with {done.returncode}: {done.stdout}")
    return done.stdout


def smoke(programs: Path, folder: Path) -> None:
    """Index ten drawn photos, search with one of them and serve them."""
    photos = folder / "photos"
    photos.mkdir()
    for seed in range(PHOTOS):
        Image.fromarray(draw_pair(seed)[0]).save(photos / f"{seed}.png")
    apparel, data = programs / "apparel", ("--data", folder / "data")
    run(apparel, "index", photos, *data, folder=folder)
    found = run(apparel, "search", photos / "1.png", *data, "--json", folder=folder)
    assert '"1.png"' in found
    port = free_port()
    serve = [str(word) for word in (apparel, "serve", *data, "--port", port)]
    with answering(serve, port, clean_environment()) as address:
        assert httpx2.get(f"{address}/").status_code == 200


@contextmanager
def answering(command: list[str], port: int, environment: dict[str, str]) -> Iterator[str]:
    """Run a server until the end of the block; the address, once /readyz says 200."""
    address = f"http://127.0.0.1:{port}"
    process = subprocess.Popen(command, env=environment)
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _is_ready(address):
            assert process.poll() is None, f"the server ended with {process.returncode}"
            assert time.monotonic() < deadline, "the server did not answer"
            time.sleep(0.2)
        yield address
    finally:
        process.kill()
        process.wait()


def _is_ready(address: str) -> bool:
    try:
        return httpx2.get(f"{address}/readyz").status_code == 200
    except httpx2.TransportError:
        return False
