"""Named places where the operating system, the database or the network can fail.

    fsync    os.fsync
    rename   os.replace and os.rename
    commit   the commit of a database transaction
    network  a read from a socket

`install` wraps them in this process alone, a child that a test may break; the product's code knows
nothing of it. SQLite's own fsyncs are in C and stand behind `commit`.
"""

import errno
import os
import socket
import sqlite3
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal

from sqlalchemy.engine.default import DefaultDialect

Point = Literal["fsync", "rename", "commit", "network"]
Kind = Literal["error", "late error", "kill", "late kill"]
KINDS: Final[tuple[Kind, ...]] = ("error", "late error", "kill", "late kill")
"""A late fault comes after the call has had its effect, as where only its answer is lost."""
KILLED: Final = 137


@dataclass(frozen=True)
class Fault:
    """The `number`th call of a point fails, from 1."""

    point: Point
    number: int
    kind: Kind

    def __str__(self) -> str:
        return f"{self.kind} at {self.point} {self.number}"


class Faults:
    """Counts the calls of each point, and fails one of them."""

    def __init__(self, fault: Fault | None) -> None:
        self._fault = fault
        self.calls: Counter[Point] = Counter()
        self.fired = False

    def passing(self, point: Point, call: Callable[[], Any], error: Exception) -> Any:
        """Make a call, unless it is the one that fails."""
        self.calls[point] += 1
        fault = self._fault
        if fault is None or (fault.point, fault.number) != (point, self.calls[point]):
            return call()
        self.fired = True
        result = call() if fault.kind.startswith("late") else None
        if fault.kind.endswith("kill"):
            os._exit(KILLED)
        del result
        raise error


def install(fault: Fault | None) -> Faults:
    """Wrap every point of this process; return the counts."""
    faults = Faults(fault)
    _wrap(faults, "fsync", os, "fsync", lambda: OSError(errno.EIO, "input/output error"))
    for name in ("replace", "rename"):
        _wrap(faults, "rename", os, name, lambda: OSError(errno.ENOSPC, "no space left"))
    error = "disk I/O error"  # as the driver says it; SQLAlchemy wraps it
    _wrap(faults, "commit", DefaultDialect, "do_commit", lambda: sqlite3.OperationalError(error))
    for name in ("recv", "recv_into"):
        _wrap(faults, "network", socket.socket, name, lambda: ConnectionResetError(104, "reset"))
    return faults


def _wrap(
    faults: Faults, point: Point, owner: Any, name: str, error: Callable[[], Exception]
) -> None:
    original = getattr(owner, name)

    def wrapper(*arguments: Any, **named: Any) -> Any:
        return faults.passing(point, lambda: original(*arguments, **named), error())

    setattr(owner, name, wrapper)
