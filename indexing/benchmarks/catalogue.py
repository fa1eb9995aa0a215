"""Fill a benchmark's database with garments: vectors, brands, prices, colours.

One garment per photo, one photo per product, all of class upper; garment ids count from 1.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import func, insert, select

from catalog.colours import COLOUR_NAMES
from catalog.database import open_database
from catalog.models import GarmentRow, PhotoRow, Product, VectorRow
from indexing.benchmarks.vectors import STYLE_DIMENSION, GarmentVectors
from indexing.embedding.colour import COLOUR_DIMENSION
from indexing.index.vector_rows import use_model, vector_to_bytes
from indexing.types import ModelFingerprint, Vectors
from segmentation.classes import GarmentClass

SEED: Final = 11
FINGERPRINT: Final = ModelFingerprint(
    "benchmark/1", "benchmark/1", STYLE_DIMENSION, COLOUR_DIMENSION
)
Row = dict[str, Any]


def brand_of(number: int) -> str:
    """Brand of a garment: 0.1 % are Rare, 0.9 % Small, the others spread evenly over forty."""
    if number % 1000 == 0:
        return "Rare"
    return "Small" if number % 1000 < 10 else f"Brand {number % 40}"


def category_of(number: int) -> str:
    """Category of a garment, one of twenty, evenly distributed."""
    return f"Category {number // 7 % 20}"


def availability_of(number: int) -> str:
    """Availability of a garment: half are in stock."""
    return "in stock" if number // 3 % 2 else "sold out"


def fill(data: Path, count: int, database_url: str | None = None) -> None:
    """Write `count` products with their garments and vectors into an empty database."""
    database = open_database(data, database_url)
    model_id = use_model(database, FINGERPRINT)
    start = 1
    for vectors in GarmentVectors(SEED).chunks(count):
        numbers = range(start, start + len(vectors))
        with database.transaction() as session:
            session.execute(insert(Product), [_product(number) for number in numbers])
            session.execute(insert(PhotoRow), [photo_row(number) for number in numbers])
            session.execute(insert(GarmentRow), [_garment(number) for number in numbers])
            session.execute(insert(VectorRow), list(_vectors(start, vectors, model_id)))
        start += len(vectors)
    if not database.is_sqlite:
        with database.transaction() as session:
            for table in ("photo", "garment"):
                # The ids were given: the next ones must follow them.
                session.execute(select(func.setval(f"{table}_id_seq", count)))
    database.analyze()
    database.close()


def _product(number: int) -> Row:
    return {
        "id": f"p{number}",
        "title": f"Garment {number}",
        "brand": brand_of(number),
        "category": category_of(number),
        "availability": availability_of(number),
        "price": number % 20_000 / 100,
        "currency": "EUR",
        "attributes": {"size": "SML"[number % 3]},
        "created_at": datetime.now(UTC),
        "updated_at": datetime.now(UTC),
    }


def photo_row(number: int) -> Row:
    """The indexed photo of product `pNUMBER`."""
    return {
        "id": number,
        "product_id": f"p{number}",
        "source": f"{number}.jpg",
        "position": 0,
        "sha256": f"{number:064x}",
        "status": "indexed",
    }


def _garment(number: int) -> Row:
    name = COLOUR_NAMES[number % len(COLOUR_NAMES)]
    return {
        "id": number,
        "photo_id": number,
        "garment_class": int(GarmentClass.UPPER),
        "score": 0.9,
        "area": 0.4,
        "x0": 0.1,
        "y0": 0.1,
        "x1": 0.9,
        "y1": 0.9,
        "main_colour": name,
        "colours": [{"name": name, "hex": "#808080", "share": 1.0}],
    }


def _vectors(start: int, vectors: Vectors, model_id: int) -> Iterator[Row]:
    for number, vector in enumerate(vectors, start):
        yield {"garment_id": number, "model_id": model_id, "values": vector_to_bytes(vector)}


def numbers_where(count: int, field: str, value: str) -> np.ndarray[Any, np.dtype[np.int64]]:
    """Ids of the garments that `fill` gave this brand, category or availability."""
    of = {"brand": brand_of, "category": category_of, "availability": availability_of}[field]
    return np.array([number for number in range(1, count + 1) if of(number) == value], np.int64)
