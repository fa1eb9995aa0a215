"""Output of the commands: JSON or tables on stdout, progress and notes on stderr."""

import json
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

import typer

SECONDS_BETWEEN_LINES: Final = 10.0
"""Seconds between progress lines where stderr is not a terminal."""
SECONDS_BEFORE_NOTE: Final = 1.0
"""A step that takes longer says what it does."""


class Advance(Protocol):
    """Function that shows how much is done, of how much in all."""

    def __call__(self, done: int, total: int, note: str = "") -> None: ...


def print_json(document: object) -> None:
    """Print a JSON document: dataclasses become objects, NaN becomes null."""
    typer.echo(json.dumps(_plain(document), indent=2, ensure_ascii=False))


def print_figures(document: object) -> None:
    """Print a nested document as lines such as "iou.upper  0.83"."""
    print_columns(list(_figures(_plain(document), "")))


def print_report(document: object, as_json: bool) -> None:
    """Print a document as JSON or as lines."""
    (print_json if as_json else print_figures)(document)


def _plain(document: object) -> Any:
    # Imported here: printing nothing needs no pydantic.
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(document, inf_nan_mode="null", fallback=str)


def _figures(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, each in value.items():
            yield from _figures(each, f"{name}.{key}" if name else key)
    elif isinstance(value, list) and any(isinstance(each, dict | list) for each in value):
        for number, each in enumerate(value, 1):
            yield from _figures(each, f"{name}.{number}")
    elif isinstance(value, list):
        yield name, ", ".join(str(each) for each in value)
    elif isinstance(value, float):
        yield name, f"{value:.4f}"
    else:
        yield name, "-" if value is None else str(value)


def print_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Print a header and rows in columns."""
    print_columns([header, *rows])


def print_columns(rows: Sequence[Sequence[str]]) -> None:
    """Print rows in columns padded with spaces."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        typer.echo("  ".join(cells).rstrip())


def print_note(message: str) -> None:
    """Print a note on stderr."""
    typer.echo(message, err=True)


@contextmanager
def note_if_slow(message: str) -> Iterator[None]:
    """Print a note on stderr if the block takes longer than a second."""
    timer = threading.Timer(SECONDS_BEFORE_NOTE, print_note, (f"{message} ...",))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


@contextmanager
def progress_on_stderr(label: str) -> Iterator[Advance]:
    """Show a progress bar on a terminal, else a line every few seconds."""
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

        def advance(done: int, total: int, note: str = "") -> None:
            bar.update(task, completed=done, total=total, note=note)

        yield advance


def _progress_lines(label: str) -> Advance:
    last_line = time.monotonic()

    def advance(done: int, total: int, note: str = "") -> None:
        nonlocal last_line
        now = time.monotonic()
        if total and (done == total or now - last_line >= SECONDS_BETWEEN_LINES):
            last_line = now
            print_note(f"{label}: {done} of {total}  {note}".rstrip())

    return advance
