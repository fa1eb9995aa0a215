"""Vectors in the database: which model they are of, their ids, their numbers."""

from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np
from sqlalchemy import exists, select, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.models import Garment, Model
from catalog.models import Vector as VectorRow
from indexing.errors import ModelMismatch
from indexing.records import ModelFingerprint, Vector
from indexing.stages import GarmentIds, Vectors
from segmentation.classes import GARMENT_CLASSES, GarmentClass

STORED_TYPE: Final = np.dtype("<f4")
_VECTORS_PER_QUERY: Final = 5_000


def vector_to_bytes(vector: Vector) -> bytes:
    """As stored: float32, little endian."""
    return vector.astype(STORED_TYPE).tobytes()


def vector_from_bytes(values: bytes) -> Vector:
    """As it was before `vector_to_bytes`."""
    return np.frombuffer(values, STORED_TYPE).astype(np.float32)


def active_model(session: Session) -> Model | None:
    """The model whose vectors are searched; None before the first."""
    return session.scalar(select(Model).where(Model.active))


def fingerprint_of(model: Model) -> ModelFingerprint:
    """A stored model as the embedder names itself."""
    return ModelFingerprint(
        model.segmenter, model.encoder, model.style_dimension, model.colour_dimension
    )


def use_model(database: Database, fingerprint: ModelFingerprint) -> int:
    """Make a model the active one and give its id.

    ModelMismatch when the active one is another and has vectors.
    """
    with database.session() as session:
        active = active_model(session)
    # Opening must not queue behind another process's long transaction.
    if active is not None and fingerprint_of(active) == fingerprint:
        return active.id
    with database.transaction() as session:
        active = active_model(session)
        if active is not None and fingerprint_of(active) == fingerprint:
            return active.id
        if active is not None and _has_vectors(session, active.id):
            raise ModelMismatch(
                f"the vectors in {database.name} were made by "
                f"{fingerprint_of(active).key}, the model at hand is {fingerprint.key}; start "
                "with the weights that made them, or index into another --data folder"
            )
        session.execute(update(Model).values(active=False))
        model = _model_named(session, fingerprint)
        model.style_dimension = fingerprint.style_dimension
        model.colour_dimension = fingerprint.colour_dimension
        model.active = True
        session.flush()
        return model.id


def _has_vectors(session: Session, model_id: int) -> bool:
    return bool(session.scalar(select(exists().where(VectorRow.model_id == model_id))))


def _model_named(session: Session, fingerprint: ModelFingerprint) -> Model:
    model = session.scalar(
        select(Model).where(
            Model.segmenter == fingerprint.segmenter, Model.encoder == fingerprint.encoder
        )
    )
    if model is None:
        model = Model(segmenter=fingerprint.segmenter, encoder=fingerprint.encoder)
        session.add(model)
    return model


def stored_ids(session: Session, model_id: int) -> dict[GarmentClass, GarmentIds]:
    """Ids of all garments with a vector of this model, by class, in order."""
    query = (
        select(Garment.garment_class, Garment.id)
        .join(VectorRow, VectorRow.garment_id == Garment.id)
        .where(VectorRow.model_id == model_id)
        .order_by(Garment.id)
    )
    rows = np.array([tuple(row) for row in session.execute(query)], np.int64).reshape(-1, 2)
    return {each: rows[rows[:, 0] == int(each), 1] for each in GARMENT_CLASSES}


def stored_vectors(
    session: Session, model_id: int, ids: GarmentIds
) -> Iterator[tuple[GarmentIds, Vectors]]:
    """Vectors of these garments, some thousand at a time; ids that are gone are left out."""
    for start in range(0, len(ids), _VECTORS_PER_QUERY):
        part: Sequence[int] = ids[start : start + _VECTORS_PER_QUERY].tolist()
        query = select(VectorRow.garment_id, VectorRow.values).where(
            VectorRow.model_id == model_id, VectorRow.garment_id.in_(part)
        )
        rows = session.execute(query).all()
        if rows:
            found = np.array([row[0] for row in rows], np.int64)
            yield found, np.stack([vector_from_bytes(row[1]) for row in rows])
