"""Products whose title and photos disagree: "jeans" that look like a dress.

The title (else the category) names classes, as for `catalog.importing.sold`; a product disagrees
if none of its garments has one of them, and the largest is surely of another. Kinds within a class
are not compared: a T-shirt that looks like a polo shirt is mostly one (`indexing/EXPERIMENTS.md`).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.importing.sold import sold_classes
from catalog.models import GarmentRow, PhotoRow, Product
from indexing.review.records import Finding
from segmentation.classes import GarmentClass

SURE: Final = 0.5
"""Score from which a top contradicts a title that names a bottom, and the other way round."""
SURE_OF_LENGTH: Final = 0.95
"""Likewise for one-pieces, which long tops and skirts are taken for."""
_CLASS_WORDS: Final = {
    GarmentClass.UPPER: "a top",
    GarmentClass.WHOLE: "a one-piece",
    GarmentClass.LOWER: "a bottom",
}


@dataclass(frozen=True)
class _Shown:
    """A garment of a product."""

    garment_id: int
    photo_id: int
    garment_class: GarmentClass
    score: float
    area: float
    kind: str | None
    worn_with: bool


def title_findings(session: Session) -> Iterator[Finding]:
    """A finding for each product that disagrees with its photos."""
    query = (
        select(
            Product.id.label("product_id"), Product.title, Product.category,
            GarmentRow.id.label("garment_id"), GarmentRow.photo_id, GarmentRow.garment_class,
            GarmentRow.score, GarmentRow.area, GarmentRow.kind, GarmentRow.worn_with,
        )
        .join(PhotoRow, PhotoRow.product_id == Product.id)
        .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
        .order_by(Product.id)
        .execution_options(yield_per=2000)
    )  # fmt: skip
    for product_id, rows in groupby(session.execute(query), key=attrgetter("product_id")):
        of_product = list(rows)
        title, category = of_product[0].title, of_product[0].category
        disagreement = _disagreement(title, category or "", [_shown(row) for row in of_product])
        if disagreement is not None:
            garment, reason, score = disagreement
            yield Finding(
                check="title",
                key=f"title:{product_id}",
                product_id=product_id,
                photo_id=garment.photo_id,
                garment_id=garment.garment_id,
                reason=reason,
                score=score,
            )


def _shown(row: Any) -> _Shown:
    return _Shown(
        garment_id=row.garment_id,
        photo_id=row.photo_id,
        garment_class=GarmentClass(row.garment_class),
        score=row.score,
        area=row.area,
        kind=row.kind,
        worn_with=row.worn_with,
    )


def _disagreement(
    title: str, category: str, garments: Sequence[_Shown]
) -> tuple[_Shown, str, float] | None:
    """The garment that disagrees, why and how surely; None where nothing does."""
    sold = [each for each in garments if not each.worn_with] or garments
    main = max(sold, key=lambda each: each.area)
    named = sold_classes((title, category))
    if not named or named & {each.garment_class for each in garments}:
        return None
    is_long = GarmentClass.WHOLE in {main.garment_class, *named}
    if main.score < (SURE_OF_LENGTH if is_long else SURE):
        return None
    said = " or ".join(_CLASS_WORDS[each] for each in sorted(named))
    shown = _CLASS_WORDS[main.garment_class]
    if main.kind:
        shown += f" ({main.kind.lower()})"
    return main, f"Named as {said}, looks like {shown}", main.score
