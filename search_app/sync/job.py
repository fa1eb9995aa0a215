"""A source's run as a job of the server's queue."""

from catalog.syncing.records import SourceState, SourceStatus
from indexing.collection import Collection, IndexProgress
from search_app.jobs.claims import ClaimedJob
from search_app.jobs.records import sync_outcome_to_row
from search_app.jobs.tasks import Report
from search_app.sync.run import RunHooks, run_source


def sync_source_of(claimed: ClaimedJob, collection: Collection, report: Report) -> None:
    """Run the job's source; counts, outcome and an alert are stored in its row."""

    def on_progress(progress: IndexProgress) -> None:
        report(progress.done, progress.total, progress.skipped, progress.garments)

    job = claimed.job
    hooks = RunHooks(lambda: report(0, 0), on_progress)
    status = run_source(collection, job.source, job.options.prune_all, hooks)
    claimed.set(message=status.message)
    if status.outcome is not None and status.state is not SourceState.UNCHANGED:
        claimed.set(**_counts(status), outcome=sync_outcome_to_row(status.outcome))


def _counts(status: SourceStatus) -> dict[str, int]:
    outcome = status.outcome
    assert outcome is not None
    photos = outcome.photos_indexed + outcome.photos_skipped
    return {
        "done": photos,
        "total": photos,
        "skipped": outcome.photos_skipped,
        "garments": outcome.garments,
        "products_new": outcome.new,
        "products_changed": outcome.changed,
        "products_unchanged": outcome.unchanged,
        "rejected": outcome.rejected,
    }
