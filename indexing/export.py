"""A collection out as a file: its products as a feed, or its vectors as arrays."""

import csv
from pathlib import Path
from typing import IO

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.cells import safe_cell
from catalog.database import Database
from catalog.feeds import ProductRow
from catalog.files import publishing
from catalog.models import Garment, Photo
from catalog.models import Vector as VectorRow
from catalog.queries import all_products, attribute_names
from indexing.errors import IndexingError
from indexing.vectors import vector_from_bytes

_COLUMNS = (
    "id", "title", "brand", "category", "colour", "price", "currency", "url", "availability",
    "description", "item_group_id",
)  # fmt: skip


def export_collection(database: Database, model_id: int, path: Path) -> int:
    """Write products to a .csv that imports again, or vectors to a .npz; number of rows.

    The .npz has the arrays of `apparel embed` (photo, garment_class, box, vector) and
    product_id and garment_id; boxes are shares of the photo.
    """
    with database.session() as session:
        match path.suffix.lower():
            case ".csv":
                with publishing(path) as temporary, temporary.open("w", newline="") as file:
                    return _write_products(session, file)
            case ".npz":
                with publishing(path) as temporary, temporary.open("wb") as binary:
                    return _write_vectors(session, model_id, binary)
    raise IndexingError(f"cannot export to {path.name}; name a .csv or a .npz file")


def _write_products(session: Session, file: IO[str]) -> int:
    attributes = [name for name in attribute_names(session) if name not in _COLUMNS]
    writer = csv.writer(file)
    writer.writerow([safe_cell(name) for name in (*_COLUMNS, "photos", *attributes)])
    count = 0
    for row in all_products(session):
        writer.writerow(_cells(row, attributes))
        count += 1
    return count


def _cells(row: ProductRow, attributes: list[str]) -> list[object]:
    own = row.attributes or {}
    cells = [
        *(row.group if column == "item_group_id" else getattr(row, column) for column in _COLUMNS),
        "|".join(row.photos),
        *(own.get(name, "") for name in attributes),
    ]
    # No text of a feed becomes a formula of who opens the file; reading takes the quote off.
    return [safe_cell(cell) if isinstance(cell, str) else cell for cell in cells]


def _write_vectors(session: Session, model_id: int, file: IO[bytes]) -> int:
    query = (
        select(Photo.source, Photo.product_id, Garment, VectorRow.values)
        .join(Garment, Garment.photo_id == Photo.id)
        .join(VectorRow, VectorRow.garment_id == Garment.id)
        .where(VectorRow.model_id == model_id)
        .order_by(Garment.id)
    )
    rows = session.execute(query).all()
    vectors = [vector_from_bytes(row[3]) for row in rows]
    np.savez(
        file,
        photo=np.array([row[0] for row in rows], np.str_),
        product_id=np.array([row[1] for row in rows], np.str_),
        garment_id=np.array([row[2].id for row in rows], np.int64),
        garment_class=np.array([row[2].garment_class for row in rows], np.int64),
        box=np.array([_box(row[2]) for row in rows], np.float64).reshape(-1, 4),
        vector=np.stack(vectors) if vectors else np.zeros((0, 0), np.float32),
    )
    return len(rows)


def _box(garment: Garment) -> tuple[float, float, float, float]:
    return garment.x0, garment.y0, garment.x1, garment.y1
