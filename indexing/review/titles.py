"""Products whose title and photos disagree: "jeans" that look like a dress.

The title (else the category) names classes, as for `catalog.importing.sold`; a product disagrees
if none of its garments has one of them, and the largest is surely of another. Kinds within a class
are not compared: a T-shirt that looks like a polo shirt is mostly one (`indexing/EXPERIMENTS.md`).
"""

from collections.abc import Iterator, Sequence
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
        disagreement = _disagreement(list(rows))
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


def _disagreement(garments: Sequence[Any]) -> tuple[Any, str, float] | None:
    """The garment of a product that disagrees, why and how surely; None where nothing does."""
    sold = [each for each in garments if not each.worn_with] or garments
    main = max(sold, key=lambda each: float(each.area))
    named = sold_classes((main.title, main.category or ""))
    shown = GarmentClass(main.garment_class)
    if not named or named & {GarmentClass(each.garment_class) for each in garments}:
        return None
    is_long = GarmentClass.WHOLE in {shown, *named}
    if main.score < (SURE_OF_LENGTH if is_long else SURE):
        return None
    said = " or ".join(_CLASS_WORDS[each] for each in sorted(named))
    looks = _CLASS_WORDS[shown]
    if main.kind:
        looks += f" ({main.kind.lower()})"
    return main, f"Named as {said}, looks like {looks}", main.score
