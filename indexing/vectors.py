"""Vectors in the database: which model they are of, their ids, their numbers."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

import numpy as np
from sqlalchemy import bindparam, delete, exists, func, select, update
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.models import Garment, GarmentTiles, Model, VectorChange
from catalog.models import Vector as VectorRow
from indexing.errors import ModelMismatch
from indexing.records import ModelFingerprint, Vector
from indexing.stages import GarmentIds, Vectors
from indexing.tiles import Tiles, tiles_from_bytes, tiles_to_bytes
from segmentation.classes import GARMENT_CLASSES, GarmentClass

Rows = Sequence[Any]
"""Rows of a query: garment id, then stored numbers."""
STORED_TYPE: Final = np.dtype("<f4")
_VECTORS_PER_QUERY: Final = 5_000
_CHANGES_PER_DELETE: Final = 50_000
# Made once, as those of `catalog.garments`.
_STORED_TILES: Final = select(GarmentTiles.garment_id, GarmentTiles.values).where(
    GarmentTiles.model_id == bindparam("model_id"),
    GarmentTiles.garment_id.in_(bindparam("ids", expanding=True)),
)


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
                "with those weights, change over with `apparel rebuild --encoder shipped`, or take "
                "another --data folder"
            )
        session.execute(update(Model).values(active=False))
        model = model_named(session, fingerprint)
        model.active = True
        session.flush()
        return model.id


def _has_vectors(session: Session, model_id: int) -> bool:
    return bool(session.scalar(select(exists().where(VectorRow.model_id == model_id))))


def model_named(session: Session, fingerprint: ModelFingerprint) -> Model:
    """The row of a model, made if absent and then not active; the caller commits."""
    model = session.scalar(
        select(Model).where(
            Model.segmenter == fingerprint.segmenter, Model.encoder == fingerprint.encoder
        )
    )
    if model is None:
        model = Model(segmenter=fingerprint.segmenter, encoder=fingerprint.encoder, active=False)
        session.add(model)
    model.style_dimension = fingerprint.style_dimension
    model.colour_dimension = fingerprint.colour_dimension
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


def stored_counts(session: Session, model_id: int) -> dict[GarmentClass, int]:
    """Number of garments with a vector of this model, by class."""
    query = (
        select(Garment.garment_class, func.count())
        .join(VectorRow, VectorRow.garment_id == Garment.id)
        .where(VectorRow.model_id == model_id)
        .group_by(Garment.garment_class)
    )
    counts = {row[0]: row[1] for row in session.execute(query)}
    return {each: counts.get(int(each), 0) for each in GARMENT_CLASSES}


def class_vectors(
    session: Session, model_id: int, garment_class: GarmentClass
) -> Iterator[tuple[GarmentIds, Vectors]]:
    """All vectors of a class in order of id, some thousand at a time."""
    query = (
        select(Garment.id, VectorRow.values)
        .join(VectorRow, VectorRow.garment_id == Garment.id)
        .where(VectorRow.model_id == model_id, Garment.garment_class == int(garment_class))
        .order_by(Garment.id)
        .limit(_VECTORS_PER_QUERY)
    )
    last = 0
    while rows := session.execute(query.where(Garment.id > last)).all():
        last = rows[-1][0]
        yield _ids_of(rows), _numbers_of(rows)


def stored_vectors(
    session: Session, model_id: int, ids: GarmentIds
) -> Iterator[tuple[GarmentClass, GarmentIds, Vectors]]:
    """Vectors of these garments by class, some thousand at a time; what is gone is left out."""
    for start in range(0, len(ids), _VECTORS_PER_QUERY):
        part: Sequence[int] = ids[start : start + _VECTORS_PER_QUERY].tolist()
        query = (
            select(VectorRow.garment_id, VectorRow.values, Garment.garment_class)
            .join(Garment, Garment.id == VectorRow.garment_id)
            .where(VectorRow.model_id == model_id, VectorRow.garment_id.in_(part))
        )
        rows = session.execute(query).all()
        for garment_class in GARMENT_CLASSES:
            of_class = [row for row in rows if row[2] == int(garment_class)]
            if of_class:
                yield garment_class, _ids_of(of_class), _numbers_of(of_class)


def vector_rows(
    model_id: int, seen: Mapping[int, tuple[Vector, Tiles]]
) -> list[VectorRow | GarmentTiles]:
    """Rows that hold what an encoder made of these garments, by id."""
    vectors = [
        VectorRow(garment_id=garment_id, model_id=model_id, values=vector_to_bytes(vector))
        for garment_id, (vector, _) in seen.items()
    ]
    tiles = [
        GarmentTiles(garment_id=garment_id, model_id=model_id, values=tiles_to_bytes(each))
        for garment_id, (_, each) in seen.items()
        if len(each)
    ]
    return [*vectors, *tiles]


def stored_tiles(session: Session, model_id: int, ids: Sequence[int]) -> dict[int, Tiles]:
    """Tiles of these garments by id; those that have none are left out."""
    asked = {"model_id": model_id, "ids": ids}
    return {row[0]: tiles_from_bytes(row[1]) for row in session.execute(_STORED_TILES, asked)}


def _ids_of(rows: Rows) -> GarmentIds:
    return np.array([row[0] for row in rows], np.int64)


def _numbers_of(rows: Rows) -> Vectors:
    numbers = np.frombuffer(b"".join(row[1] for row in rows), STORED_TYPE)
    return numbers.reshape(len(rows), -1).astype(np.float32)


def latest_change(session: Session) -> int:
    """The last change of any vector; 0 before the first."""
    return session.scalar(select(func.max(VectorChange.id))) or 0


def oldest_change(session: Session) -> int:
    """The first change that is still in the log; 0 before the first of all."""
    return session.scalar(select(func.min(VectorChange.id))) or 0


def forgets(session: Session, seen: int) -> bool:
    """Whether changes behind `seen` are no longer in the log: all vectors must be read then."""
    return seen + 1 < oldest_change(session)


def forget_changes(database: Database, before: int) -> int:
    """Delete the changes numbered below `before`; how many.

    The last of all changes stays whatever is asked: it tells how far the database is. Some at a
    time, so that no other writer waits long.
    """
    forgotten = 0
    while True:
        with database.transaction() as session:
            oldest = oldest_change(session)
            end = min(before, latest_change(session), oldest + _CHANGES_PER_DELETE)
            if oldest >= end:
                return forgotten
            session.execute(delete(VectorChange).where(VectorChange.id < end))
            forgotten += end - oldest


def changes_since(session: Session, model_id: int, seen: int) -> tuple[GarmentIds, GarmentIds]:
    """Numbers of the changes behind `seen`, and whose vectors came or went; in order."""
    query = (
        select(VectorChange.id, VectorChange.garment_id)
        .where(VectorChange.id > seen, VectorChange.model_id == model_id)
        .order_by(VectorChange.id)
    )
    rows = np.array([tuple(row) for row in session.execute(query)], np.int64).reshape(-1, 2)
    return rows[:, 0], rows[:, 1]
