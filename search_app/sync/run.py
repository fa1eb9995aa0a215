"""One run of a synchronised source: read, compare with the last reading, import, record.

lease -> read (nothing new: unchanged) -> import -> done
                                                 -> shrunk: more than half is missing; what is
                                                    listed is imported, nothing is pruned
      -> failed, stopped: nothing is pruned; the next run begins soon
"""

import logging
import os
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from catalog.data_folder.working_folder import working_folder
from catalog.errors import PruneRefused, SourceError
from catalog.fetching.fetch import PASSING, Validators
from catalog.fetching.hosts import GIVEN_UP
from catalog.importing.records import ImportOptions
from catalog.syncing.lease import held_lease
from catalog.syncing.reading import SourceReading, read_sync_source
from catalog.syncing.records import (
    SourceState,
    SourceStatus,
    SyncOutcome,
    SyncSource,
    checked_variable,
)
from catalog.syncing.shop_products import replace_products
from catalog.syncing.sources import now, record_reading, record_run, source_status
from indexing.collection import Collection, IndexSummary
from search_app.documents import ImportOutcome
from search_app.errors import SearchAppError
from search_app.jobs.claims import ClaimedJob
from search_app.jobs.tasks import EXPECTED, Report, confined, progress_to

_log = logging.getLogger(__name__)

_TEMPORARY: Final = frozenset(
    {"unreachable", "timed_out", GIVEN_UP, *(f"http_{status}" for status in PASSING)}
)
"""Codes of photos that the next run may get."""


class RunStopped(SearchAppError):
    """A run was stopped from outside; raised by its hooks."""


def run_source(collection: Collection, name: str, force: bool, report: Report) -> SourceStatus:
    """Bring a source's products up to date and record the result.

    Args:
        force: read it even if its server says that nothing has changed, and prune even if more
            than half is missing.
        report: called often, with 0 of 0 while the source is read; may raise to stop.

    Raises:
        SourceNotFound: there is no such source.
        SourceBusy: another run of it has not ended.
        CatalogError, IndexingError, OSError: the run failed; that is recorded too.
    """
    database = collection.database
    with held_lease(database, name) as lease:

        def checked(done: int, total: int, skipped: int = 0, garments: int = 0) -> None:
            lease.check()
            report(done, total, skipped, garments)

        with database.session() as session:
            status = source_status(session, name)
        began = now()
        try:
            state, message = _run(collection, status, force, checked)
        except EXPECTED as error:
            _end(collection, name, SourceState.FAILED, _shown(error, status.source), began)
            raise
        except BaseException:
            _end(collection, name, SourceState.STOPPED, "stopped before its end", began)
            raise
        _end(collection, name, state, message, began)
    with database.session() as session:
        return source_status(session, name)


def sync_source_of(claimed: ClaimedJob, collection: Collection, report: Report) -> None:
    """Run the job's source; counts, outcome and an alert are stored in its row."""
    job = claimed.job
    status = run_source(collection, job.source, job.options.prune_all, report)
    claimed.set(message=status.message)
    outcome = status.outcome
    if outcome is None or status.state is SourceState.UNCHANGED:
        return
    photos = outcome.photos_indexed + outcome.photos_skipped
    shown = ImportOutcome(
        kind=outcome.kind, products_removed=outcome.removed, notes=list(outcome.notes)
    )
    claimed.set(
        done=photos,
        total=photos,
        skipped=outcome.photos_skipped,
        garments=outcome.garments,
        products_new=outcome.new,
        products_changed=outcome.changed,
        products_unchanged=outcome.unchanged,
        rejected=outcome.rejected,
        outcome=shown.model_dump(mode="json"),
    )


def _end(
    collection: Collection, name: str, state: SourceState, message: str | None, began: datetime
) -> None:
    level = logging.WARNING if state.needs_attention else logging.INFO
    _log.log(level, "source %s: %s%s", name, state, f": {message}" if message else "")
    with collection.database.transaction() as session:
        record_run(session, name, state, message, began)


def _run(
    collection: Collection, status: SourceStatus, force: bool, report: Report
) -> tuple[SourceState, str | None]:
    source = status.source
    token = secret_of(source.token_variable)
    known = Validators() if force else status.validators
    with working_folder() as folder:
        reading = read_sync_source(source, token, known, folder, lambda: report(0, 0))
        if reading is None:
            return SourceState.UNCHANGED, None
        if source.kind.is_remote:
            reading = replace(reading, feed=confined(reading.feed))
        return _import(collection, status, reading, force, report)


def _import(
    collection: Collection,
    status: SourceStatus,
    reading: SourceReading,
    force: bool,
    report: Report,
) -> tuple[SourceState, str | None]:
    source, before = status.source, status.listed or 0
    listed = len(reading.feed.rows) + len(reading.feed.rejects)
    shrunk = 2 * listed < before and not force
    message = f"lists {listed} products, {before} before" if shrunk else ""
    options = _options(source, prune=not shrunk, force=force)
    photos = Path(source.photos) if source.photos else None
    try:
        summary = collection.index(reading.feed, photos, progress_to(report), options)
    except PruneRefused as error:
        shrunk, message = True, str(error).partition(";")[0]
        options = _options(source, prune=False, force=False)
        summary = collection.index(reading.feed, photos, progress_to(report), options)
    # The same feed must be read again if a photo could not be fetched now.
    passing = any(each.stage == "fetch" and each.code in _TEMPORARY for each in summary.skips)
    whole = not shrunk and not passing
    with collection.database.transaction() as session:
        outcome = _outcome(summary, reading.feed.kind, listed)
        validators = reading.validators if whole else Validators()
        record_reading(
            session, source.name, outcome, validators, status.listed if shrunk else listed
        )
        if source.kind.is_shop:
            replace_products(session, source.name, reading.products)
    if not shrunk:
        return SourceState.DONE, None
    remedy = "if they are really gone, force a run"
    return SourceState.SHRUNK, f"{message}; nothing was removed; {remedy}"


def _options(source: SyncSource, prune: bool, force: bool) -> ImportOptions:
    wanted = source.options.prune and prune
    return replace(
        source.options, source=source.name, prune=wanted, prune_all=wanted and force, dry_run=False
    )


def _outcome(summary: IndexSummary, kind: str, listed: int) -> SyncOutcome:
    products = summary.products
    return SyncOutcome(
        kind=kind,
        listed=listed,
        new=products.new,
        changed=products.changed,
        unchanged=products.unchanged,
        removed=len(products.removed),
        rejected=products.rejected,
        photos_indexed=summary.indexed,
        photos_skipped=summary.skipped,
        garments=summary.garments,
        notes=products.notes,
    )


def secret_of(variable: str | None) -> str | None:
    """The secret in the environment variable that a source names, if any. Raises SourceError."""
    if variable is None:
        return None
    secret = os.environ.get(checked_variable(variable), "").strip()
    if not secret:
        raise SourceError(
            f"the environment variable {variable} is not set; it holds the token of this source"
        )
    return secret


def _shown(error: Exception, source: SyncSource) -> str:
    """An error's message without the query of the source's address."""
    return " ".join(str(error).replace(source.address, source.shown_address).split())
