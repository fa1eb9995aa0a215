"""A server in a process of its own, for tests that hurry or kill it.

    python -m tests.load.server DATA PORT [--drawn SECONDS]

With --drawn the models are `tests.fakes.FakeEmbedder`, which takes so long for a call; else the
shipped networks. Settings come from the environment as for `apparel serve`.
"""

import argparse
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import httpx2

from indexing.collection import open_collection
from indexing.types import EmbeddedPhoto, Embedder
from search_app.app import create_app
from search_app.cli.session import load_embedder
from search_app.jobs.standalone import run_jobs
from search_app.logs import log_config
from search_app.search import uploads
from search_app.search.inference import BatchingEmbedder
from search_app.serving import serve_app
from search_app.settings import Settings
from segmentation.photos import Photo
from tests.fakes import FakeEmbedder

ROOT = Path(__file__).parents[2]
START_SECONDS = 300


class SlowEmbedder(FakeEmbedder):
    """Takes its time, as networks do."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        time.sleep(self._seconds)
        return super().embed(photos)


@contextmanager
def served(
    data: Path, port: int, drawn: float | None = None, *options: str,
    log: Path | None = None, **environment: str,
) -> Iterator[subprocess.Popen[bytes]]:  # fmt: skip
    """A server that answers; killed at the end if it still runs. All it says goes to `log`."""
    command = [sys.executable, "-m", "tests.load.server", str(data), str(port), *options]
    if drawn is not None:
        command += ["--drawn", str(drawn)]
    if log is not None:
        command.append("--log")
    with (log or Path(os.devnull)).open("wb") as said:
        process = subprocess.Popen(
            command, cwd=ROOT, env=os.environ | environment, stderr=said if log else None
        )
    try:
        _wait_until_ready(process, port)
        yield process
    finally:
        process.kill()
        process.wait()


def megabytes(process: "subprocess.Popen[bytes]", name: str = "VmRSS") -> float:
    """Memory of a process now (VmRSS) or at its peak (VmHWM); 0 once it has ended."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    kilobytes = (int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
    return next(kilobytes, 0) / 1024


def _wait_until_ready(process: subprocess.Popen[bytes], port: int) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx2.get(f"http://127.0.0.1:{port}/readyz").status_code == 200:
                return
        except httpx2.TransportError:
            time.sleep(0.1)
    raise RuntimeError(f"the server did not answer; it ended with {process.poll()}")


def _embedder(drawn: float | None, settings: Settings) -> Embedder:
    if drawn is not None:
        return SlowEmbedder(drawn)
    return load_embedder(settings)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("port", type=int)
    parser.add_argument("--drawn", type=float)
    parser.add_argument("--worker", action="store_true", help="as `apparel worker`: serve nothing")
    parser.add_argument("--log", action="store_true", help="all lines, not only errors")
    parser.add_argument("--private", action="store_true", help="fetch from private hosts too")
    parser.add_argument("--descriptors", type=int, help="most files and connections at once")
    arguments = parser.parse_args()
    if arguments.private:
        uploads.INTERACTIVE = replace(uploads.INTERACTIVE, allow_private=True)
    if arguments.descriptors:
        resource.setrlimit(resource.RLIMIT_NOFILE, (arguments.descriptors,) * 2)
    settings = Settings(data=arguments.data, port=arguments.port)
    embedder = BatchingEmbedder(_embedder(arguments.drawn, settings))
    collection = open_collection(
        settings.data, embedder, settings.database_url, engine=settings.engine, files=settings.files
    )
    if arguments.worker:
        print("waiting for jobs", flush=True)
        run_jobs(settings, collection, threading.Event())
    log = log_config("text")
    if not arguments.log:
        log["root"]["level"] = log["loggers"]["search_app"]["level"] = "ERROR"
        log["loggers"]["uvicorn"]["level"] = log["loggers"]["uvicorn.error"]["level"] = "ERROR"
    serve_app(create_app(settings, collection), settings, log)


if __name__ == "__main__":
    main()
