"""The tab of search analytics: figures with plots, and their exports."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse
from sqlalchemy.orm import Session

from search_app.admin.frame import admin_page
from search_app.admin.search_views import searches_view
from search_app.admin.session import Admin
from search_app.analytics.export import judged_pairs_csv, searches_csv
from search_app.analytics.report import analytics_report
from search_app.services import Services, UsedServices

PERIODS: Final = (7, 30, 90)
Days = Literal["7", "30", "90"]

router = APIRouter(prefix="/admin/searches", include_in_schema=False)


@router.get("")
def searches_page(
    request: Request, services: UsedServices, key: Admin, days: Annotated[Days, Query()] = "30"
) -> Response:
    """Show what was searched in the last days, what was clicked and what is missing."""
    services.analytics.flush()
    with services.open_collection.database.session() as session:
        report = analytics_report(session, datetime.now(UTC).date(), int(days))
    context = {
        "view": searches_view(report),
        "days": int(days),
        "periods": PERIODS,
        "enabled": services.analytics.enabled,
        "kept_days": services.settings.analytics_days,
    }
    return admin_page(request, services, key, "searches.html", context)


@router.get("/searches.csv")
def export_searches(services: UsedServices, key: Admin) -> Response:
    """Download every recorded search."""
    return _download(services, searches_csv, "searches.csv")


@router.get("/judged-pairs.csv")
def export_judged_pairs(services: UsedServices, key: Admin) -> Response:
    """Download clicks as pairs for `apparel evaluate judged`."""
    return _download(services, judged_pairs_csv, "judged-pairs.csv")


def _download(
    services: Services, lines: Callable[[Session], Iterator[str]], name: str
) -> StreamingResponse:
    services.analytics.flush()
    database = services.open_collection.database

    def content() -> Iterator[str]:
        with database.session() as session:
            yield from lines(session)

    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(content(), media_type="text/csv; charset=utf-8", headers=headers)
