"""A temporary collection of labelled garments, which evaluations search."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from sqlalchemy import insert

from catalog.database import open_database
from catalog.models import GarmentRow, PhotoRow, Product
from indexing.collection import Collection, open_collection
from indexing.evaluation.labelled import LabelledGarment, VectorSet
from indexing.index.vector_rows import add_vectors, use_model
from indexing.types import ModelFingerprint

Row = dict[str, Any]


@contextmanager
def opened_gallery(
    garments: Sequence[LabelledGarment], vectors: VectorSet, rows: Sequence[int] | None = None
) -> Iterator[Collection]:
    """Open a collection of these garments, or some rows of them; garment ids are row + 1.

    Each photo is a product, named by its path, and the photo's group is the brand, so that a
    filter can exclude it.
    """
    with TemporaryDirectory(prefix="apparel-gallery-") as name:
        _fill(Path(name), garments, vectors, range(len(garments)) if rows is None else rows)
        collection = open_collection(Path(name))
        try:
            yield collection
        finally:
            collection.close()


def _fill(
    folder: Path, garments: Sequence[LabelledGarment], vectors: VectorSet, rows: Sequence[int]
) -> None:
    fingerprint = ModelFingerprint("evaluation", "evaluation", *vectors.dimensions)
    database = open_database(folder)
    model_id = use_model(database, fingerprint)
    products: dict[str, Row] = {}
    tables: dict[type, list[Row]] = {PhotoRow: [], GarmentRow: []}
    for row in rows:
        garment, product_id = garments[row], str(garments[row].photo.path)
        brand = garment.photo.group
        products[product_id] = {"id": product_id, "title": product_id, "brand": brand}
        tables[PhotoRow].append(
            {"id": row + 1, "product_id": product_id, "source": str(row), "status": "indexed"}
        )
        tables[GarmentRow].append(_garment_row(row + 1, garment))
    with database.transaction() as session:
        for table, values_of in ({Product: list(products.values())} | tables).items():
            session.execute(insert(table), values_of)
        add_vectors(session, model_id, {row + 1: vectors.vector(row) for row in rows})
    database.close()


def _garment_row(garment_id: int, garment: LabelledGarment) -> Row:
    box = {"x0": 0.1, "y0": 0.1, "x1": 0.9, "y1": 0.9}
    return box | {
        "id": garment_id,
        "photo_id": garment_id,
        "garment_class": int(garment.garment_class),
        "score": 0.9,
        "area": 0.3,
        "colours": (),
    }
