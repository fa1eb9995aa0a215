"""The tab of search analytics: figures with plots, and their exports."""

from datetime import UTC, datetime
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Query, Request, Response

from search_app.admin.charts import Column, column_plot
from search_app.admin.downloads import csv_download
from search_app.admin.session import Admin, admin_page
from search_app.analytics.export import judged_pairs, search_rows
from search_app.analytics.report import DayCount, analytics_report
from search_app.language import texts
from search_app.language.formats import long_day, number, short_day
from search_app.services import UsedServices

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
        "report": report,
        "period": texts.from_to(long_day(report.first), long_day(report.last)),
        "days_plot": column_plot([_day_column(each) for each in report.days]),
        "clicks_plot": column_plot(
            [
                (number(rank), texts.clicks_at(rank, count), count, 0)
                for rank, count in enumerate(report.clicks_at, 1)
            ]
        ),
        "days": int(days),
        "periods": PERIODS,
        "enabled": services.analytics.enabled,
        "kept_days": services.settings.analytics_days,
    }
    return admin_page(request, services, key, "searches.html", context)


def _day_column(each: DayCount) -> Column:
    day = short_day(each.day)
    return day, texts.searches_of(day, each.count, each.failed), each.count, each.failed


@router.get("/searches.csv")
def export_searches(services: UsedServices, key: Admin) -> Response:
    """Download every recorded search."""
    services.analytics.flush()
    return csv_download(services, "searches.csv", search_rows)


@router.get("/judged-pairs.csv")
def export_judged_pairs(services: UsedServices, key: Admin) -> Response:
    """Download clicks as pairs for `apparel evaluate judged`."""
    services.analytics.flush()
    return csv_download(services, "judged-pairs.csv", judged_pairs)
