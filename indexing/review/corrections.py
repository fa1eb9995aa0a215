"""Corrections by the merchant: hide a photo, set a garment's class.

Both last until the photo's file changes or another segmenter detects its garments again.
"""

from collections.abc import Collection
from pathlib import Path

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from catalog.importing.sold import mark_worn_with
from catalog.models import FindingRow, GarmentRow, PhotoRow, VectorRow
from indexing.bulk.reembed import predict_garments
from indexing.bulk.writer import write_attributes
from indexing.embedding.attributes import heads_for
from indexing.index.vector_rows import active_model
from indexing.review.no_garment import HIDDEN
from indexing.types import UNKNOWN_ATTRIBUTES
from segmentation.classes import GarmentClass


def hide_photos(session: Session, photo_ids: Collection[int]) -> None:
    """Take photos out of the search; their products stay.

    An import leaves them hidden until their files change.
    """
    session.execute(delete(GarmentRow).where(GarmentRow.photo_id.in_(photo_ids)))
    session.execute(
        update(PhotoRow)
        .where(PhotoRow.id.in_(photo_ids))
        .values(
            status="skipped",
            skip_stage="review",
            skip_code=HIDDEN,
            skip_reason="taken out of the search in /admin",
        )
    )
    session.execute(delete(FindingRow).where(FindingRow.photo_id.in_(photo_ids)))


def set_class(
    session: Session,
    garment_ids: Collection[int],
    garment_class: GarmentClass,
    weights_folder: Path | None,
) -> None:
    """Set the class of garments, and predict their attributes again for it.

    Their vectors stay: an embedding does not depend on the class.

    Args:
        weights_folder: where the attribute heads lie, as `Embedder.weights_folder`.
    """
    which = GarmentRow.id.in_(garment_ids)
    garments = session.scalars(select(GarmentRow).where(which)).all()
    for garment in garments:
        garment.garment_class = int(garment_class)
        garment.score = 1.0
        write_attributes(garment, UNKNOWN_ATTRIBUTES)
    model = active_model(session)
    heads = heads_for(model.encoder, weights_folder) if model else None
    if model is not None and heads is not None:
        predict_garments(session, heads, model.id, which)
    # Logs a change of the vector, from which every process moves it to its new index.
    session.execute(
        update(VectorRow)
        .where(VectorRow.garment_id.in_(garment_ids))
        .values(values=VectorRow.values)
        .execution_options(synchronize_session=False)
    )
    session.flush()
    photo_ids = {garment.photo_id for garment in garments}
    query = select(PhotoRow.product_id).where(PhotoRow.id.in_(photo_ids))
    mark_worn_with(session, set(session.scalars(query)))
