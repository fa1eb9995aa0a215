"""What the commands write: one JSON document or tables to stdout, progress and notes to stderr."""

import dataclasses
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

import typer

Advance = Callable[[int, int, str], None]
"""Called with (done, total, note)."""

SECONDS_BETWEEN_LINES: Final = 10.0
"""How often progress is told where there is no terminal to draw a bar on."""


def print_json(document: object) -> None:
    """One JSON document on stdout: dataclasses become objects, NaN becomes null."""
    typer.echo(json.dumps(_plain(document), indent=2, allow_nan=False, ensure_ascii=False))


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {
            field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)
        }
    if isinstance(value, dict):
        return {str(key): _plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, str | int):
        return value
    return str(value)


def print_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Columns padded with spaces, so that they can be cut and sorted too."""
    widths = [max(len(row[place]) for row in (header, *rows)) for place in range(len(header))]
    for row in (header, *rows):
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def print_figures(document: object) -> None:
    """A nested document as lines "iou.upper  0.83"."""
    rows = list(_figures(_plain(document), ""))
    width = max((len(name) for name, _ in rows), default=0)
    for name, text in rows:
        typer.echo(f"{name.ljust(width)}  {text}")


def _figures(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _figures(each, f"{name}.{key}" if name else str(key))
    elif isinstance(value, list):
        yield name, ", ".join(str(each) for each in value)
    elif isinstance(value, float):
        yield name, f"{value:.4f}"
    else:
        yield name, "-" if value is None else str(value)


def tell(message: str) -> None:
    """A note for the person, on stderr."""
    typer.echo(message, err=True)


@contextmanager
def progress_on_stderr(label: str) -> Iterator[Advance]:
    """A progress bar on a terminal, else a line now and then."""
    if not sys.stderr.isatty():
        yield _progress_lines(label)
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        TextColumn("{task.fields[note]}"),
    )
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task(label, total=None, note="")
        yield lambda done, total, note: bar.update(task, completed=done, total=total, note=note)


def _progress_lines(label: str) -> Advance:
    last_told = time.monotonic()

    def advance(done: int, total: int, note: str) -> None:
        nonlocal last_told
        now = time.monotonic()
        if total and (done == total or now - last_told >= SECONDS_BETWEEN_LINES):
            last_told = now
            tell(f"{label}: {done} of {total}  {note}".rstrip())

    return advance
