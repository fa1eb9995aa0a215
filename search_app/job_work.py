"""A job in, what it asks for done: a feed imported, the indices rebuilt, the encoder changed.

Each tells how far it is to a `Report`, which raises where the job is to stop.
"""

from pathlib import Path
from typing import Final, Protocol

from catalog.errors import CatalogError
from catalog.fetch import FetchLimits, fetch_feed
from catalog.fetched import is_url
from catalog.files import publishing
from catalog.importer import Feed, ImportOptions, read_source
from catalog.models import ImportJob
from indexing.collection import Collection, IndexProgress, IndexSummary
from indexing.errors import IndexingError
from indexing.records import Embedder
from indexing.reembed import ReembedSummary
from indexing.rejects import FILE_NAME, write_rejects
from indexing.switch import switched
from search_app.confined import confined
from search_app.job_records import Job, outcome_to_row
from search_app.job_store import JobStore
from segmentation.errors import SegmentationError

FEED_LIMITS: Final = FetchLimits(bytes=200_000_000, seconds=120)
"""How far the fetch of a feed goes; public addresses only."""
EXPECTED: Final = (CatalogError, IndexingError, SegmentationError, OSError)
"""What makes a job fail with its reason; all else is a bug of ours."""


class Report(Protocol):
    """Takes how far a job is."""

    def __call__(self, done: int, total: int, skipped: int = 0, garments: int = 0) -> None: ...


def import_feed_of(job: Job, store: JobStore, collection: Collection, report: Report) -> None:
    """Import the job's feed with its options; counts and outcome go into its row."""
    feed, photos = _read(store.row(job.id), job.options)

    def on_progress(progress: IndexProgress) -> None:
        report(progress.done, progress.total, progress.skipped, progress.garments)

    summary = collection.index(feed, photos, on_progress, job.options)
    write_rejects(store.folder(job.id) / FILE_NAME, summary, feed)
    store.set(job.id, **_counts(summary), outcome=outcome_to_row(summary, feed.kind))


def rebuild_indices(job: Job, store: JobStore, collection: Collection, report: Report) -> None:
    """Make the indices and the predicted attributes anew."""
    count = collection.rebuild(report)
    store.set(job.id, done=count, total=count, garments=count)


def change_encoder(
    job: Job, store: JobStore, collection: Collection, embedder: Embedder, report: Report
) -> Collection:
    """Embed every garment by another encoder; the collection that searches with it."""
    new, summary = switched(collection, embedder, report)
    store.set(job.id, garments=summary.garments, message=_figures(summary))
    return new


def _figures(summary: ReembedSummary) -> str:
    """What another encoder changed, in a sentence."""
    told = f"from {summary.before} to {summary.after}"
    if summary.figures is None:
        return told
    before, after = summary.figures.before[0], summary.figures.after[0]
    return f"{told}; precision@5 of categories {before:.3f} before, {after:.3f} now"


def _read(row: ImportJob, options: ImportOptions) -> tuple[Feed, Path]:
    feed = Path(row.feed)
    if not feed.exists() and is_url(row.source):
        with publishing(feed) as unfinished:
            unfinished.write_bytes(fetch_feed(row.source, FEED_LIMITS))
    return confined(read_source(feed, options.fields)), Path(row.folder)


def _counts(summary: IndexSummary) -> dict[str, int]:
    products = summary.products
    looked_at = summary.indexed + summary.skipped
    return {
        "done": looked_at,
        "total": looked_at,
        "skipped": summary.skipped,
        "garments": summary.garments,
        "products_new": products.new,
        "products_changed": products.changed,
        "products_unchanged": products.unchanged,
        "rejected": products.rejected,
    }
