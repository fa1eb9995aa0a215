"""Garments in, those of other classes that are worn with them on the same photos out."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from catalog.models import Garment, Photo
from segmentation.classes import GarmentClass


def garments_beside(
    session: Session, garment_ids: Sequence[int], least_score: float = 0.0
) -> list[tuple[int, GarmentClass]]:
    """Id and class of each garment of another class on the same photo, in one query.

    Args:
        garment_ids: the best first; what lies beside the best comes first.
        least_score: less sure garments are left out.
    """
    beside = aliased(Garment)
    query = (
        select(Garment.id, beside.id, beside.garment_class)
        .join(beside, beside.photo_id == Garment.photo_id)
        .where(
            Garment.id.in_(garment_ids),
            beside.garment_class != Garment.garment_class,
            beside.score >= least_score,
        )
    )
    places = {garment_id: place for place, garment_id in enumerate(garment_ids)}
    rows = sorted(session.execute(query), key=lambda row: (places[row[0]], row[1]))
    return [(row[1], GarmentClass(row[2])) for row in rows]


def main_classes(session: Session, product_ids: Sequence[str]) -> dict[str, GarmentClass]:
    """The class each product sells: seen on most of its photos, and largest there."""
    photos, area = func.count(func.distinct(Photo.id)), func.sum(Garment.area)
    query = (
        select(Photo.product_id, Garment.garment_class)
        .join(Garment, Garment.photo_id == Photo.id)
        .where(Photo.product_id.in_(product_ids))
        .group_by(Photo.product_id, Garment.garment_class)
        .order_by(photos, area)
    )
    # The last of a product is its best.
    return {row[0]: GarmentClass(row[1]) for row in session.execute(query)}
