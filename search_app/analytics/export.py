"""Exports of the recorded searches: all of them as CSV, and clicks as judged pairs.

A click on a product like another one says that it is more similar than those shown before it
that were passed over. Such a judgement names catalogue photos, so it can be exported; a search by
a visitor's photo cannot, because the photo is not kept.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.models import PhotoRow, SearchEventRow, SearchRow

SEARCH_COLUMNS: Final = (
    "day", "query_type", "place", "garment_class", "kind", "pattern", "colour", "words",
    "unknown_words", "filters", "product_id", "results", "nothing_close", "colour_missing",
    "shown", "clicks", "carts", "purchases",
)  # fmt: skip
JUDGED_COLUMNS: Final = ("query", "candidate_a", "candidate_b", "better")
"""Columns that `indexing.evaluation.judged_pairs` reads."""
_EVENT_COLUMNS: Final = {"clicks": "click", "carts": "cart", "purchases": "purchase"}
_BATCH: Final = 1_000


def search_rows(session: Session) -> Iterator[Iterable[object]]:
    """Every search as a row, the latest day first; lists are joined by a space."""
    yield SEARCH_COLUMNS
    query = select(SearchRow).order_by(SearchRow.day.desc(), SearchRow.id)
    for rows in _batches(session.scalars(query.execution_options(yield_per=_BATCH))):
        events = _events_of(session, [row.id for row in rows])
        for row in rows:
            yield _cells(row, events.get(row.id, ()))


def judged_pairs(session: Session) -> Iterator[Iterable[object]]:
    """Clicks on products like another one, as `apparel evaluate judged --pairs` reads them.

    Photos are named as in DATA/photos, which is the folder for --photos. The clicked product is
    the better one of each pair, the other is a product before it that was not clicked.
    """
    yield JUDGED_COLUMNS
    query = (
        select(SearchRow)
        .where(SearchRow.product_id.is_not(None), SearchRow.query_type == "product")
        .where(SearchRow.id.in_(select(SearchEventRow.search_id)))
        .order_by(SearchRow.day, SearchRow.id)
    )
    pairs = dict[tuple[str, str, str], None]()
    for rows in _batches(session.scalars(query.execution_options(yield_per=_BATCH))):
        events = _events_of(session, [row.id for row in rows])
        for row in rows:
            chosen = {product_id for _, product_id in events.get(row.id, ())}
            pairs |= dict.fromkeys(_judgements(row.product_id or "", row.shown, chosen))
    photos = _photos_of(session, {each for pair in pairs for each in pair})
    for query_id, better, worse in pairs:
        names = [photos.get(each) for each in (query_id, better, worse)]
        if all(names) and len(set(names)) == 3:
            yield *names, "a"


def _judgements(
    product_id: str, shown: Sequence[str], chosen: set[str]
) -> Iterator[tuple[str, str, str]]:
    """Query, better and worse product: each chosen one against those before it passed over."""
    passed: list[str] = []
    for each in shown:
        if each not in chosen:
            passed.append(each)
            continue
        for worse in passed:
            yield product_id, each, worse


def _cells(row: SearchRow, events: Sequence[tuple[str, str]]) -> Iterator[object]:
    for name in SEARCH_COLUMNS:
        if (event := _EVENT_COLUMNS.get(name)) is not None:
            yield " ".join(product_id for kind, product_id in events if kind == event)
            continue
        value = getattr(row, name)
        separator = "; " if name == "filters" else " "
        yield separator.join(value) if isinstance(value, list) else value


def _batches(rows: Iterable[SearchRow]) -> Iterator[list[SearchRow]]:
    left = iter(rows)
    while batch := list(islice(left, _BATCH)):
        yield batch


def _events_of(session: Session, ids: Sequence[str]) -> dict[str, list[tuple[str, str]]]:
    """Event and product of each search that has any."""
    query = select(SearchEventRow).where(SearchEventRow.search_id.in_(ids))
    events: dict[str, list[tuple[str, str]]] = {}
    for each in session.scalars(query):
        events.setdefault(each.search_id, []).append((each.event, each.product_id))
    return events


def _photos_of(session: Session, product_ids: Iterable[str]) -> dict[str, str]:
    """Product -> name of the stored copy of its first photo."""
    left, photos = iter(sorted(product_ids)), dict[str, str]()
    while ids := list(islice(left, _BATCH)):
        query = (
            select(PhotoRow.product_id, PhotoRow.stored)
            .where(PhotoRow.product_id.in_(ids), PhotoRow.status == "indexed")
            .order_by(PhotoRow.position.desc())
        )
        photos |= {product_id: name for product_id, name in session.execute(query) if name}
    return photos
