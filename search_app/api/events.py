"""The JSON API of what follows a search: POST /api/v1/events."""

from fastapi import APIRouter

from catalog.models import SearchEventRow
from search_app.documents import EventRequest
from search_app.problems import ERRORS
from search_app.services import UsedServices

router = APIRouter(prefix="/api/v1", tags=["events"], responses=ERRORS)


@router.post("/events", status_code=204, summary="A click, a cart or a purchase after a search")
def add_event(body: EventRequest, services: UsedServices) -> None:
    """Record what followed a search, for the figures of /admin/searches.

    The id of a search, which only its answer has, is all it takes; no key is needed. Nothing about
    the sender is kept. An event of an unknown search or product is ignored, and so is a repeated
    one.
    """
    services.analytics.event(SearchEventRow(**body.model_dump()))
