"""Sources that are kept fresh, over HTTP: their last results, and runs at once.

They are added by `apparel sync add` on the server's machine alone: a request cannot make the
server read a file or an address.
"""

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from catalog.syncing.sources import list_sources, source_status
from search_app.documents import SourceDocument, SourcePage, Text
from search_app.problems import ERRORS
from search_app.security.keys import ApiKey, Scope, needs
from search_app.services import Services, UsedServices
from search_app.sync.documents import source_document

Writer = Annotated[ApiKey | None, Depends(needs(Scope.WRITE))]

router = APIRouter(prefix="/api/v1/sources", tags=["sources"], responses=ERRORS)


@router.get("", summary="The sources that are kept fresh")
def list_all(services: UsedServices, key: Writer) -> SourcePage:
    """List the sources by name, with the result of the last run and the time of the next."""
    jobs = services.open_jobs
    with services.open_collection.database.session() as session:
        sources = list_sources(session)
    return SourcePage(sources=[source_document(each) for each in jobs.with_jobs(sources)])


@router.get("/{name:path}", summary="One source")
def read_one(name: Text, services: UsedServices, key: Writer) -> SourceDocument:
    """Read a source; while `running`, its result is that of the run before."""
    return _document(services, name)


@router.post("/{name:path}/run", status_code=202, summary="Run a source now")
def run(
    name: Text,
    response: Response,
    services: UsedServices,
    key: Writer,
    force: Annotated[
        bool,
        Query(description="read it even if unchanged, and prune even if over half is missing"),
    ] = False,
) -> SourceDocument:
    """Queue a run; the answer comes at once, and `Location` is the address of the source.

    A source that waits or runs already is not queued twice.
    """
    _document(services, name)
    services.open_jobs.sync(name, force, None if key is None else key.name)
    response.headers["Location"] = f"{router.prefix}/{name}"
    return _document(services, name)


def _document(services: Services, name: str) -> SourceDocument:
    with services.open_collection.database.session() as session:
        status = source_status(session, name)
    (shown,) = services.open_jobs.with_jobs([status])
    return source_document(shown)
