"""/healthz, /readyz and /metrics: liveness, readiness and Prometheus metrics.

All three are cheap: they count rows and index entries and read no folder.
"""

import logging

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from sqlalchemy import func, select
from sqlalchemy.exc import SQLAlchemyError

from catalog.errors import DatabaseError
from catalog.files import can_write
from catalog.models import Product
from search_app.documents import ErrorDocument, ReadyDocument
from search_app.errors import NotReady
from search_app.search.query_photo import embedder_of
from search_app.services import Services, UsedServices

_log = logging.getLogger(__name__)

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process alive?")
async def healthz() -> dict[str, str]:
    """Answer 200 while the server runs."""
    return {"status": "ok"}


@router.get(
    "/readyz",
    responses={503: {"model": ErrorDocument, "description": "Not ready; says why"}},
    summary="Can searches be answered?",
)
async def readyz(services: UsedServices) -> ReadyDocument:
    """Answer 200 with the counts, or 503 with the reason; an empty catalogue is ready."""
    return await run_in_threadpool(_ready, services)


def _ready(services: Services) -> ReadyDocument:
    """The counts. Raises NotReady without models, database or import thread."""
    collection = services.open_collection
    embedder = embedder_of(collection)
    try:
        with collection.database.session() as session:
            products = session.scalar(select(func.count()).select_from(Product)) or 0
    except (DatabaseError, SQLAlchemyError) as error:
        _log.error("the database does not answer: %s", error)
        raise NotReady("the database does not answer; run `apparel doctor`") from error
    if not services.open_jobs.alive:
        raise NotReady("the thread of the imports has ended; restart the server")
    return ReadyDocument(
        status="ready",
        model=embedder.fingerprint.key,
        products=products,
        searchable={each.label: count for each, count in collection.searchable().items()},
        waiting=services.line.inside,
        importing=services.open_jobs.working,
        writable=can_write(collection.data) and not collection.database.is_read_only,
    )


@router.get("/metrics", include_in_schema=False)
def metrics(services: UsedServices) -> Response:
    """Counters, latencies and state in the format of Prometheus."""
    return Response(generate_latest(services.metrics.registry), media_type=CONTENT_TYPE_LATEST)
