"""A catalogue and another encoder in; the same garments with its vectors out, switched to at once.

    stored photo -> embedder -> vectors of the garments that are there -> one transaction a batch
    all there? -> the new model becomes the active one, attributes are predicted anew

Until the switch nothing that searches use is touched: a stop at any moment leaves the old model
serving, and another run goes on where it was. The old vectors stay, so switching back is quick.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from sqlalchemy import ColumnElement, exists, func, select, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.models import Garment, Model, Photo, Product
from catalog.models import Vector as VectorRow
from catalog.photos import PhotoStore
from indexing.attributes import AttributeHeads, heads_for
from indexing.errors import IndexingError, ModelMismatch
from indexing.explain import overlap
from indexing.metrics import Figures, mean_with_interval, paired_difference, precision_at, rank
from indexing.records import EmbeddedGarment, EmbeddedPhoto, Embedder
from indexing.stages import Vectors
from indexing.vectors import (
    active_model,
    model_named,
    vector_from_bytes,
    vector_rows,
)
from indexing.writer import write_attributes
from segmentation.classes import GarmentClass
from segmentation.mask import Box
from segmentation.photos import Photo as Pixels
from segmentation.photos import read_photo

BATCH: Final = 8
LEAST_OVERLAP: Final = 0.5
"""Overlap (intersection over union) from which a garment found again is the one on record."""
MOST_COMPARED: Final = 3_000
"""Labelled garments that the figures before and after look at."""
LEAST_COMPARED: Final = 20
_ROWS: Final = 2_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class KindFigures:
    """Precision@5 of the products' categories by style alone, of both models' vectors.

    Each is [value, low, high]; `p_value` is of a paired sign-flip test of no difference.
    """

    garments: int
    before: list[float]
    after: list[float]
    difference: list[float]
    p_value: float


@dataclass(frozen=True)
class ReembedSummary:
    """What a run did; `figures` is None where too few products have a category."""

    before: str
    after: str
    photos: int
    garments: int
    figures: KindFigures | None


def reembed(
    database: Database, store: PhotoStore, embedder: Embedder, progress: Progress
) -> ReembedSummary:
    """Embed every garment by the embedder's encoder, then make that the active model.

    Raises:
        ModelMismatch: the embedder's segmenter is not the one that found the garments.
        IndexingError: nothing was indexed yet.
    """
    old_id, old_encoder, new_id = _prepare(database, embedder)
    photos = garments = 0
    while True:
        with database.session() as session:
            waiting = _photos_without(session, new_id)
        if not waiting:
            figures = _compare(database, old_id, new_id)
            if _switch(database, new_id):
                break
            continue
        for start in range(0, len(waiting), BATCH):
            done = _embed_batch(database, store, embedder, new_id, waiting[start : start + BATCH])
            garments += done
            photos += len(waiting[start : start + BATCH])
            progress(min(start + BATCH, len(waiting)), len(waiting))
    return ReembedSummary(old_encoder, embedder.fingerprint.encoder, photos, garments, figures)


def _prepare(database: Database, embedder: Embedder) -> tuple[int, str, int]:
    """Ids of the active and the new model, the latter's row made; the old encoder's name."""
    fingerprint = embedder.fingerprint
    with database.transaction() as session:
        active = active_model(session)
        if active is None:
            raise IndexingError("nothing is indexed yet; start with `apparel index SOURCE`")
        if active.segmenter != fingerprint.segmenter:
            raise ModelMismatch(
                f"the garments were found by {active.segmenter}, the segmenter at hand is "
                f"{fingerprint.segmenter}; index into another --data folder"
            )
        model = model_named(session, fingerprint)
        session.flush()
        return active.id, active.encoder, model.id


def _lacks(model_id: int) -> ColumnElement[bool]:
    """Whether a garment has no vector of this model."""
    return ~exists().where(VectorRow.garment_id == Garment.id, VectorRow.model_id == model_id)


def _photos_without(session: Session, model_id: int) -> list[int]:
    """Ids of the photos with a garment that has no vector of this model."""
    query = select(Garment.photo_id).where(_lacks(model_id)).distinct().order_by(Garment.photo_id)
    return list(session.scalars(query))


def _switch(database: Database, model_id: int) -> bool:
    """Make the model the active one; False where garments were added meanwhile."""
    with database.transaction() as session:
        if session.scalar(select(Garment.id).where(_lacks(model_id)).limit(1)) is not None:
            return False
        session.execute(update(Model).values(active=Model.id == model_id))
    return True


def _embed_batch(
    database: Database, store: PhotoStore, embedder: Embedder, model_id: int, ids: Sequence[int]
) -> int:
    """Vectors of the garments on these photos, in one transaction; number of garments."""
    with database.session() as session:
        photos = session.scalars(select(Photo).where(Photo.id.in_(ids))).all()
        rows = session.scalars(
            select(Garment).where(Garment.photo_id.in_(ids), _lacks(model_id))
        ).all()
    pixels = [read_photo(store.path(photo.stored or "")) for photo in photos]
    again: dict[int, EmbeddedGarment] = {}
    for photo, shown, embedded in zip(photos, pixels, embedder.embed(pixels), strict=True):
        for row in rows:
            if row.photo_id == photo.id:
                again[row.id] = _embedded_again(row, shown, embedded, embedder)
    with database.transaction() as session:
        # Removed since then: nothing to hang a vector on.
        there = session.scalars(select(Garment.id).where(Garment.id.in_(again))).all()
        seen = {each: (again[each].vector, again[each].tiles) for each in there}
        session.add_all(vector_rows(model_id, seen))
    return len(there)


def _embedded_again(
    row: Garment, shown: Pixels, photo: EmbeddedPhoto, embedder: Embedder
) -> EmbeddedGarment:
    garment_class = GarmentClass(row.garment_class)
    if row.whole_photo:
        return embedder.embed_whole(shown, garment_class)
    box = _box_in_pixels(row, photo)
    found = _same_garment(row, box, photo)
    return found or embedder.embed_region(shown, box, garment_class)


def _box_in_pixels(row: Garment, photo: EmbeddedPhoto) -> Box:
    return (
        round(row.x0 * photo.width),
        round(row.y0 * photo.height),
        max(round(row.x1 * photo.width), round(row.x0 * photo.width) + 1),
        max(round(row.y1 * photo.height), round(row.y0 * photo.height) + 1),
    )


def _same_garment(row: Garment, box: Box, photo: EmbeddedPhoto) -> EmbeddedGarment | None:
    """The garment of this class that covers the box best; None where none does half."""
    of_class = [
        each for each in photo.garments if int(each.garment.garment_class) == row.garment_class
    ]
    best = max(of_class, key=lambda each: overlap(each.garment.box, box), default=None)
    if best is None or overlap(best.garment.box, box) < LEAST_OVERLAP:
        return None
    return best


# -- figures before and after


def _compare(database: Database, old_id: int, new_id: int) -> KindFigures | None:
    """Both models on the garments of products with a category; None where these are too few."""
    with database.session() as session:
        first = _precisions(session, old_id)
        second = _precisions(session, new_id)
    if first is None or second is None:
        return None
    before, after = mean_with_interval(first), mean_with_interval(second)
    difference, p_value = paired_difference(second, first)
    return KindFigures(
        len(first),
        [before.value, before.low, before.high],
        [after.value, after.low, after.high],
        [difference.value, difference.low, difference.high],
        p_value,
    )


def _precisions(session: Session, model_id: int) -> Figures | None:
    """Precision@5 of each labelled garment among the others of its class, own product aside."""
    query = (
        select(Product.id, Product.category, Garment.garment_class, VectorRow.values)
        .join(Photo, Photo.product_id == Product.id)
        .join(Garment, Garment.photo_id == Photo.id)
        .join(VectorRow, VectorRow.garment_id == Garment.id)
        .where(Product.category.is_not(None), VectorRow.model_id == model_id)
        .order_by(Garment.id)
        .limit(MOST_COMPARED)
    )
    rows = session.execute(query).all()
    labels = np.unique([row[1] for row in rows], return_inverse=True)[1]
    if len(rows) < LEAST_COMPARED or labels.max() < 1:
        return None
    model = session.get_one(Model, model_id)
    vectors: Vectors = np.stack([vector_from_bytes(row[3]) for row in rows])
    styles = vectors[:, : model.style_dimension]
    products, classes = (np.array([row[place] for row in rows]) for place in (0, 2))
    barred = (products[:, None] == products) | (classes[:, None] != classes)
    return precision_at(rank(styles @ styles.T, labels, labels, barred, 5), 5)


# -- attributes


def renew_attributes(database: Database, encoder: str, progress: Progress | None = None) -> int:
    """`predict_attributes` by the heads shipped for this encoder; 0 where there are none."""
    heads = heads_for(encoder)
    return 0 if heads is None else predict_attributes(database, heads, progress)


def predict_attributes(
    database: Database, heads: AttributeHeads, progress: Progress | None = None
) -> int:
    """Predict the attributes of every garment anew from its stored vector; how many.

    Args:
        progress: told how many garments of about how many are done.
    """
    with database.session() as session:
        active = active_model(session)
        last = session.scalar(select(func.max(Garment.id))) or 0
    if active is None:
        return 0
    count = 0
    for start in range(0, last, _ROWS):
        with database.transaction() as session:
            rows = session.execute(
                select(Garment, VectorRow.values, Photo.height, Photo.width)
                .join(VectorRow, VectorRow.garment_id == Garment.id)
                .join(Photo, Garment.photo_id == Photo.id)
                .where(
                    VectorRow.model_id == active.id,
                    Garment.id > start,
                    Garment.id <= start + _ROWS,
                )
            ).all()
            if rows:
                predicted = heads.predict(
                    np.stack([vector_from_bytes(row[1]) for row in rows]),
                    [GarmentClass(row[0].garment_class) for row in rows],
                    [_height_share(row[0], row[2] or 1, row[3] or 1) for row in rows],
                )
                for row, attributes in zip(rows, predicted, strict=True):
                    write_attributes(row[0], attributes)
            count += len(rows)
        if progress is not None:
            progress(min(start + _ROWS, last), last)
    return count


def _height_share(garment: Garment, height: int, width: int) -> float:
    tall = (garment.y1 - garment.y0) * height
    wide = (garment.x1 - garment.x0) * width
    return tall / (tall + wide) if tall + wide else 0.5
