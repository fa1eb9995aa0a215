"""Output of benchmarks: progress lines on stderr, one JSON document on stdout."""

import json
import multiprocessing
import os
import platform
import sys
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass, is_dataclass
from pathlib import Path
from typing import Any, TypeVar

Result = TypeVar("Result")


@dataclass(frozen=True)
class Hardware:
    """The machine on which figures were measured."""

    processor: str
    cores: int
    memory_gb: float
    system: str


def hardware() -> Hardware:
    """Describe this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Hardware(
        _processor(), len(os.sched_getaffinity(0)), round(memory / 2**30, 1), platform.platform()
    )


def _processor() -> str:
    information = Path("/proc/cpuinfo")
    if information.is_file():
        for line in information.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def private_mb() -> float:
    """Anonymous memory of this process in MB.

    Pages of memory-mapped files, such as the database, are left out: the system can reclaim them.
    """
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def in_fresh_process(function: Callable[..., Result], *arguments: object) -> Result:
    """Call a function in a new process, whose memory holds nothing of this one."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *arguments).result()


def log(line: str) -> None:
    """Print a line on stderr."""
    print(line, file=sys.stderr, flush=True)


def print_document(results: dict[str, Any]) -> None:
    """Print the JSON document: hardware, and each benchmark's dataclass by name."""
    document = {"hardware": hardware()} | results
    print(json.dumps(document, default=_plain), flush=True)


def _plain(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Path):
        return str(value)
    raise TypeError(f"{type(value)} in a benchmark's result: give numbers and texts")
