"""Export of a collection: its products as a feed, or its vectors as arrays."""

import csv
from datetime import datetime
from operator import attrgetter
from pathlib import Path
from typing import IO

import numpy as np
from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog.database import Database
from catalog.feeds.cells import safe_cell
from catalog.feeds.rows import ProductRow
from catalog.files import publishing
from catalog.filtering.facets import attribute_names
from catalog.models import GarmentRow, PhotoRow, VectorRow
from catalog.queries import all_products
from catalog.sale import price_now
from indexing.errors import IndexingError
from indexing.index.vector_rows import vector_from_bytes

_COLUMNS = (
    "id", "title", "brand", "category", "colour", "price", "regular_price", "sale_price",
    "sale_start", "sale_end", "currency", "url", "availability", "description", "item_group_id",
)  # fmt: skip

_BOX = ("x0", "y0", "x1", "y1")


def export_collection(database: Database, model_id: int, path: Path) -> int:
    """Write products to a .csv that can be imported, or vectors to a .npz; return the row count.

    The .npz has the arrays of `apparel embed` (photo, garment_class, box, vector) and product_id
    and garment_id; boxes are relative to the photo, 0 to 1.
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
    named = {"price": price_now(row), "regular_price": row.price, "item_group_id": row.group}
    dates = {name: _iso(getattr(row, name)) for name in ("sale_start", "sale_end")}
    values = named | dates
    cells = [
        *(values[name] if name in values else getattr(row, name) for name in _COLUMNS),
        "|".join(row.photos),
        *(own.get(name, "") for name in attributes),
    ]
    # Protects whoever opens the file in a spreadsheet; the import removes the quote.
    return [safe_cell(cell) if isinstance(cell, str) else cell for cell in cells]


def _iso(moment: datetime | None) -> str:
    return "" if moment is None else moment.isoformat()


def _write_vectors(session: Session, model_id: int, file: IO[bytes]) -> int:
    query = (
        select(PhotoRow.source, PhotoRow.product_id, GarmentRow, VectorRow.values)
        .join(GarmentRow, GarmentRow.photo_id == PhotoRow.id)
        .join(VectorRow, VectorRow.garment_id == GarmentRow.id)
        .where(VectorRow.model_id == model_id)
        .order_by(GarmentRow.id)
    )
    rows = session.execute(query).all()
    vectors = [vector_from_bytes(row[3]) for row in rows]
    np.savez(
        file,
        photo=np.array([row[0] for row in rows], np.str_),
        product_id=np.array([row[1] for row in rows], np.str_),
        garment_id=np.array([row[2].id for row in rows], np.int64),
        garment_class=np.array([row[2].garment_class for row in rows], np.int64),
        box=np.array([attrgetter(*_BOX)(row[2]) for row in rows], np.float64).reshape(-1, 4),
        vector=np.stack(vectors) if vectors else np.zeros((0, 0), np.float32),
    )
    return len(rows)
