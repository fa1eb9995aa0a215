"""Fill a benchmark's database with garments: vectors, brands, prices, colours.

One garment per photo, one photo per product; garment ids count from 1.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import func, insert, select

from catalog.colours import COLOUR_NAMES, Colour
from catalog.database import open_database
from catalog.models import GarmentRow, PhotoRow, Product
from indexing.benchmarks.vectors import STYLE_DIMENSION, GarmentVectors
from indexing.embedding.colour import COLOUR_DIMENSION
from indexing.index.vector_rows import add_vectors, use_model
from indexing.types import GarmentIds, ModelFingerprint, Vectors
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


def fill(
    data: Path,
    count: int,
    database_url: str | None = None,
    fingerprint: ModelFingerprint = FINGERPRINT,
    classes: Sequence[GarmentClass] = (GarmentClass.UPPER,),
) -> None:
    """Write `count` products into an empty database, with garments of the classes in turn."""
    database = open_database(data, database_url)
    model_id = use_model(database, fingerprint)
    start = 1
    for vectors in GarmentVectors(SEED).chunks(count):
        numbers = range(start, start + len(vectors))
        garments = [garment_row(each, each, classes[each % len(classes)]) for each in numbers]
        with database.transaction() as session:
            session.execute(insert(Product), [_product(number) for number in numbers])
            session.execute(insert(PhotoRow), [photo_row(number) for number in numbers])
            session.execute(insert(GarmentRow), garments)
            add_vectors(session, model_id, dict(zip(numbers, vectors, strict=True)))
        start += len(vectors)
    if not database.is_sqlite:
        with database.transaction() as session:
            for table in ("photo", "garment"):
                # The ids were given: the next ones must follow them.
                session.execute(select(func.setval(f"{table}_id_seq", count)))
    database.analyze()
    database.close()


def vectors_and_queries(count: int, queries: int) -> tuple[Vectors, Vectors]:
    """The vectors of `fill`, and those of new garments from the same distribution."""
    generator = GarmentVectors(SEED)
    return np.concatenate(list(generator.chunks(count))), generator.draw(queries)


def _product(number: int) -> Row:
    return {
        "id": f"p{number}",
        "title": f"Garment {number}",
        "brand": brand_of(number),
        "category": f"Category {number // 7 % 20}",
        "availability": "in stock" if number // 3 % 2 else "out of stock",
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


def garment_row(garment_id: int, photo_id: int, garment_class: GarmentClass) -> Row:
    """A garment in one colour."""
    name = COLOUR_NAMES[garment_id % len(COLOUR_NAMES)]
    return {
        "id": garment_id,
        "photo_id": photo_id,
        "garment_class": int(garment_class),
        "score": 0.9,
        "area": 0.4,
        "x0": 0.1,
        "y0": 0.1,
        "x1": 0.9,
        "y1": 0.9,
        "main_colour": name,
        "colours": (Colour(name, "#808080", 1.0),),
    }


def passing(count: int, condition: str) -> GarmentIds:
    """Ids of the garments of `fill` that pass a filter, such as "brand=Rare" or "price_max=20"."""
    field, _, value = condition.partition("=")
    products = ((number, _product(number)) for number in range(1, count + 1))
    if field == "price_max":
        return np.array([each for each, row in products if row["price"] <= float(value)], np.int64)
    return np.array([each for each, row in products if row[field] == value], np.int64)
