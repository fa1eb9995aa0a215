"""Queries for outfits: garments of other classes on the same photos."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, aliased

from catalog.models import GarmentRow, PhotoRow
from segmentation.classes import GarmentClass


def garments_worn_alongside(
    session: Session, garment_ids: Sequence[int], least_score: float = 0.0
) -> list[tuple[int, GarmentClass]]:
    """Id and class of each garment of another class on the same photo, in one query.

    Args:
        garment_ids: in order of rank, which the result follows.
        least_score: minimum segmentation score of the returned garments.
    """
    beside = aliased(GarmentRow)
    query = (
        select(GarmentRow.id, beside.id, beside.garment_class)
        .join(beside, beside.photo_id == GarmentRow.photo_id)
        .where(
            GarmentRow.id.in_(garment_ids),
            beside.garment_class != GarmentRow.garment_class,
            beside.score >= least_score,
        )
    )
    ranks = {garment_id: rank for rank, garment_id in enumerate(garment_ids)}
    rows = sorted(session.execute(query), key=lambda row: (ranks[row[0]], row[1]))
    return [(row[1], GarmentClass(row[2])) for row in rows]


def main_classes(session: Session, product_ids: Sequence[str]) -> dict[str, GarmentClass]:
    """Main class of each product: the one on most of its photos, then with the largest area."""
    photos, area = func.count(func.distinct(PhotoRow.id)), func.sum(GarmentRow.area)
    query = (
        select(PhotoRow.product_id, GarmentRow.garment_class)
        .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
        .where(PhotoRow.product_id.in_(product_ids))
        .group_by(PhotoRow.product_id, GarmentRow.garment_class)
        .order_by(photos, area)
    )
    # Ascending order: the dictionary keeps the last row of a product, which is its best.
    return {row[0]: GarmentClass(row[1]) for row in session.execute(query)}
