"""Photos on which no garment was found, or that could not be read at all."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import exists, select
from sqlalchemy.orm import Session, aliased

from catalog.models import PhotoRow
from indexing.review.records import Finding

HIDDEN: Final = "hidden"
"""Skip code of photos that the merchant has taken out of the search."""
_NEVER_FOUND: Final = "; the product cannot be found by photo"


def no_garment_findings(session: Session) -> Iterator[Finding]:
    """A finding for each skipped photo; score 1 where the product has no other photo."""
    other = aliased(PhotoRow)
    has_other = exists().where(other.product_id == PhotoRow.product_id, other.status == "indexed")
    query = select(PhotoRow, has_other).where(PhotoRow.status == "skipped")
    for photo, is_found in session.execute(query.execution_options(yield_per=1000)):
        if photo.skip_code == HIDDEN:
            continue
        yield Finding(
            check="no-garment",
            key=f"no-garment:{photo.id}",
            product_id=photo.product_id,
            photo_id=photo.id,
            reason=_sentence(photo, "" if is_found else _NEVER_FOUND),
            score=0.5 if is_found else 1.0,
        )


def _sentence(photo: PhotoRow, end: str) -> str:
    reason = photo.skip_reason or photo.skip_code or ""
    return f"{reason[:1].upper()}{reason[1:]}{end}"
