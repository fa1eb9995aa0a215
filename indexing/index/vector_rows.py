"""Database access to vectors, their models, and the log of changes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import delete, exists, func, insert, select, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.models import GarmentRow, ModelRow, VectorChange, VectorRow
from indexing.errors import ModelMismatch
from indexing.types import GarmentIds, ModelFingerprint, Vector, Vectors
from segmentation.classes import GARMENT_CLASSES, GarmentClass

Rows = Sequence[Any]
"""Rows of a query: garment id, then the stored vector."""
STORED_TYPE: Final = np.dtype("<f4")
MAX_LOG_LENGTH: Final = 100_000
"""Published changes that stay in the log, for other processes that are behind."""
MIN_PRUNED: Final = MAX_LOG_LENGTH // 10
"""Minimum number of log entries worth a transaction to delete."""
_VECTORS_PER_QUERY: Final = 5_000
_CHANGES_PER_DELETE: Final = MAX_LOG_LENGTH // 2


def vector_to_bytes(vector: Vector) -> bytes:
    """Serialise a vector as little-endian float32."""
    return vector.astype(STORED_TYPE).tobytes()


def vector_from_bytes(values: bytes) -> Vector:
    """Inverse of `vector_to_bytes`."""
    return np.frombuffer(values, STORED_TYPE).astype(np.float32)


def active_model(session: Session) -> ModelRow | None:
    """The model whose vectors are searched; None before the first run."""
    return session.scalar(select(ModelRow).where(ModelRow.active))


def fingerprint_of(model: ModelRow) -> ModelFingerprint:
    """The fingerprint of a stored model."""
    return ModelFingerprint(
        model.segmenter, model.encoder, model.style_dimension, model.colour_dimension
    )


def use_model(database: Database, fingerprint: ModelFingerprint) -> int:
    """Make a model the active one; return its id. ModelMismatch if another has vectors."""
    with database.session() as session:
        active = active_model(session)
    # A read session first: opening must not wait for another process's long transaction.
    if active is not None and fingerprint_of(active) == fingerprint:
        return active.id
    with database.transaction() as session:
        active = active_model(session)
        if active is not None and fingerprint_of(active) == fingerprint:
            return active.id
        if active is not None and _has_vectors(session, active.id):
            raise ModelMismatch(
                f"the vectors in {database.name} were made by "
                f"{fingerprint_of(active).key}, the loaded model is {fingerprint.key}; migrate "
                "the folder with `apparel upgrade`, or start with those weights"
            )
        session.execute(update(ModelRow).values(active=False))
        model = model_row(session, fingerprint)
        model.active = True
        session.flush()
        return model.id


def _has_vectors(session: Session, model_id: int) -> bool:
    return bool(session.scalar(select(exists().where(VectorRow.model_id == model_id))))


def model_row(session: Session, fingerprint: ModelFingerprint) -> ModelRow:
    """The row of a model, created inactive if absent; the caller commits."""
    model = session.scalar(
        select(ModelRow).where(
            ModelRow.segmenter == fingerprint.segmenter, ModelRow.encoder == fingerprint.encoder
        )
    )
    if model is None:
        model = ModelRow(segmenter=fingerprint.segmenter, encoder=fingerprint.encoder, active=False)
        session.add(model)
    model.style_dimension = fingerprint.style_dimension
    model.colour_dimension = fingerprint.colour_dimension
    return model


def stored_ids(session: Session, model_id: int) -> dict[GarmentClass, GarmentIds]:
    """Sorted ids of all garments with a vector of this model, by class."""
    query = (
        select(GarmentRow.garment_class, GarmentRow.id)
        .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
        .where(VectorRow.model_id == model_id)
        .order_by(GarmentRow.id)
    )
    rows = np.array([tuple(row) for row in session.execute(query)], np.int64).reshape(-1, 2)
    return {each: rows[rows[:, 0] == int(each), 1] for each in GARMENT_CLASSES}


def stored_counts(session: Session, model_id: int) -> dict[GarmentClass, int]:
    """Number of garments with a vector of this model, by class."""
    query = (
        select(GarmentRow.garment_class, func.count())
        .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
        .where(VectorRow.model_id == model_id)
        .group_by(GarmentRow.garment_class)
    )
    counts = {row[0]: row[1] for row in session.execute(query)}
    return {each: counts.get(int(each), 0) for each in GARMENT_CLASSES}


def class_vectors(
    session: Session, model_id: int, garment_class: GarmentClass
) -> Iterator[tuple[GarmentIds, Vectors]]:
    """All vectors of a class in order of id, in chunks of some thousand."""
    query = (
        select(GarmentRow.id, VectorRow.values)
        .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
        .where(VectorRow.model_id == model_id, GarmentRow.garment_class == int(garment_class))
        .order_by(GarmentRow.id)
        .limit(_VECTORS_PER_QUERY)
    )
    last, size = 0, _vector_bytes(session, model_id)
    while rows := session.execute(query.where(GarmentRow.id > last)).all():
        last = rows[-1][0]
        yield _ids_of(rows), _numbers_of(rows, size)


def stored_vectors(
    session: Session, model_id: int, ids: GarmentIds
) -> Iterator[tuple[GarmentClass, GarmentIds, Vectors]]:
    """Vectors of the given garments by class, in chunks; missing ones are left out."""
    size = _vector_bytes(session, model_id)
    for start in range(0, len(ids), _VECTORS_PER_QUERY):
        part: Sequence[int] = ids[start : start + _VECTORS_PER_QUERY].tolist()
        query = (
            select(VectorRow.garment_id, VectorRow.values, GarmentRow.garment_class)
            .join(GarmentRow, GarmentRow.id == VectorRow.garment_id)
            .where(VectorRow.model_id == model_id, VectorRow.garment_id.in_(part))
        )
        rows = session.execute(query).all()
        for garment_class in GARMENT_CLASSES:
            of_class = [row for row in rows if row[2] == int(garment_class)]
            if of_class:
                yield garment_class, _ids_of(of_class), _numbers_of(of_class, size)


def vectors_by_id(session: Session, model_id: int, ids: Sequence[int]) -> dict[int, Vector]:
    """Vectors of the given garments by id; missing ones are left out."""
    return {
        garment_id: vector
        for _, found, vectors in stored_vectors(session, model_id, np.array(ids, np.int64))
        for garment_id, vector in zip(found.tolist(), vectors, strict=True)
    }


def add_vectors(session: Session, model_id: int, embedded: Mapping[int, Vector]) -> None:
    """Store the vectors of garments, given by id."""
    rows = [
        {"garment_id": garment_id, "model_id": model_id, "values": vector_to_bytes(vector)}
        for garment_id, vector in embedded.items()
    ]
    if rows:
        session.execute(insert(VectorRow), rows)


def _ids_of(rows: Rows) -> GarmentIds:
    return np.array([row[0] for row in rows], np.int64)


def _vector_bytes(session: Session, model_id: int) -> int:
    model = session.get_one(ModelRow, model_id)
    return (model.style_dimension + model.colour_dimension) * STORED_TYPE.itemsize


def _numbers_of(rows: Rows, size: int) -> Vectors:
    """Vectors of `size` bytes; one of another size is damaged, and zero, which is like nothing."""
    whole = (row[1] if len(row[1]) == size else bytes(size) for row in rows)
    numbers = np.frombuffer(b"".join(whole), STORED_TYPE)
    return numbers.reshape(len(rows), -1).astype(np.float32)


def latest_change(session: Session) -> int:
    """Number of the last logged change; 0 before the first."""
    return session.scalar(select(func.max(VectorChange.id))) or 0


def oldest_change(session: Session) -> int:
    """Number of the first change in the log; 0 where the log is empty."""
    return session.scalar(select(func.min(VectorChange.id))) or 0


def is_pruned(session: Session, seen: int) -> bool:
    """Whether changes after `seen` are no longer in the log, so that all vectors must be read."""
    return seen + 1 < oldest_change(session)


def prune_log(database: Database, before: int) -> int:
    """Delete log entries numbered below `before`, except the last; return their number.

    Deletes in several transactions, so that other writers do not wait long.
    """
    pruned = 0
    while True:
        with database.transaction() as session:
            oldest = oldest_change(session)
            end = min(before, latest_change(session), oldest + _CHANGES_PER_DELETE)
            if oldest >= end:
                return pruned
            session.execute(delete(VectorChange).where(VectorChange.id < end))
            pruned += end - oldest


def prune_old_changes(database: Database, published: Sequence[int] = ()) -> int:
    """Delete old log entries that all index files contain; return their number.

    Processes that are further behind, and files from a backup, read all vectors instead.

    Args:
        published: last change in each of the files.
    """
    with database.session() as session:
        before = min([latest_change(session) - MAX_LOG_LENGTH, *published])
        if before - oldest_change(session) < MIN_PRUNED:
            return 0
    return prune_log(database, before)


def changes_since(session: Session, model_id: int, seen: int) -> tuple[GarmentIds, GarmentIds]:
    """Numbers and garment ids of the changes after `seen`, in order."""
    query = (
        select(VectorChange.id, VectorChange.garment_id)
        .where(VectorChange.id > seen, VectorChange.model_id == model_id)
        .order_by(VectorChange.id)
    )
    rows = np.array([tuple(row) for row in session.execute(query)], np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]
