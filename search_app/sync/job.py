"""A source's run as a job of the server's queue."""

from catalog.syncing.records import SourceState
from indexing.collection import Collection, IndexProgress
from search_app.documents import ImportOutcome
from search_app.jobs.claims import ClaimedJob
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
