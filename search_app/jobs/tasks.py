"""The tasks of jobs: import a feed, rebuild the indices, check the catalogue, change the encoder.

Each reports its progress to a `Report`, which raises to stop the job.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any, Final, Protocol

from catalog.data_folder.working_folder import working_folder
from catalog.errors import CatalogError
from catalog.feeds.reading_process import read_in_process
from catalog.feeds.rows import Feed, Reject
from catalog.fetching.fetch import feed_fetcher
from catalog.fetching.hosts import FetchLimits
from catalog.fetching.store import is_url
from indexing.bulk.reembed import ReembedSummary
from indexing.bulk.rejects import FILE_NAME, write_rejects
from indexing.collection import Collection, IndexProgress, IndexSummary
from indexing.errors import IndexingError
from indexing.review.check import check_catalogue
from indexing.switch import switched
from indexing.types import Embedder
from search_app.documents import ImportOutcome
from search_app.jobs.claims import ClaimedJob
from segmentation.errors import SegmentationError

FEED_LIMITS: Final = FetchLimits(bytes=200_000_000, seconds=120)
"""Limits of fetching a feed; public addresses only."""
MAX_NAMED: Final = 1_000
"""Removed products that an outcome names; the rest are counted."""
EXPECTED: Final = (CatalogError, IndexingError, SegmentationError, OSError)
"""Errors that fail a job with their reason; any other is a bug of ours."""


class Report(Protocol):
    """Function that is given the progress of a job."""

    def __call__(self, done: int, total: int, skipped: int = 0, garments: int = 0) -> None: ...


def import_feed_of(claimed: ClaimedJob, collection: Collection, report: Report) -> None:
    """Import the job's feed with its options; counts and outcome are stored in its row."""
    with working_folder() as folder:
        _import(claimed, collection, report, folder)


def _import(claimed: ClaimedJob, collection: Collection, report: Report, temporary: Path) -> None:
    job = claimed.job
    feed, photos = _read(claimed, lambda: report(0, 0), temporary)
    options = replace(job.options, source=None) if feed.origin else job.options
    feed = replace(feed, name=job.source)
    summary = collection.index(feed, photos, progress_to(report), options)
    rejects = temporary / FILE_NAME
    write_rejects(rejects, summary, feed)
    claimed.store.save_file(job.id, FILE_NAME, rejects.read_bytes())
    claimed.set(**_counts(summary), outcome=_outcome(summary, feed.kind))


def progress_to(report: Report) -> Callable[[IndexProgress], None]:
    """The progress of an import as calls of a report."""
    return lambda each: report(each.done, each.total, each.skipped, each.garments)


def rebuild_indices(claimed: ClaimedJob, collection: Collection, report: Report) -> None:
    """Rebuild the indices, the predicted attributes and which garments a product is."""
    count = collection.rebuild(report)
    claimed.set(done=count, total=count, garments=count)


def review_catalogue(claimed: ClaimedJob, collection: Collection, report: Report) -> None:
    """Check the catalogue for the merchant's work lists."""
    found = check_catalogue(collection.database, report)
    message = (
        f"photos without a garment: {found['no-garment']:,}, titles that disagree with their "
        f"photos: {found['title']:,}, near-duplicates: {found['duplicate']:,}"
    )
    claimed.set(message=message)


def change_encoder(
    claimed: ClaimedJob, collection: Collection, embedder: Embedder, report: Report
) -> Collection:
    """Embed every garment with another encoder; returns the new collection."""
    new, summary = switched(collection, embedder, report)
    claimed.set(garments=summary.garments, message=_figures(summary))
    return new


def _figures(summary: ReembedSummary) -> str:
    """A change of the encoder in one sentence."""
    change = f"from {summary.before} to {summary.after}"
    if summary.figures is None:
        return change
    before, after = summary.figures.before[0], summary.figures.after[0]
    return f"{change}; precision@5 of categories {before:.3f} before, {after:.3f} now"


def _read(claimed: ClaimedJob, check: Callable[[], None], temporary: Path) -> tuple[Feed, Path]:
    """Read the job's feed; returns it and the folder of its photos."""
    row = claimed.store.row(claimed.job.id)
    feed = Path(row.feed)
    if not feed.is_absolute():
        feed = temporary / row.feed
        feed.write_bytes(_content(claimed, row.feed))
    read = read_in_process(feed, temporary, claimed.job.options.fields, check)
    return confined(read), Path(row.folder or temporary)


def _content(claimed: ClaimedJob, name: str) -> bytes:
    """The feed that was sent, or is fetched and stored: who resumes the job reads the same."""
    content = claimed.store.file(claimed.job.id, name)
    if content is None:
        with feed_fetcher(FEED_LIMITS) as fetcher:
            content = fetcher.fetch_bytes(claimed.job.source)
        claimed.store.save_file(claimed.job.id, name, content)
    return content


def _outcome(summary: IndexSummary, kind: str) -> dict[str, Any]:
    """The outcome of a run in the form stored in a job's row."""
    products = summary.products
    forecast = products.forecast
    outcome = ImportOutcome(
        kind=kind,
        price_only=products.price_only,
        products_removed=len(products.removed),
        removed=list(products.removed[:MAX_NAMED]),
        photos_unchanged=summary.unchanged,
        photos_to_embed=forecast.to_embed if forecast else None,
        photos_to_fetch=forecast.to_fetch if forecast else None,
        photos_missing=forecast.missing if forecast else None,
        notes=list(products.notes),
    )
    return outcome.model_dump(mode="json")


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
    reason = "id {!r}: a photo's name leaves the photos' folder; use names below it"
    rejects = tuple(Reject(row.line, reason.format(row.id), row.id) for row in outside)
    rows = tuple(row for row in feed.rows if row.id not in refused)
    return replace(feed, rows=rows, rejects=feed.rejects + rejects)


def _leaves(name: str) -> bool:
    if is_url(name):
        return False
    return any(
        path.is_absolute() or path.drive or ".." in path.parts
        for path in (PurePosixPath(name), PureWindowsPath(name))
    )
