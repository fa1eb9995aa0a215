"""Ports for the servers of tests."""

import os
import random
import socket
from contextlib import closing
from typing import Final

FIRST: Final = 10_000
"""Below the ports that Linux gives to connections (from 32,768 on): none takes one in between."""
COUNT: Final = 10_000


def free_port() -> int:
    """A port that nobody listens on; the processes of a run draw from ranges of their own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    while True:
        port = FIRST + worker % 2 * COUNT + random.randrange(COUNT)
        with closing(socket.socket()) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
