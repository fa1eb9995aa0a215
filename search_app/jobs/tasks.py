"""The tasks of jobs: import a feed, rebuild the indices, check the catalogue, change the encoder.

Each reports its progress to a `Report`, which raises to stop the job.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Final, Protocol

from catalog.errors import CatalogError
from catalog.feeds.reading_process import read_in_process
from catalog.fetching.fetch import FetchLimits, fetch_feed
from catalog.fetching.store import is_url
from catalog.files import publishing
from catalog.importing.importer import Feed, ImportOptions, ProductRow, Reject
from catalog.importing.sources import source_name
from catalog.models import ImportJob
from indexing.bulk.reembed import ReembedSummary
from indexing.bulk.rejects import FILE_NAME, write_rejects
from indexing.collection import Collection, IndexProgress, IndexSummary
from indexing.errors import IndexingError
from indexing.review.check import check_catalogue
from indexing.switch import switched
from indexing.types import Embedder
from search_app.jobs.records import Job, outcome_to_row
from search_app.jobs.store import JobStore
from segmentation.errors import SegmentationError

FEED_LIMITS: Final = FetchLimits(bytes=200_000_000, seconds=120)
"""How far the fetch of a feed goes; public addresses only."""
EXPECTED: Final = (CatalogError, IndexingError, SegmentationError, OSError)
"""What makes a job fail with its reason; all else is a bug of ours."""


class Report(Protocol):
    """Receives the progress of a job."""

    def __call__(self, done: int, total: int, skipped: int = 0, garments: int = 0) -> None: ...


def import_feed_of(job: Job, store: JobStore, collection: Collection, report: Report) -> None:
    """Import the job's feed with its options; counts and outcome are stored in its row."""
    feed, photos = _read(store.row(job.id), job.options, lambda: report(0, 0))

    def on_progress(progress: IndexProgress) -> None:
        report(progress.done, progress.total, progress.skipped, progress.garments)

    source = job.options.source or source_name(job.source)
    options = replace(job.options, source=None if feed.origin else source)
    summary = collection.index(feed, photos, on_progress, options)
    write_rejects(store.folder(job.id) / FILE_NAME, summary, feed)
    store.set(job.id, **_counts(summary), outcome=outcome_to_row(summary, feed.kind))


def rebuild_indices(job: Job, store: JobStore, collection: Collection, report: Report) -> None:
    """Rebuild the indices and the predicted attributes."""
    count = collection.rebuild(report)
    store.set(job.id, done=count, total=count, garments=count)


def review_catalogue(job: Job, store: JobStore, collection: Collection, report: Report) -> None:
    """Check the catalogue for the merchant's work lists."""
    found = check_catalogue(collection.database, report)
    message = (
        f"{found['no-garment']:,} photos without a garment, {found['title']:,} titles that "
        f"disagree with their photos, {found['duplicate']:,} near-duplicates"
    )
    store.set(job.id, message=message)


def change_encoder(
    job: Job, store: JobStore, collection: Collection, embedder: Embedder, report: Report
) -> Collection:
    """Embed every garment with another encoder; returns the new collection."""
    new, summary = switched(collection, embedder, report)
    store.set(job.id, garments=summary.garments, message=_figures(summary))
    return new


def _figures(summary: ReembedSummary) -> str:
    """A change of the encoder in one sentence."""
    change = f"from {summary.before} to {summary.after}"
    if summary.figures is None:
        return change
    before, after = summary.figures.before[0], summary.figures.after[0]
    return f"{change}; precision@5 of categories {before:.3f} before, {after:.3f} now"


def _read(row: ImportJob, options: ImportOptions, check: Callable[[], None]) -> tuple[Feed, Path]:
    feed = Path(row.feed)
    if not feed.exists() and is_url(row.source):
        with publishing(feed) as unfinished:
            unfinished.write_bytes(fetch_feed(row.source, FEED_LIMITS))
    return confined(read_in_process(feed, options.fields, check)), Path(row.folder)


def _counts(summary: IndexSummary) -> dict[str, int]:
    products = summary.products
    processed = summary.indexed + summary.skipped
    return {
        "done": processed,
        "total": processed,
        "skipped": summary.skipped,
        "garments": summary.garments,
        "products_new": products.new,
        "products_changed": products.changed,
        "products_unchanged": products.unchanged,
        "rejected": products.rejected,
    }


def confined(feed: Feed) -> Feed:
    """The feed without rows whose photos lie outside the photos' folder.

    A feed must not make the server show arbitrary files of this machine as photos.
    """
    outside = [row for row in feed.rows if any(_leaves(name) for name in row.photos)]
    if not outside:
        return feed
    refused = {row.id for row in outside}
    rejects = tuple(Reject(row.line, _outside_reason(row), row.id) for row in outside)
    rows = tuple(row for row in feed.rows if row.id not in refused)
    return replace(feed, rows=rows, rejects=feed.rejects + rejects)


def _outside_reason(row: ProductRow) -> str:
    return f"id {row.id!r}: a photo's name leaves the photos' folder; use names below it"


def _leaves(name: str) -> bool:
    if is_url(name):
        return False
    return any(
        path.is_absolute() or path.drive or ".." in path.parts
        for path in (PurePosixPath(name), PureWindowsPath(name))
    )
