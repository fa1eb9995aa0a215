"""Products whose title and photos disagree: "jeans" that look like a dress.

The title (else the category) names classes, as for `catalog.importing.sold`; a product disagrees
if none of its garments has one of them. Within a class, its kind disagrees if the predicted one is
certain and none that the title's words allow.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.filtering.vocabulary import Concept
from catalog.filtering.word_phrases import read_phrases
from catalog.importing.sold import sold_classes
from catalog.models import GarmentRow, PhotoRow, Product
from indexing.review.records import Finding
from segmentation.classes import GarmentClass

SURE_KIND: Final = 0.97
"""Certainty from which a predicted kind contradicts a title."""
_CLASS_WORDS: Final = {
    GarmentClass.UPPER: "a top",
    GarmentClass.WHOLE: "a one-piece",
    GarmentClass.LOWER: "a bottom",
}
_TITLE_LENGTH: Final = 200


@dataclass(frozen=True)
class _Shown:
    """A garment of a product."""

    garment_id: int
    photo_id: int
    garment_class: GarmentClass
    score: float
    area: float
    kind: str | None
    certainty: float
    worn_with: bool


def title_findings(session: Session) -> Iterator[Finding]:
    """A finding for each product that disagrees with its photos."""
    query = (
        select(
            Product.id.label("product_id"), Product.title, Product.category,
            GarmentRow.id.label("garment_id"), GarmentRow.photo_id, GarmentRow.garment_class,
            GarmentRow.score, GarmentRow.area, GarmentRow.kind, GarmentRow.certainties,
            GarmentRow.worn_with,
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
        certainty=row.certainties.get("kind", 0.0),
        worn_with=row.worn_with,
    )


def _disagreement(
    title: str, category: str, garments: Sequence[_Shown]
) -> tuple[_Shown, str, float] | None:
    """The garment that disagrees, why and how surely; None where nothing does."""
    sold = [each for each in garments if not each.worn_with] or garments
    main = max(sold, key=lambda each: each.area)
    named = sold_classes((title, category))
    if named and not named & {each.garment_class for each in garments}:
        said = " or ".join(_CLASS_WORDS[each] for each in sorted(named))
        shown = _CLASS_WORDS[main.garment_class]
        if main.kind:
            shown += f" ({main.kind.lower()})"
        # Classes before kinds: half of the scale each.
        return main, f"Named as {said}, looks like {shown}", 0.5 + main.score / 2
    allowed = _allowed_kinds(title, main.garment_class)
    is_sure = main.kind is not None and main.certainty >= SURE_KIND
    if allowed and is_sure and main.kind not in allowed:
        kinds = " or ".join(sorted(each.lower() for each in allowed))
        return main, f"Named as {kinds}, looks like {str(main.kind).lower()}", main.certainty / 2
    return None


def _allowed_kinds(title: str, garment_class: GarmentClass) -> frozenset[str]:
    """Predicted kinds that the title's words allow; empty where it names none of the class."""
    concepts: list[Concept] = [
        term.concept
        for phrase in read_phrases(title[:_TITLE_LENGTH])
        for term in phrase.terms
        if term.concept.field == "kind"
    ]
    of_class = [each for each in concepts if each.garment_class == garment_class]
    if not of_class or any(each.whole_class or not each.is_exact for each in concepts):
        return frozenset()
    return frozenset(kind for each in concepts for kind in each.predicted)
