"""One run of a synchronised source: read, compare with the last reading, import, record.

lease -> read (nothing new: unchanged) -> import -> done
                                                 -> shrunk: more than half is missing; what is
                                                    listed is imported, nothing is pruned
      -> failed, stopped: nothing is pruned; the next run begins soon
"""

import logging
import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from catalog.errors import CatalogError, PruneRefused, SourceError
from catalog.fetching.fetch import PASSING, Validators
from catalog.fetching.hosts import GIVEN_UP
from catalog.importing.records import ImportOptions
from catalog.syncing.lease import Lease, held_lease
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
from indexing.collection import Collection, IndexProgress, IndexSummary
from indexing.errors import IndexingError
from indexing.types import Skip
from search_app.errors import SearchAppError
from search_app.jobs.tasks import confined
from segmentation.errors import SegmentationError

_log = logging.getLogger(__name__)

EXPECTED: Final = (CatalogError, IndexingError, SegmentationError, OSError)
"""What makes a run fail with its reason; all else is a bug of ours."""
_TEMPORARY: Final = frozenset(
    {"unreachable", "timed_out", GIVEN_UP, *(f"http_{status}" for status in PASSING)}
)
"""Codes of photos that the next run may get."""


class RunStopped(SearchAppError):
    """A run was stopped from outside; raised by its hooks."""


@dataclass(frozen=True)
class RunHooks:
    """What a run calls: `check` often, `on_progress` for each batch; either may raise to stop."""

    check: Callable[[], None] = lambda: None
    on_progress: Callable[[IndexProgress], None] = lambda _: None


def run_source(
    collection: Collection, name: str, force: bool = False, hooks: RunHooks = RunHooks()
) -> SourceStatus:
    """Bring a source's products up to date and record the result.

    Args:
        force: read it even if its server says that nothing has changed, and prune even if more
            than half is missing.

    Raises:
        SourceNotFound: there is no such source.
        SourceBusy: another run of it has not ended.
        CatalogError, IndexingError, OSError: the run failed; that is recorded too.
    """
    database = collection.database
    with held_lease(database, name) as lease:
        with database.session() as session:
            status = source_status(session, name)
        began = now()
        try:
            state, message = _run(collection, status, force, _Checks(lease, hooks))
        except EXPECTED as error:
            _end(collection, name, SourceState.FAILED, _shown(error, status.source), began)
            raise
        except BaseException:
            _end(collection, name, SourceState.STOPPED, "stopped before its end", began)
            raise
        _end(collection, name, state, message, began)
    with database.session() as session:
        return source_status(session, name)


@dataclass(frozen=True)
class _Checks:
    """Hooks that also stop the run when its lease is lost."""

    lease: Lease
    hooks: RunHooks

    def check(self) -> None:
        self.lease.check()
        self.hooks.check()

    def on_progress(self, progress: IndexProgress) -> None:
        self.lease.check()
        self.hooks.on_progress(progress)


def _end(
    collection: Collection, name: str, state: SourceState, message: str | None, began: datetime
) -> None:
    level = logging.WARNING if state.needs_attention else logging.INFO
    _log.log(level, "source %s: %s%s", name, state, f": {message}" if message else "")
    with collection.database.transaction() as session:
        record_run(session, name, state, message, began)


def _run(
    collection: Collection, status: SourceStatus, force: bool, checks: _Checks
) -> tuple[SourceState, str | None]:
    source = status.source
    token = secret_of(source.token_variable)
    known = Validators() if force else status.validators
    with TemporaryDirectory(prefix="apparel-sync-") as folder:
        reading = read_sync_source(source, token, known, Path(folder), checks.check)
        if reading is None:
            return SourceState.UNCHANGED, None
        if source.kind.is_remote:
            reading = replace(reading, feed=confined(reading.feed))
        return _import(collection, status, reading, force, checks)


def _import(
    collection: Collection,
    status: SourceStatus,
    reading: SourceReading,
    force: bool,
    checks: _Checks,
) -> tuple[SourceState, str | None]:
    source, before = status.source, status.listed or 0
    listed = len(reading.feed.rows) + len(reading.feed.rejects)
    shrunk = 2 * listed < before and not force
    message = f"lists {listed} products, {before} before" if shrunk else ""
    options = _options(source, prune=not shrunk, force=force)
    photos = Path(source.photos) if source.photos else None
    try:
        summary = collection.index(reading.feed, photos, checks.on_progress, options)
    except PruneRefused as error:
        shrunk, message = True, str(error).partition(";")[0]
        options = _options(source, prune=False, force=False)
        summary = collection.index(reading.feed, photos, checks.on_progress, options)
    whole = not shrunk and not _may_be_better_later(summary)
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


def _may_be_better_later(summary: IndexSummary) -> bool:
    """Whether a photo could not be fetched now, so that the same feed must be read again."""
    return any(_is_temporary(skip) for skip in summary.skips)


def _is_temporary(skip: Skip) -> bool:
    return skip.stage == "fetch" and skip.code in _TEMPORARY


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
    """The secret in an environment variable that a source names; None where it names none.

    Raises:
        SourceError: the variable is not set, or is none that a source may use.
    """
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
