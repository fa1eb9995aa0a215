"""The tab of work lists: what a check of the catalogue found, and what to do about it.

POST /admin/check -> job -> findings -> GET /admin/lists/CHECK -> POST (fine, hide, ...)
"""

import csv
import io
from collections.abc import Collection as Ids
from collections.abc import Iterator
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from catalog.feeds.cells import safe_cell
from catalog.models import FindingRow
from indexing.collection import Collection
from indexing.review.corrections import hide_photos, set_class
from indexing.review.records import Check, ListEntry
from indexing.review.store import all_entries, finding_counts, findings_by_id, mark, work_list
from search_app.admin.frame import admin_page
from search_app.admin.list_views import lists_view
from search_app.admin.session import Admin, Ours
from search_app.jobs.records import REVIEW
from search_app.language import texts
from search_app.services import UsedServices
from segmentation.classes import GARMENT_CLASSES

PAGE_SIZE: Final = 24
MAX_CHOSEN: Final = 200
COLUMNS: Final = (
    "product_id", "title", "photo", "reason", "score", "other_product_id", "other_title",
    "other_photo",
)  # fmt: skip
Action = Literal["fine", "again", "hide", "remove", "upper", "whole", "lower"]
_CLASSES: Final = {each.label: each for each in GARMENT_CLASSES}

router = APIRouter(prefix="/admin", include_in_schema=False)


@router.get("/lists")
def first_list(key: Admin) -> Response:
    """Redirect to the first list."""
    return RedirectResponse("/admin/lists/no-garment", 303)


@router.get("/lists/{check}")
def list_page(
    request: Request,
    services: UsedServices,
    key: Admin,
    check: Check,
    page: Annotated[int, Query(ge=1, le=10**6)] = 1,
    fine: bool = False,
    done: Annotated[str, Query(max_length=10)] = "",
    count: Annotated[int, Query(ge=0, le=10**6)] = 0,
) -> Response:
    """Show a page of a list; `done` and `count` say what was just done."""
    # The job first: one that is done has written all that the lists then show.
    job = next(iter(services.open_jobs.latest(1, REVIEW)), None)
    with services.open_collection.database.session() as session:
        listed = work_list(session, check, page, PAGE_SIZE, fine)
        counts = finding_counts(session)
    view = lists_view(check, listed, counts, job, fine)
    context = {"view": view, "said": texts.list_done(done, count)}
    return admin_page(request, services, key, "lists.html", context)


@router.get("/lists/{check}/list.csv")
def export_list(services: UsedServices, key: Admin, check: Check) -> Response:
    """Download a list."""
    database = services.open_collection.database

    def content() -> Iterator[str]:
        with database.session() as session:
            yield _line(COLUMNS)
            for entry in all_entries(session, check):
                yield _line(_cells(entry))

    headers = {
        "Content-Disposition": f'attachment; filename="{check}.csv"',
        "Cache-Control": "private, no-store",
    }
    return StreamingResponse(content(), media_type="text/csv; charset=utf-8", headers=headers)


@router.post("/check", dependencies=[Ours])
def start_check(services: UsedServices, key: Admin) -> Response:
    """Queue a check of the catalogue."""
    services.open_jobs.review(key.name)
    return RedirectResponse("/admin/lists", 303)


@router.post("/lists/{check}", dependencies=[Ours])
def act(
    services: UsedServices,
    key: Admin,
    check: Check,
    action: Annotated[Action, Form()],
    finding: Annotated[list[int], Form(max_length=MAX_CHOSEN)] = [],  # noqa: B006
    page: Annotated[int, Form(ge=1, le=10**6)] = 1,
) -> Response:
    """Apply an action to the chosen findings of a list."""
    count = _apply(services.open_collection, action, finding)
    fine = "&fine=true" if action == "again" else ""
    address = f"/admin/lists/{check}?page={page}{fine}&done={action}&count={count}"
    return RedirectResponse(address, 303)


def _apply(collection: Collection, action: Action, ids: Ids[int]) -> int:
    """Apply an action; return to how many findings."""
    with collection.database.session() as session:
        findings = findings_by_id(session, ids)
    if action == "remove":
        for product_id in {each.product_id for each in findings}:
            collection.remove(product_id)
        return len(findings)
    with collection.database.transaction() as session:
        match action:
            case "fine" | "again":
                mark(session, [each.id for each in findings], fine=action == "fine")
            case "hide":
                hide_photos(session, {each.photo_id for each in findings})
            case _:
                set_class(session, _garments(findings), _CLASSES[action])
                mark(session, [each.id for each in findings], fine=True)
    collection.refresh()
    return len(findings)


def _garments(findings: list[FindingRow]) -> set[int]:
    return {each.garment_id for each in findings if each.garment_id is not None}


def _cells(entry: ListEntry) -> tuple[str, ...]:
    other = entry.other
    return (
        entry.product_id,
        entry.title,
        entry.photo,
        entry.reason,
        f"{entry.score:.3f}",
        *((other.product_id, other.title, other.photo) if other else ("", "", "")),
    )


def _line(cells: tuple[str, ...]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow([safe_cell(cell) for cell in cells])
    return buffer.getvalue()
