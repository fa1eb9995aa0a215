"""Temporary collections of embedded garments, which evaluation and benchmarks search."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from sqlalchemy import insert
from sqlalchemy.orm import Session

from catalog.database import Database, open_database
from catalog.models import GarmentRow, PhotoRow, Product, VectorRow
from indexing.collection import Collection, open_collection
from indexing.index.vector_rows import use_model, vector_to_bytes
from indexing.types import ModelFingerprint, Vector
from segmentation.classes import GarmentClass

_ROWS: Final = 5_000
"""Garments in one transaction."""


@dataclass(frozen=True, eq=False)
class StoredGarment:
    """A garment with a photo of its own; several may belong to one product.

    `group` is stored as the product's brand, so that a filter can exclude it.
    """

    garment_id: int
    product_id: str
    garment_class: GarmentClass
    vector: Vector
    group: str | None = None


@contextmanager
def opened_gallery(
    fingerprint: ModelFingerprint, garments: Iterable[StoredGarment]
) -> Iterator[Collection]:
    """Open a temporary collection of these garments."""
    with TemporaryDirectory(prefix="apparel-gallery-") as name:
        database = open_database(Path(name))
        write_garments(database, use_model(database, fingerprint), garments)
        database.close()
        collection = open_collection(Path(name))
        try:
            yield collection
        finally:
            collection.close()


def write_garments(database: Database, model_id: int, garments: Iterable[StoredGarment]) -> None:
    """Write garments with their products, photos and vectors into an empty database."""
    products: set[str] = set()
    for part in _parts(garments):
        new = {each.product_id: each for each in part if each.product_id not in products}
        products |= new.keys()
        with database.transaction() as session:
            _insert(session, model_id, part, list(new.values()))


def _parts(garments: Iterable[StoredGarment]) -> Iterator[list[StoredGarment]]:
    part: list[StoredGarment] = []
    for garment in garments:
        part.append(garment)
        if len(part) == _ROWS:
            yield part
            part = []
    if part:
        yield part


def _insert(
    session: Session,
    model_id: int,
    garments: list[StoredGarment],
    products: list[StoredGarment],
) -> None:
    """Insert garments; `products` are the first garments of each new product."""
    rows: list[tuple[type, list[dict[str, Any]]]] = [
        (
            Product,
            [
                {"id": each.product_id, "title": each.product_id, "brand": each.group}
                for each in products
            ],
        ),
        (PhotoRow, [_photo_row(each) for each in garments]),
        (GarmentRow, [_garment_row(each) for each in garments]),
        (
            VectorRow,
            [_model_row(each, model_id, vector_to_bytes(each.vector)) for each in garments],
        ),
    ]
    for table, values in rows:
        if values:
            session.execute(insert(table), values)


def _photo_row(garment: StoredGarment) -> dict[str, Any]:
    return {
        "id": garment.garment_id,
        "product_id": garment.product_id,
        "source": str(garment.garment_id),
        "status": "indexed",
    }


def _garment_row(garment: StoredGarment) -> dict[str, Any]:
    box = {"x0": 0.1, "y0": 0.1, "x1": 0.9, "y1": 0.9}
    return {
        "id": garment.garment_id,
        "photo_id": garment.garment_id,
        "garment_class": int(garment.garment_class),
        "score": 0.9,
        "area": 0.3,
        "colours": [],
        **box,
    }


def _model_row(garment: StoredGarment, model_id: int, values: bytes) -> dict[str, Any]:
    return {"garment_id": garment.garment_id, "model_id": model_id, "values": values}
