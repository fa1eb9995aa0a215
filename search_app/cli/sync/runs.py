"""`apparel sync run`: run sources that are due, one named, or all; watch them."""

import signal
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from search_app.cli import session
from search_app.cli.options import DataOption, JsonOption
from search_app.cli.output import print_json, print_note, progress_on_stderr
from search_app.cli.session import (
    opened_collection,
    opened_database,
    require_catalogue,
    settings_for,
)
from search_app.errors import CommandFailed

if TYPE_CHECKING:
    from catalog.syncing.records import SourceStatus
    from indexing.collection import Collection
    from search_app.settings import Settings

WATCH_SECONDS: Final = 30.0
"""Interval at which `--watch` looks for sources that are due or were added meanwhile."""


def run(
    name: Annotated[
        str | None,
        typer.Argument(metavar="SOURCE", help="The source to run, due or not; else all due."),
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Run all sources, due or not.")] = False,
    watch: Annotated[
        bool, typer.Option("--watch", help="Keep running each source when it is due.")
    ] = False,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Read it even if unchanged, and prune even if over half is missing."
        ),
    ] = False,
    data: DataOption = None,
    as_json: JsonOption = False,
) -> None:
    """Run the sources that are due, one named, or all.

    Exit code 1 if a source failed, or lists less than half of what it did: its products are
    updated then, and none is removed.

    Example: apparel sync run --watch
    """
    if sum((name is not None, every, watch)) > 1:
        raise typer.BadParameter("give one of SOURCE, --all and --watch")
    if watch and as_json:
        raise typer.BadParameter("--watch does not end; leave out --json")
    settings = settings_for(data=data)
    require_catalogue(settings)
    if watch:
        _watch(settings)
        return
    wanted = [name] if name is not None else _names(settings, every)
    results = _run_sources(settings, wanted, force)
    if as_json:
        print_json({"sources": results})
    elif not results:
        print_note("no source is due; `apparel sync list` says when each is")
    bad = [each["name"] for each in results if each["needs_attention"]]
    if bad:
        raise CommandFailed(f"{len(bad)} of {len(results)} sources need attention: {_first(bad)}")


def _first(names: list[str]) -> str:
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return ", ".join(names[:5]) + more


def _names(settings: "Settings", every: bool) -> list[str]:
    """Names of all sources, or of those that are due and not being run."""
    from catalog.syncing.sources import due_sources, list_sources

    with opened_database(settings) as database, database.session() as rows:
        if every:
            return [each.source.name for each in list_sources(rows)]
        return [each.source.name for each in due_sources(rows) if not each.running]


def _watch(settings: "Settings") -> None:
    """Run what is due until Ctrl+C or SIGTERM; failures are printed and recorded."""
    from search_app.sync.run import RunStopped

    stopping = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopping.set())
    print_note("watching the sources (stop with Ctrl+C)")
    with suppress(RunStopped):
        while not stopping.is_set():
            names = _names(settings, every=False)
            _run_sources(settings, names, stopping=stopping)
            stopping.wait(WATCH_SECONDS)


def _run_sources(
    settings: "Settings",
    names: list[str],
    force: bool = False,
    stopping: threading.Event | None = None,
) -> list[dict[str, Any]]:
    """Run sources one after another; a failure does not keep the next from running."""
    if not names:
        return []
    # Opened for each round: another process may change the encoder between two.
    embedder = session.embedder_when_needed(settings)
    with opened_collection(settings, embedder) as collection:
        return [_run_one(collection, name, force, stopping) for name in names]


def _run_one(
    collection: "Collection", name: str, force: bool, stopping: threading.Event | None
) -> dict[str, Any]:
    from catalog.errors import SourceNotFound
    from search_app.jobs.tasks import EXPECTED
    from search_app.sync.documents import source_document
    from search_app.sync.run import RunStopped, run_source

    try:
        with progress_on_stderr(name) as tick:

            def report(done: int, total: int, skipped: int = 0, garments: int = 0) -> None:
                if stopping is not None and stopping.is_set():
                    raise RunStopped("stopped; the next run goes on where this one was")
                tick(done, total, f"{garments} garments")

            status = run_source(collection, name, force, report)
    except SourceNotFound:
        raise
    except EXPECTED as error:
        message = " ".join(str(error).split())
        print_note(f"{name}: failed: {message}")
        return {"name": name, "state": "failed", "message": message, "needs_attention": True}
    print_note(f"{name}: {_result_line(status)}")
    document = source_document(status).model_dump(mode="json")
    return {**document, "needs_attention": status.state.needs_attention}


def _result_line(status: "SourceStatus") -> str:
    if status.state.value == "unchanged" or status.outcome is None:
        return f"{status.state}"
    counts = status.outcome
    alert = f"; {status.message}" if status.message else ""
    return (
        f"{status.state}: {counts.new} new, {counts.changed} changed, {counts.unchanged} "
        f"unchanged, {counts.removed} removed, {counts.rejected} rejected{alert}"
    )
