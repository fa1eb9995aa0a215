"""Sources that are kept fresh: their last results, and runs at once."""

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from catalog.syncing.sources import list_sources, source_status
from search_app.admin.frame import admin_page
from search_app.admin.session import Admin, Ours
from search_app.admin.source_views import source_view
from search_app.services import UsedServices

router = APIRouter(prefix="/admin/sources", include_in_schema=False)


@router.get("")
def show(request: Request, services: UsedServices, key: Admin) -> Response:
    """Show the sources with their last results and next runs."""
    jobs = services.open_jobs
    with services.open_collection.database.session() as session:
        statuses = list_sources(session)
    sources = [
        source_view(each, jobs.running_sync(each.source.name) is not None) for each in statuses
    ]
    context = {
        "sources": sources,
        "scheduled": services.settings.sync,
        "watched": any(each.is_running for each in sources),
    }
    return admin_page(request, services, key, "sources.html", context)


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
