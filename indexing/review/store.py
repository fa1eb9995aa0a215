"""The work lists in the database: replaced by each check, paged, marked as fine."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from heapq import nlargest
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.orm import Session

from catalog.models import FindingRow, PhotoRow, Product
from catalog.queries import product_cards
from indexing.review.records import CHECKS, Check, Finding, ListEntry, WorkList

MAX_FINDINGS: Final = 20_000
"""Findings of a check that are kept, by descending score."""
_ROWS: Final = 1_000


def replace_findings(session: Session, check: Check, findings: Iterable[Finding]) -> int:
    """Replace the findings of a check; return how many are open.

    What was marked as fine stays so, also if it is no longer found.
    """
    found = {each.key: each for each in nlargest(MAX_FINDINGS, findings, key=attrgetter("score"))}
    query = select(FindingRow.key).where(FindingRow.check == check, FindingRow.is_fine)
    fine = set(session.scalars(query))
    session.execute(delete(FindingRow).where(FindingRow.check == check, ~FindingRow.is_fine))
    new = [
        asdict(each) | {"reason": each.reason[:500]}
        for each in found.values()
        if each.key not in fine
    ]
    for start in range(0, len(new), _ROWS):
        session.execute(insert(FindingRow), new[start : start + _ROWS])
    return len(new)


def finding_counts(session: Session) -> dict[Check, int]:
    """Number of findings to look at, by check."""
    query = select(FindingRow.check, func.count()).where(~FindingRow.is_fine)
    counts: Mapping[str, int] = {
        row[0]: row[1] for row in session.execute(query.group_by(FindingRow.check))
    }
    return {check: counts.get(check, 0) for check in CHECKS}


def work_list(
    session: Session, check: Check, page: int, page_size: int, fine: bool = False
) -> WorkList:
    """One page of a check's findings, by descending score.

    Args:
        page: from 1; beyond the last, the last.
        fine: list what was marked as fine instead.
    """
    of_list = (FindingRow.check == check, FindingRow.is_fine == fine)
    total = session.scalar(select(func.count()).select_from(FindingRow).where(*of_list)) or 0
    pages = max(1, -(-total // page_size))
    page = min(page, pages)
    query = (
        _ENTRIES.where(*of_list)
        .order_by(FindingRow.score.desc(), FindingRow.id)
        .limit(page_size)
        .offset((page - 1) * page_size)
    )
    return WorkList(tuple(_entries(session, session.execute(query).all())), page, pages, total)


_ENTRIES: Final = (
    select(FindingRow, Product.title, PhotoRow.source, PhotoRow.stored, PhotoRow.skip_code)
    .join(Product, FindingRow.product_id == Product.id)
    .join(PhotoRow, FindingRow.photo_id == PhotoRow.id)
)


def all_entries(session: Session, check: Check) -> Iterator[ListEntry]:
    """Every open finding of a check, in descending order of score."""
    query = _ENTRIES.where(FindingRow.check == check, ~FindingRow.is_fine)
    rows = session.execute(query.order_by(FindingRow.score.desc(), FindingRow.id)).all()
    for start in range(0, len(rows), _ROWS):
        yield from _entries(session, rows[start : start + _ROWS])


def _entries(session: Session, rows: Sequence[Any]) -> Iterator[ListEntry]:
    ids = [
        each
        for finding, *_ in rows
        for each in (finding.garment_id, finding.other_garment_id)
        if each is not None
    ]
    cards = product_cards(session, ids)
    photos = _photos(session, {finding.product_id for finding, *_ in rows})
    for finding, title, source, stored, skip_code in rows:
        yield ListEntry(
            id=finding.id,
            product_id=finding.product_id,
            title=title,
            photo_id=finding.photo_id,
            photo=source,
            has_copy=stored is not None,
            reason=finding.reason,
            skip_code=skip_code,
            score=finding.score,
            garment=cards.get(finding.garment_id or 0),
            other=cards.get(finding.other_garment_id or 0),
            more_photos=tuple(
                each for each in photos.get(finding.product_id, ()) if each != finding.photo_id
            ),
        )


def _photos(session: Session, product_ids: Collection[str]) -> dict[str, list[int]]:
    """Ids of the photos of each product that have a copy, in order."""
    query = (
        select(PhotoRow.product_id, PhotoRow.id)
        .where(PhotoRow.product_id.in_(product_ids), PhotoRow.stored.is_not(None))
        .order_by(PhotoRow.position, PhotoRow.id)
    )
    photos: dict[str, list[int]] = {}
    for product_id, photo_id in session.execute(query):
        photos.setdefault(product_id, []).append(photo_id)
    return photos


def findings_by_id(session: Session, ids: Collection[int]) -> list[FindingRow]:
    """The findings of these ids that still exist."""
    return list(session.scalars(select(FindingRow).where(FindingRow.id.in_(ids))))


def mark(session: Session, ids: Collection[int], fine: bool) -> None:
    """Mark findings as fine, or open them again."""
    session.execute(update(FindingRow).where(FindingRow.id.in_(ids)).values(is_fine=fine))
