"""The tab of work lists: what a check of the catalogue found, and what to do about it.

POST /admin/check -> job -> findings -> GET /admin/lists/CHECK -> POST (fine, hide, ...)
"""

from collections.abc import Collection as Ids
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Form, Query, Request, Response
from fastapi.responses import RedirectResponse
from sqlalchemy.orm import Session

from catalog.records import GarmentCard
from indexing.collection import Collection
from indexing.review.corrections import hide_photos, set_class
from indexing.review.records import CHECKS, Check, ListEntry
from indexing.review.store import all_entries, finding_counts, findings_by_id, mark, work_list
from search_app.admin.downloads import csv_download
from search_app.admin.session import Admin, Ours, admin_page
from search_app.jobs.store import REVIEW
from search_app.language import texts
from search_app.language.formats import number
from search_app.pages.cards import area_of, photo_url, product_href
from search_app.pages.views import Area
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
    context = {
        "check": check,
        "lists": [(each, texts.list_name(each), number(counts[each])) for each in CHECKS],
        "listed": listed,
        "fine": fine,
        "job": job,
        "said": texts.list_done(done, count),
        "photo_url": photo_url,
        "product_href": product_href,
        "garment_area": _garment_area,
    }
    return admin_page(request, services, key, "lists.html", context)


def _garment_area(card: GarmentCard | None) -> Area | None:
    """The garment's area, where its photo shows others too."""
    return area_of(card.box) if card is not None and card.garments_on_photo > 1 else None


@router.get("/lists/{check}/list.csv")
def export_list(services: UsedServices, key: Admin, check: Check) -> Response:
    """Download a list."""
    return csv_download(services, f"{check}.csv", partial(_rows, check))


@router.post("/check", dependencies=[Ours])
def start_check(services: UsedServices, key: Admin) -> Response:
    """Queue a check of the catalogue."""
    services.open_jobs.upkeep(REVIEW, made_by=key.name)
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
                garments = {each.garment_id for each in findings if each.garment_id is not None}
                set_class(session, garments, _CLASSES[action], collection.weights_folder)
                mark(session, [each.id for each in findings], fine=True)
    collection.refresh()
    return len(findings)


def _rows(check: Check, session: Session) -> Iterator[Iterable[str]]:
    yield COLUMNS
    yield from map(_cells, all_entries(session, check))


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
