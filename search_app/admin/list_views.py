"""View models of the tab of work lists."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from catalog.records import GarmentCard
from indexing.review.records import CHECKS, Check, ListEntry, WorkList
from search_app.jobs.records import Job
from search_app.language import texts
from search_app.language.formats import number
from search_app.pages.cards import area_of, photo_url, product_href
from search_app.pages.views import Area

MORE_PHOTOS: Final = 3
"""Further photos of a product that an entry shows."""


@dataclass(frozen=True)
class ListTab:
    """A work list with the number of entries to look at."""

    href: str
    name: str
    count: str
    chosen: bool


@dataclass(frozen=True)
class ShownPhoto:
    """A photo of an entry; `area` marks the garment."""

    url: str
    label: str
    area: Area | None = None


@dataclass(frozen=True)
class EntryProduct:
    """A product of an entry with its photos."""

    title: str
    id: str
    href: str
    photos: tuple[ShownPhoto, ...]


@dataclass(frozen=True)
class EntryView:
    """An entry of a list: why it is there, its product and the one that it resembles."""

    id: int
    reason: str
    product: EntryProduct
    other: EntryProduct | None


@dataclass(frozen=True)
class ListsView:
    """A page of a work list; `progress` is that of a running check, "" without one."""

    check: Check
    name: str
    lead: str
    tabs: tuple[ListTab, ...]
    entries: tuple[EntryView, ...]
    total: int
    page: int
    pages: int
    fine: bool
    sets_class: bool
    checked: str
    progress: str


def lists_view(
    check: Check, listed: WorkList, counts: Mapping[Check, int], job: Job | None, fine: bool
) -> ListsView:
    """The view of a page of a list.

    Args:
        job: the last check of the catalogue.
        fine: whether the page shows what was marked as fine.
    """
    is_running = job is not None and not job.ended
    return ListsView(
        check=check,
        name=texts.list_name(check),
        lead=texts.list_lead(check),
        tabs=tuple(
            ListTab(
                f"/admin/lists/{each}", texts.list_name(each), number(counts[each]), each == check
            )
            for each in CHECKS
        ),
        entries=tuple(_entry(each) for each in listed.entries),
        total=listed.total,
        page=listed.page,
        pages=listed.pages,
        fine=fine,
        sets_class=check == "title",
        checked=texts.checked_on(f"{job.created_at:%Y-%m-%d %H:%M} UTC") if job else "",
        progress=texts.checking(job.done, job.total) if job is not None and is_running else "",
    )


def _entry(entry: ListEntry) -> EntryView:
    first = ShownPhoto(
        url=photo_url(entry.photo_id if entry.has_copy else None),
        label=f"{entry.title}: {entry.photo}",
        area=_area(entry.garment),
    )
    more = tuple(
        ShownPhoto(photo_url(each), texts.other_photo(entry.title))
        for each in entry.more_photos[:MORE_PHOTOS]
    )
    product = EntryProduct(
        entry.title, entry.product_id, product_href(entry.product_id), (first, *more)
    )
    return EntryView(
        entry.id, texts.finding_reason(entry.reason, entry.skip_code), product, _other(entry.other)
    )


def _other(card: GarmentCard | None) -> EntryProduct | None:
    if card is None:
        return None
    photo = ShownPhoto(photo_url(card.photo_id), f"{card.title}: {card.photo}", _area(card))
    return EntryProduct(card.title, card.product_id, product_href(card.product_id), (photo,))


def _area(card: GarmentCard | None) -> Area | None:
    """The garment's area, where its photo shows others too."""
    return area_of(card.box) if card is not None and card.garments_on_photo > 1 else None
