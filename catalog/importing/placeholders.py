"""Detection of placeholder pictures: one photo shared by many different products."""

import re
from typing import Final

from sqlalchemy import case, delete, func, select, update
from sqlalchemy.orm import Session

from catalog.models import GarmentRow, PhotoRow, Product

SHARED_BY: Final = 5
"""Number of articles with identical photo bytes from which the photo is a placeholder."""
CODE: Final = "placeholder"
_SIZE: Final = re.compile(r"\b(x{0,4}[sml]|\d?xl|size|gr(ö|oe)sse|größe|taille|talla|maat)\b")


def skip_placeholders(session: Session) -> tuple[str, ...]:
    """Remove the garments of placeholder photos; return a sentence for each photo.

    Sizes and colours of one article may share a photo: its variants count once, and other titles
    are compared without size words.
    """
    query = (
        select(PhotoRow.sha256)
        .where(PhotoRow.sha256.is_not(None), PhotoRow.status != "pending")
        .group_by(PhotoRow.sha256)
        .having(
            func.count(func.distinct(PhotoRow.product_id)) >= SHARED_BY,
            func.count() > func.count(case((PhotoRow.skip_code == CODE, 1))),
        )
    )
    shared = [sha256 for sha256 in session.scalars(query) if sha256]
    return tuple(note for sha256 in shared if (note := _skip(session, sha256)))


def _skip(session: Session, sha256: str) -> str:
    query = (
        select(PhotoRow.id, PhotoRow.source, Product.article, Product.title)
        .join(Product, PhotoRow.product_id == Product.id)
        .where(PhotoRow.sha256 == sha256)
    )
    rows = session.execute(query).all()
    articles = {article or _without_sizes(title) for *_, article, title in rows}
    if len(articles) < SHARED_BY:
        return ""
    ids = [row[0] for row in rows]
    reason = f"{len(articles)} products share this photo: a placeholder; add the product's own"
    session.execute(delete(GarmentRow).where(GarmentRow.photo_id.in_(ids)))
    session.execute(
        update(PhotoRow)
        .where(PhotoRow.id.in_(ids))
        .values(status="skipped", skip_stage="segment", skip_code=CODE, skip_reason=reason)
    )
    return f"{rows[0][1]}: {reason}"


def _without_sizes(title: str) -> str:
    return " ".join(_SIZE.sub("", title.lower()).split())
