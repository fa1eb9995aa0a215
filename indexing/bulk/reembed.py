"""Re-embed a catalogue with another encoder, then switch to its vectors atomically.

    stored photos -> embedder -> new vectors of the existing garments, one transaction per batch
    all embedded -> the new model becomes active, attributes are predicted again

Searches use the old model until the switch, so a run may be stopped at any moment; another run
resumes it. The old vectors stay, so switching back is quick.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, delete, exists, func, select, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.models import GarmentRow, ModelRow, PhotoRow, Product, VectorRow
from catalog.photos import PhotoStore
from indexing.bulk.reader import readable_copy
from indexing.bulk.writer import write_attributes
from indexing.embedding.attributes import AttributeHeads, heads_for
from indexing.embedding.explain import best_overlapping
from indexing.errors import IndexingError, ModelMismatch
from indexing.evaluation.metrics import (
    Figures,
    Interval,
    mean_with_interval,
    paired_difference,
    precision_at,
    rank,
)
from indexing.index.vector_rows import (
    active_model,
    add_vectors,
    model_row,
    vector_from_bytes,
)
from indexing.types import EmbeddedGarment, EmbeddedPhoto, Embedder, Vectors
from segmentation.classes import GarmentClass
from segmentation.mask import Box
from segmentation.photos import Photo
from segmentation.progress import Progress

BATCH: Final = 8
MIN_OVERLAP: Final = 0.5
"""Intersection over union from which a detected garment is the stored one."""
MAX_COMPARED: Final = 3_000
"""Maximum number of labelled garments for the figures before and after."""
MIN_COMPARED: Final = 20
_ROWS: Final = 2_000


@dataclass(frozen=True)
class KindFigures:
    """Precision@5 of product categories by style, for the old and the new vectors.

    Each is [value, low, high]; `p_value` is that of a paired sign-flip test.
    """

    garments: int
    before: Interval
    after: Interval
    difference: Interval
    p_value: float


@dataclass(frozen=True)
class ReembedSummary:
    """Summary of a run.

    Attributes:
        figures: None where too few products have a category.
        damaged: photos whose stored copy could not be read, as PRODUCT: PHOTO; they are marked as
            skipped until they are indexed again.
    """

    before: str
    after: str
    photos: int
    garments: int
    figures: KindFigures | None
    damaged: tuple[str, ...] = ()


def reembed(
    database: Database, store: PhotoStore, embedder: Embedder, progress: Progress
) -> ReembedSummary:
    """Embed every garment with the embedder's encoder, then make it the active model.

    Raises:
        ModelMismatch: the embedder's segmenter is not the one that detected the garments.
        IndexingError: nothing was indexed yet.
    """
    old_id, old_encoder, new_id = _prepare(database, embedder)
    photos = garments = 0
    damaged: set[int] = set()
    while True:
        with database.session() as session:
            waiting = [each for each in _photos_without(session, new_id) if each not in damaged]
        if not waiting:
            figures = _compare(database, old_id, new_id)
            named = _switch(database, new_id, damaged)
            if named is not None:
                break
            continue
        for start in range(0, len(waiting), BATCH):
            ids = waiting[start : start + BATCH]
            readable, unreadable = _read_copies(database, store, ids)
            damaged |= unreadable
            garments += _embed_batch(database, readable, embedder, new_id)
            photos += len(readable)
            progress(min(start + BATCH, len(waiting)), len(waiting))
    return ReembedSummary(
        before=old_encoder,
        after=embedder.fingerprint.encoder,
        photos=photos,
        garments=garments,
        figures=figures,
        damaged=named,
    )


def _prepare(database: Database, embedder: Embedder) -> tuple[int, str, int]:
    """Id and encoder of the active model, and the id of the new model, whose row is created."""
    fingerprint = embedder.fingerprint
    with database.transaction() as session:
        active = active_model(session)
        if active is None:
            raise IndexingError("nothing is indexed yet; start with `apparel index SOURCE`")
        if active.segmenter != fingerprint.segmenter:
            raise ModelMismatch(
                f"the garments were detected by {active.segmenter}, the loaded segmenter is "
                f"{fingerprint.segmenter}; run `apparel upgrade`"
            )
        model = model_row(session, fingerprint)
        session.flush()
        return active.id, active.encoder, model.id


def _lacks(model_id: int) -> ColumnElement[bool]:
    """SQL condition: a garment has no vector of this model."""
    return ~exists().where(VectorRow.garment_id == GarmentRow.id, VectorRow.model_id == model_id)


def _photos_without(session: Session, model_id: int) -> list[int]:
    """Ids of the photos with a garment that has no vector of this model."""
    query = (
        select(GarmentRow.photo_id).where(_lacks(model_id)).distinct().order_by(GarmentRow.photo_id)
    )
    return list(session.scalars(query))


def _switch(database: Database, model_id: int, damaged: set[int]) -> tuple[str, ...] | None:
    """Activate the model and mark damaged photos as skipped; return their names.

    None where garments were added meanwhile.
    """
    with database.transaction() as session:
        waiting = select(GarmentRow.photo_id).where(_lacks(model_id)).distinct()
        if set(session.scalars(waiting)) - damaged:
            return None
        named = skip_damaged(session, damaged)
        session.execute(update(ModelRow).values(active=ModelRow.id == model_id))
    return named


def skip_damaged(session: Session, ids: Collection[int]) -> tuple[str, ...]:
    """Mark photos with a damaged copy as skipped, remove their garments, return their names."""
    photos = session.scalars(select(PhotoRow).where(PhotoRow.id.in_(ids))).all()
    session.execute(delete(GarmentRow).where(GarmentRow.photo_id.in_(ids)))
    for photo in photos:
        # Without a hash the photo is read again when its product is indexed.
        photo.status, photo.sha256, photo.stored = "skipped", None, None
        photo.skip_stage, photo.skip_code = "read", "damaged_copy"
        photo.skip_reason = "its stored copy is damaged; index its product again"
    return tuple(f"{photo.product_id}: {photo.source}" for photo in photos)


def _read_copies(
    database: Database, store: PhotoStore, ids: Sequence[int]
) -> tuple[list[tuple[PhotoRow, Photo]], set[int]]:
    """Photos with their decoded copies, and the ids of those whose copy cannot be read."""
    with database.session() as session:
        rows = session.scalars(select(PhotoRow).where(PhotoRow.id.in_(ids))).all()
    copies = [(row, readable_copy(store, row.stored)) for row in rows]
    readable = [(row, copy) for row, copy in copies if copy is not None]
    return readable, {row.id for row, copy in copies if copy is None}


def _embed_batch(
    database: Database,
    photos: Sequence[tuple[PhotoRow, Photo]],
    embedder: Embedder,
    model_id: int,
) -> int:
    """Write vectors for the garments of these photos in one transaction; return their number."""
    ids = [photo.id for photo, _ in photos]
    with database.session() as session:
        rows = session.scalars(
            select(GarmentRow).where(GarmentRow.photo_id.in_(ids), _lacks(model_id))
        ).all()
    again: dict[int, EmbeddedGarment] = {}
    found = embedder.embed([shown for _, shown in photos])
    for (photo, shown), embedded in zip(photos, found, strict=True):
        for row in rows:
            if row.photo_id == photo.id:
                again[row.id] = _embedded_again(row, shown, embedded, embedder)
    with database.transaction() as session:
        # Garments may have been removed meanwhile.
        there = session.scalars(select(GarmentRow.id).where(GarmentRow.id.in_(again))).all()
        add_vectors(session, model_id, {each: again[each].vector for each in there})
    return len(there)


def _embedded_again(
    row: GarmentRow, shown: Photo, photo: EmbeddedPhoto, embedder: Embedder
) -> EmbeddedGarment:
    garment_class = GarmentClass(row.garment_class)
    box = _box_in_pixels(row, photo)
    found = best_overlapping(photo.garments, box, garment_class, MIN_OVERLAP)
    return found or embedder.embed_region(shown, box, garment_class)


def _box_in_pixels(row: GarmentRow, photo: EmbeddedPhoto) -> Box:
    return (
        round(row.x0 * photo.width),
        round(row.y0 * photo.height),
        max(round(row.x1 * photo.width), round(row.x0 * photo.width) + 1),
        max(round(row.y1 * photo.height), round(row.y0 * photo.height) + 1),
    )


# -- figures before and after


def _compare(database: Database, old_id: int, new_id: int) -> KindFigures | None:
    """Compare both models on products with a category; None where these are too few."""
    with database.session() as session:
        first = _precisions(session, old_id)
        second = _precisions(session, new_id)
    if first is None or second is None:
        return None
    difference, p_value = paired_difference(second, first)
    return KindFigures(
        garments=len(first),
        before=mean_with_interval(first),
        after=mean_with_interval(second),
        difference=difference,
        p_value=p_value,
    )


def _precisions(session: Session, model_id: int) -> Figures | None:
    """Precision@5 of each labelled garment among those of its class and of other products."""
    query = (
        select(Product.id, Product.category, GarmentRow.garment_class, VectorRow.values)
        .join(PhotoRow, PhotoRow.product_id == Product.id)
        .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
        .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
        .where(Product.category.is_not(None), VectorRow.model_id == model_id)
        .order_by(GarmentRow.id)
        .limit(MAX_COMPARED)
    )
    rows = session.execute(query).all()
    labels = np.unique([row[1] for row in rows], return_inverse=True)[1]
    if len(rows) < MIN_COMPARED or labels.max() < 1:
        return None
    model = session.get_one(ModelRow, model_id)
    vectors: Vectors = np.stack([vector_from_bytes(row[3]) for row in rows])
    styles = vectors[:, : model.style_dimension]
    products, classes = (np.array([row[column] for row in rows]) for column in (0, 2))
    excluded = (products[:, None] == products) | (classes[:, None] != classes)
    return precision_at(rank(styles @ styles.T, labels, labels, excluded, 5), 5)


# -- attributes


def renew_attributes(
    database: Database, encoder: str, folder: Path | None, progress: Progress | None = None
) -> int:
    """Run `predict_attributes` with the heads for this encoder in a folder; 0 without any."""
    heads = heads_for(encoder, folder)
    return 0 if heads is None else predict_attributes(database, heads, progress)


def predict_attributes(
    database: Database, heads: AttributeHeads, progress: Progress | None = None
) -> int:
    """Predict the attributes of every garment from its stored vector; return their number."""
    with database.session() as session:
        active = active_model(session)
        last = session.scalar(select(func.max(GarmentRow.id))) or 0
    if active is None:
        return 0
    count = 0
    for start in range(0, last, _ROWS):
        with database.transaction() as session:
            some = (GarmentRow.id > start) & (GarmentRow.id <= start + _ROWS)
            count += predict_garments(session, heads, active.id, some)
        if progress is not None:
            progress(min(start + _ROWS, last), last)
    return count


def predict_garments(
    session: Session, heads: AttributeHeads, model_id: int, which: ColumnElement[bool]
) -> int:
    """Predict the attributes of some garments from their stored vectors; return their number."""
    rows = session.execute(
        select(GarmentRow, VectorRow.values, PhotoRow.height, PhotoRow.width)
        .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
        .join(PhotoRow, GarmentRow.photo_id == PhotoRow.id)
        .where(VectorRow.model_id == model_id, which)
    ).all()
    if rows:
        predicted = heads.predict(
            np.stack([vector_from_bytes(row[1]) for row in rows]),
            [GarmentClass(row[0].garment_class) for row in rows],
            [_height_share(row[0], row[2] or 1, row[3] or 1) for row in rows],
        )
        for row, attributes in zip(rows, predicted, strict=True):
            write_attributes(row[0], attributes)
    return len(rows)


def _height_share(garment: GarmentRow, height: int, width: int) -> float:
    tall = (garment.y1 - garment.y0) * height
    wide = (garment.x1 - garment.x0) * width
    return tall / (tall + wide) if tall + wide else 0.5
