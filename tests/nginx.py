"""A real nginx before real servers."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from tests.programs import program

SHIPPED = Path(__file__).parents[1] / ".deploy" / "nginx.servers.conf"


def upstream(ports: list[int], listen: int) -> str:
    """The shipped file for several servers, with these servers."""
    text = SHIPPED.read_text()
    more = "".join(
        f"server 127.0.0.1:{port} max_fails=1 fail_timeout=5s;\n    " for port in ports[2:]
    )
    for shipped, ours in (
        ("server first:8000", f"{more}server 127.0.0.1:{ports[0]}"),
        ("server second:8000", f"server 127.0.0.1:{ports[1]}"),
        ("listen 8000;", f"listen 127.0.0.1:{listen};"),
    ):
        assert text.count(shipped) == 1, shipped
        text = text.replace(shipped, ours)
    return text


@contextmanager
def nginx(folder: Path, servers: str, port: int) -> Iterator[None]:
    """A real nginx with these `server` blocks; it listens on `port` when this returns."""
    folder.mkdir(exist_ok=True)
    temporary = "\n".join(
        f"{kind}_temp_path {folder}/{kind};"
        for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"{'user root;' if os.geteuid() == 0 else ''} daemon off; worker_processes 1;\n"
        f"pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"http {{ access_log off; {temporary}\n{servers}\n}}\n"
    )
    command = [program("nginx", "nginx-light"), "-p", str(folder), "-c", f"{folder}/nginx.conf"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as running:
        try:
            _wait_until_open(running, port)
            yield
        finally:
            running.terminate()


def _wait_until_open(running: subprocess.Popen[bytes], port: int) -> None:
    for _ in range(200):
        assert running.poll() is None, running.communicate()[1].decode()
        with closing(socket.socket()) as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("nginx did not listen")
