"""Consistency checks of a collection; each problem is one line with its remedy."""

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from sqlalchemy import exists, select, text
from sqlalchemy.orm import Session

from catalog.data_folder.sweep import find_unreferenced
from catalog.data_folder.unfit_values import count_unfit_values
from catalog.database import REMEDY, Database, is_sqlite
from catalog.errors import BadStoredName
from catalog.models import GarmentRow, PhotoRow, VectorRow
from catalog.photos import PhotoStore
from indexing.bulk.reader import readable_copy
from indexing.index.engine import VectorEngine
from indexing.index.vector_rows import vector_from_bytes
from indexing.types import ModelFingerprint

UNIT_TOLERANCE: Final = 1e-2
_AGAIN: Final = "remove its product and index it again"


def find_problems(
    database: Database,
    store: PhotoStore,
    model_id: int,
    fingerprint: ModelFingerprint | None,
    engine: VectorEngine | None,
    quick: bool = False,
) -> list[str]:
    """Check database, engine and stored photos; `quick` skips the content of the photos."""
    with database.session() as session:
        problems = [*_database_problems(session)]
        if unfit := count_unfit_values(session):  # the other checks read these values
            return [*problems, *map(_unfit_line, unfit.items())]
        problems += _photo_problems(session, store, quick)
        problems += _unreferenced_problems(session, store.root.parent)
        if fingerprint is not None:
            problems += _vector_problems(session, model_id, fingerprint)
        if engine is not None:
            problems += engine.problems(session)
    return problems


def _database_problems(session: Session) -> Iterator[str]:
    if not is_sqlite(session):
        return
    for line in session.scalars(text("PRAGMA integrity_check")):
        if line != "ok":
            yield f"database: {line}; restore it from a copy"


def _unfit_line(counted: tuple[str, int]) -> str:
    column, count = counted
    return f"{column}: {count} values that its type does not allow; {REMEDY}"


def _photo_problems(session: Session, store: PhotoStore, quick: bool) -> Iterator[str]:
    query = select(PhotoRow.id, PhotoRow.source, PhotoRow.stored, PhotoRow.sha256).where(
        PhotoRow.status == "indexed"
    )
    for photo_id, source, stored, sha256 in session.execute(query):
        if problem := _copy_problem(store, stored, str(sha256), quick):
            yield f"photo {photo_id} ({source}): its stored copy {problem}; {_AGAIN}"
    without_garment = query.where(~exists().where(GarmentRow.photo_id == PhotoRow.id))
    for photo_id, source, _, _ in session.execute(without_garment):
        yield f"photo {photo_id} ({source}): indexed without a garment; {_AGAIN}"


def _copy_problem(store: PhotoStore, stored: str | None, sha256: str, quick: bool) -> str | None:
    if stored is None:
        return "is gone"
    try:
        path = store.path(stored)
    except BadStoredName:
        return "is named by a path that leads elsewhere"
    if not path.is_file():
        return "is gone"
    if quick:
        return None
    # Until November 2026 copies were named by the SHA-256 of their source.
    named_by_source = path.stem == sha256
    whole = readable_copy(store, stored) is not None if named_by_source else store.is_whole(stored)
    return None if whole else "is damaged"


def _unreferenced_problems(session: Session, data: Path) -> Iterator[str]:
    found = find_unreferenced(session, data)
    for count, what in (
        (len(found.temporary), "temporary files of killed runs"),
        (len(found.orphans), "files without an entry in the database"),
        (len(found.products), "products whose request ended before their photo was read"),
    ):
        if count:
            yield f"{count} {what}; run `apparel rebuild --sweep`"


def _vector_problems(
    session: Session, model_id: int, fingerprint: ModelFingerprint
) -> Iterator[str]:
    query = select(GarmentRow.id, VectorRow.values).outerjoin(
        VectorRow, (VectorRow.garment_id == GarmentRow.id) & (VectorRow.model_id == model_id)
    )
    for garment_id, values in session.execute(query.execution_options(yield_per=5000)):
        if values is None:
            yield f"garment {garment_id}: no vector of the active model; {_AGAIN}"
        elif not _is_valid(values, fingerprint):
            yield f"garment {garment_id}: its vector is damaged; {_AGAIN}"


def _is_valid(values: bytes, fingerprint: ModelFingerprint) -> bool:
    """Whether a vector has the right dimension and each half unit length."""
    if len(values) != 4 * fingerprint.dimension:
        return False
    vector = vector_from_bytes(values)
    halves = np.split(vector, [fingerprint.style_dimension])
    return all(abs(float(np.linalg.norm(half)) - 1.0) < UNIT_TOLERANCE for half in halves)
