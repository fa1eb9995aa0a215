"""Sources that are kept fresh: their last results, and runs at once."""

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from catalog.syncing.records import SourceStatus, SyncOutcome
from catalog.syncing.sources import list_sources, source_status
from search_app.admin.session import Admin, Ours, admin_page
from search_app.language import texts
from search_app.problems import sentence
from search_app.services import UsedServices

router = APIRouter(prefix="/admin/sources", include_in_schema=False)


@router.get("")
def show(request: Request, services: UsedServices, key: Admin) -> Response:
    """Show the sources with their last results and next runs."""
    jobs = services.open_jobs
    with services.open_collection.database.session() as session:
        stored = list_sources(session)
    statuses = jobs.with_jobs(stored)
    context = {
        "statuses": statuses,
        "running": any(each.running for each in statuses),
        "scheduled": services.settings.sync,
        "about": _about,
        "facts": _facts,
        "sentence": sentence,
    }
    return admin_page(request, services, key, "sources.html", context)


def _about(status: SourceStatus) -> str:
    source = status.source
    parts = [texts.source_kind(source.kind.value)]
    if source.every is not None:
        parts.append(texts.interval(int(source.every / timedelta(minutes=1))))
    if source.secret_variable is not None:
        parts.append(texts.TAKES_WEBHOOKS)
    return " · ".join(parts)


def _facts(outcome: SyncOutcome) -> tuple[tuple[str, int], ...]:
    """The counts of the last import in words, without zeros."""
    counts = (
        (texts.JOB_NEW, outcome.new),
        (texts.JOB_CHANGED, outcome.changed),
        (texts.JOB_REMOVED, outcome.removed),
        (texts.JOB_SKIPPED, outcome.photos_skipped),
        (texts.JOB_REJECTED, outcome.rejected),
    )
    return ((texts.SOURCE_LISTED, outcome.listed), *(count for count in counts if count[1]))


@router.post("/run", dependencies=[Ours])
def run(
    services: UsedServices,
    key: Admin,
    name: Annotated[str, Form(max_length=200)],
    force: Annotated[bool, Form()] = False,
) -> Response:
    """Queue a run of a source."""
    with services.open_collection.database.session() as session:
        source_status(session, name)
    services.open_jobs.sync(name, force, key.name)
    return RedirectResponse("/admin/sources", 303)
