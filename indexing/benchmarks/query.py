"""From the bytes of a query photo to the products nearest to each of its garments.

The catalogue is a database of generated garments (`vectors`), the networks and everything
between are the real ones: decode, segment, crop, encode, search, read the products.
"""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count as numbers
from pathlib import Path
from typing import Any, Final

import numpy as np
from sqlalchemy import insert

from catalog.database import Database, open_database
from catalog.models import Garment, GarmentTiles, Photo, Product
from catalog.models import Vector as VectorRow
from indexing.benchmarks.photos import write_photos
from indexing.benchmarks.report import tell
from indexing.benchmarks.vectors import GarmentVectors
from indexing.collection import Collection, open_collection
from indexing.errors import ModelMismatch
from indexing.everywhere import search_everywhere
from indexing.records import Embedder, Vector
from indexing.tiles import UNIT, tiles_to_bytes
from indexing.vectors import use_model, vector_to_bytes
from indexing.wiring import load_embedder
from segmentation.classes import GARMENT_CLASSES
from segmentation.photos import decode_photo
from segmentation.runtime import RuntimeOptions

GARMENTS: Final = 100_000
QUERIES: Final = 100
RESULTS: Final = 24
_ROWS: Final = 5_000
_TILES: Final = (25, 64)


@dataclass(frozen=True)
class QueryFigures:
    """Milliseconds from photo bytes to the last garment's products; parts are medians."""

    garments: int
    queries: int
    garments_per_query: float
    p50_ms: float
    p95_ms: float
    decode_ms: float
    embed_ms: float
    search_ms: float


@dataclass(frozen=True)
class _Answer:
    """One query: its garments and the seconds of its parts."""

    garments: int
    decode: float
    embed: float
    search: float

    @property
    def total(self) -> float:
        return self.decode + self.embed + self.search


def measure_query(source: Path | None, options: RuntimeOptions) -> QueryFigures:
    """Search with photos of a folder, or drawn ones, in a generated catalogue."""
    embedder = load_embedder(options=options)
    with tempfile.TemporaryDirectory(prefix="apparel-query-") as name:
        folder = Path(name)
        fill_catalogue(folder / "data", embedder, GARMENTS)
        write_photos(folder / "photos", QUERIES, source)
        files = [path.read_bytes() for path in sorted((folder / "photos").iterdir())]
        collection = open_collection(folder / "data", embedder)
        tell(f"{GARMENTS} garments are in, {QUERIES} queries come")
        for data in files[:5]:
            _ask(collection, embedder, data)
        answers = [_ask(collection, embedder, data) for data in files]
        collection.close()
    totals = np.array([answer.total for answer in answers]) * 1000
    return QueryFigures(
        garments=GARMENTS,
        queries=len(answers),
        garments_per_query=float(np.mean([answer.garments for answer in answers])),
        p50_ms=float(np.percentile(totals, 50)),
        p95_ms=float(np.percentile(totals, 95)),
        decode_ms=_median_ms([answer.decode for answer in answers]),
        embed_ms=_median_ms([answer.embed for answer in answers]),
        search_ms=_median_ms([answer.search for answer in answers]),
    )


def _median_ms(seconds: list[float]) -> float:
    return float(np.median(seconds)) * 1000


def _ask(collection: Collection, embedder: Embedder, data: bytes) -> _Answer:
    start = time.perf_counter()
    photo = decode_photo(data).photo
    decoded = time.perf_counter()
    (found,) = embedder.embed_to_ask([photo])
    embedded = time.perf_counter()
    for garment in found.garments:
        asked = collection, garment.vector, garment.garment.own_classes, RESULTS
        search_everywhere(*asked, tiles=garment.tiles, also=garment.also)
    return _Answer(
        len(found.garments), decoded - start, embedded - decoded, time.perf_counter() - embedded
    )


def fill_catalogue(data: Path, embedder: Embedder, garments: int) -> None:
    """A database of `garments` products with one generated garment each, as of this embedder."""
    fingerprint = embedder.fingerprint
    database = open_database(data)
    model_id = use_model(database, fingerprint)
    ids = numbers(1)
    for vectors in GarmentVectors(seed=0).chunks(garments):
        if vectors.shape[1] != fingerprint.dimension:
            raise ModelMismatch(
                f"generated vectors have {vectors.shape[1]} numbers, this encoder's "
                f"{fingerprint.dimension}; measure with the shipped weights"
            )
        for start in range(0, len(vectors), _ROWS):
            _insert(database, model_id, ids, vectors[start : start + _ROWS])
    database.close()


def _insert(database: Database, model_id: int, ids: Iterator[int], vectors: Any) -> None:
    rows: list[tuple[int, Vector]] = [(next(ids), vector) for vector in vectors]
    with database.transaction() as session:
        session.execute(
            insert(Product),
            [{"id": f"p{number}", "title": f"Garment {number}"} for number, _ in rows],
        )
        session.execute(
            insert(Photo),
            [
                {"id": number, "product_id": f"p{number}", "source": "photo", "status": "indexed"}
                for number, _ in rows
            ],
        )
        session.execute(insert(Garment), [_garment_row(number) for number, _ in rows])
        session.execute(
            insert(VectorRow),
            [
                {"garment_id": number, "model_id": model_id, "values": vector_to_bytes(vector)}
                for number, vector in rows
            ],
        )
        session.execute(
            insert(GarmentTiles),
            [
                {"garment_id": number, "model_id": model_id, "values": _tiles(number)}
                for number, _ in rows
            ],
        )


def _tiles(number: int) -> bytes:
    """As many tiles as a garment has on average, of any numbers."""
    generator = np.random.default_rng(number)
    return tiles_to_bytes(generator.integers(-UNIT, UNIT, _TILES, np.int8))


def _garment_row(number: int) -> dict[str, Any]:
    garment_class = GARMENT_CLASSES[number % len(GARMENT_CLASSES)]
    return {
        "id": number,
        "photo_id": number,
        "garment_class": int(garment_class),
        "score": 0.9,
        "area": 0.3,
        "x0": 0.1,
        "y0": 0.1,
        "x1": 0.9,
        "y1": 0.9,
        "colours": [],
    }
