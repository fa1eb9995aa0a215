"""A collection in, what is wrong with it out: one line a problem, each with its remedy."""

from collections.abc import Iterator
from typing import Final

import numpy as np
from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.models import Garment, Photo
from catalog.models import Vector as VectorRow
from catalog.photos import PhotoStore
from indexing.errors import IndexDamaged, ModelMismatch
from indexing.indices import ClassIndices
from indexing.records import ModelFingerprint
from indexing.vectors import vector_from_bytes
from segmentation.classes import GARMENT_CLASSES

UNIT_TOLERANCE: Final = 1e-2
_AGAIN: Final = "remove its product and index it again"


def find_problems(
    database: Database,
    store: PhotoStore,
    model_id: int,
    fingerprint: ModelFingerprint | None,
    indices: ClassIndices | None,
) -> list[str]:
    """Everything that does not hold among database, index files and stored photos."""
    with database.session() as session:
        problems = [*_database_problems(session), *_photo_problems(session, store)]
        if fingerprint is not None:
            problems += _vector_problems(session, model_id, fingerprint)
        if indices is not None:
            problems += _index_problems(session, indices)
    return problems


def _database_problems(session: Session) -> Iterator[str]:
    if session.get_bind().dialect.name != "sqlite":
        return
    for line in session.scalars(text("PRAGMA integrity_check")):
        if line != "ok":
            yield f"database: {line}; restore it from a copy"
    for row in session.execute(text("PRAGMA foreign_key_check")):
        yield f"database: a row of {row[0]} belongs to nothing; restore it from a copy"


def _photo_problems(session: Session, store: PhotoStore) -> Iterator[str]:
    query = select(Photo.id, Photo.source, Photo.stored).where(Photo.status == "indexed")
    for photo_id, source, stored in session.execute(query):
        if stored is None or not store.path(stored).is_file():
            yield (f"photo {photo_id} ({source}): its stored copy is gone; {_AGAIN}")
    bare = query.where(~exists().where(Garment.photo_id == Photo.id))
    for photo_id, source, _ in session.execute(bare):
        yield f"photo {photo_id} ({source}): indexed without a garment; {_AGAIN}"


def _vector_problems(
    session: Session, model_id: int, fingerprint: ModelFingerprint
) -> Iterator[str]:
    query = select(Garment.id, VectorRow.values).outerjoin(
        VectorRow, (VectorRow.garment_id == Garment.id) & (VectorRow.model_id == model_id)
    )
    for garment_id, values in session.execute(query.execution_options(yield_per=5000)):
        if values is None:
            yield f"garment {garment_id}: no vector of the active model; {_AGAIN}"
        elif not _is_sound(values, fingerprint):
            yield f"garment {garment_id}: its vector is damaged; {_AGAIN}"


def _is_sound(values: bytes, fingerprint: ModelFingerprint) -> bool:
    """Right length, and each half of unit length."""
    if len(values) != 4 * fingerprint.dimension:
        return False
    vector = vector_from_bytes(values)
    halves = np.split(vector, [fingerprint.style_dimension])
    return all(abs(float(np.linalg.norm(half)) - 1.0) < UNIT_TOLERANCE for half in halves)


def _index_problems(session: Session, indices: ClassIndices) -> Iterator[str]:
    for garment_class, differing in indices.differences(session).items():
        if differing:
            yield (
                f"{garment_class.label} index: differs from the database by {differing} "
                "garments; run `apparel rebuild`"
            )
    for garment_class in GARMENT_CLASSES:
        try:
            indices.check_file(garment_class)
        except FileNotFoundError:
            yield f"{garment_class.label} index: no file; run `apparel rebuild`"
        except (IndexDamaged, ModelMismatch) as error:
            yield f"{garment_class.label} index: {error}"
