"""View models of the admin page: jobs and the collection's state."""

from dataclasses import dataclass

from catalog.importing.importer import ImportOptions
from indexing.collection import CollectionStatus
from search_app.jobs.records import IMPORT, REVIEW, SYNC, Job
from search_app.language import texts


@dataclass(frozen=True)
class JobView:
    """An import as a row of the page; `share` is the progress, 0 to 1."""

    id: str
    title: str
    state: str
    state_name: str
    message: str
    began: str
    progress: str
    share: float
    facts: tuple[tuple[str, int], ...]
    choices: tuple[str, ...]
    removed: tuple[str, ...]
    notes: tuple[str, ...]
    ended: bool
    can_apply: bool
    can_resume: bool
    has_rejects: bool


@dataclass(frozen=True)
class StatusView:
    """The catalogue and its index in numbers."""

    counts: tuple[tuple[str, str], ...]
    classes: tuple[tuple[str, int, int], ...]
    has_skips: bool
    model: tuple[tuple[str, str], ...]


def job_view(job: Job) -> JobView:
    """The view of a job."""
    facts, outcome = _facts(job), job.outcome
    looked_only = job.options.dry_run and job.state == "done"
    return JobView(
        id=job.id,
        title=texts.CHECK_JOB if job.task == REVIEW else texts.job_title(job.task, job.source),
        state=job.state,
        state_name=texts.DRY_RUN_DONE if looked_only else texts.job_state(job.state),
        message=texts.job_message(job.message or ""),
        began=f"{job.created_at:%Y-%m-%d %H:%M} UTC",
        progress=texts.job_progress(job.task, job.done, job.total),
        share=job.done / job.total if job.total else float(job.state == "done"),
        facts=tuple(fact for fact in facts if fact[1] or job.state == "done"),
        choices=_choices(job.options),
        removed=tuple(outcome.removed) if outcome else (),
        notes=tuple(outcome.notes) if outcome else (),
        ended=job.ended,
        can_apply=looked_only,
        can_resume=job.ended and job.state != "done",
        has_rejects=job.task == IMPORT and job.state == "done" and job.rejected + job.skipped > 0,
    )


def _facts(job: Job) -> tuple[tuple[str, int], ...]:
    """The counts of a job in words; of a dry run, those of a real one."""
    products = (
        (texts.JOB_NEW, job.products_new),
        (texts.JOB_CHANGED, job.products_changed),
        (texts.JOB_UNCHANGED, job.products_unchanged),
    )
    if job.task == REVIEW:
        return ()
    if job.task not in (IMPORT, SYNC):
        return ((texts.JOB_GARMENTS, job.garments),)
    outcome = job.outcome
    removed = outcome.products_removed if outcome else 0
    facts = [*products, (texts.JOB_REMOVED, removed)] if removed else [*products]
    if job.options.dry_run and outcome is not None:
        facts += [
            (texts.JOB_TO_EMBED, outcome.photos_to_embed or 0),
            (texts.JOB_TO_FETCH, outcome.photos_to_fetch or 0),
            (texts.JOB_MISSING, outcome.photos_missing or 0),
        ]
    else:
        facts += [(texts.JOB_GARMENTS, job.garments), (texts.JOB_SKIPPED, job.skipped)]
    return (*facts, (texts.JOB_REJECTED, job.rejected))


def _choices(options: ImportOptions) -> tuple[str, ...]:
    """The options of an import in words."""
    chosen = (
        (options.dry_run, texts.DRY_RUN),
        (options.prune or options.prune_all, texts.PRUNE),
        (options.refresh_photos, texts.REFRESH),
    )
    columns = tuple(f"{field}={column}" for field, column in options.fields)
    return tuple(name for is_chosen, name in chosen if is_chosen) + columns


def status_view(status: CollectionStatus) -> StatusView:
    """The view of a collection's state."""
    counts = (
        (texts.STATUS_PRODUCTS, texts.number(status.products)),
        (texts.STATUS_PHOTOS, texts.number(status.photos_indexed)),
        (texts.STATUS_PENDING, texts.number(status.photos_pending)),
        (texts.STATUS_SKIPPED, texts.number(status.photos_skipped)),
        (texts.STATUS_DATABASE, texts.megabytes(status.database_bytes)),
        (texts.STATUS_INDEX, texts.megabytes(status.index_bytes)),
        (texts.STATUS_COPIES, texts.megabytes(status.photo_bytes)),
    )
    classes = tuple(
        (texts.class_plural(each), count, status.searchable[each])
        for each, count in status.garments.items()
    )
    model = status.model
    parts = () if model is None else (
        (texts.MODEL_SEGMENTER, model.segmenter),
        (texts.MODEL_ENCODER, model.encoder),
        (texts.MODEL_DIMENSION, str(model.dimension)),
    )  # fmt: skip
    return StatusView(counts, classes, status.photos_skipped > 0, parts)
