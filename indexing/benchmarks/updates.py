"""Rate at which garments can be replaced, committed and made visible to searches."""

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from catalog.colours import Colour
from catalog.database import Database
from catalog.importing.records import PendingPhoto
from indexing.bulk.records import GarmentRecord, IndexedPhoto
from indexing.bulk.writer import write_batch
from indexing.index.engine import VectorEngine
from indexing.search.query import Query
from indexing.types import Hit, Vector, Vectors
from segmentation.classes import GarmentClass

BATCHES: Final = 30
BATCH: Final = 100
"""Photos in one transaction."""


@dataclass(frozen=True)
class Updates:
    """Garments replaced per second; each batch is committed and then searched.

    `visible_ms` is the maximum time from a commit to the end of a search that finds the batch.
    """

    updates: int
    per_second: float
    visible_ms: float
    all_found: bool


def measure_updates(
    database: Database, engine: VectorEngine, model_id: int, vectors: Vectors, writers: int = 1
) -> Updates:
    """Replace the garments of photos 1 to BATCHES * BATCH by the given vectors, in turn."""

    def replace_batch(number: int) -> tuple[float, bool]:
        chosen = [vectors[(number * BATCH + each) % len(vectors)] for each in range(BATCH)]
        outcomes = [
            _replaced(number * BATCH + each + 1, vector) for each, vector in enumerate(chosen)
        ]
        with database.batch_transaction() as session:
            batch = write_batch(session, model_id, outcomes)
        committed = time.perf_counter()
        engine.apply([batch.change])
        best = _best(database, engine, chosen[0])
        return time.perf_counter() - committed, bool(best) and best[0].score > 0.999

    start = time.perf_counter()
    with ThreadPoolExecutor(writers) as pool:
        visible = list(pool.map(replace_batch, range(BATCHES)))
    done, seconds = BATCHES * BATCH, time.perf_counter() - start
    slowest = max(each for each, _ in visible)
    return Updates(
        done, round(done / seconds, 1), round(slowest * 1e3, 2), all(found for _, found in visible)
    )


def _best(database: Database, engine: VectorEngine, vector: Vector) -> list[Hit]:
    query = Query(vector, (GarmentClass.UPPER,), count=1, colour_weight=0.5)
    with database.session() as session:
        return engine.nearest(session, query, 1).hits


def _replaced(photo_id: int, vector: np.ndarray[tuple[int], np.dtype[np.float32]]) -> IndexedPhoto:
    record = GarmentRecord(
        garment_class=GarmentClass.UPPER,
        score=0.9,
        area=0.4,
        box=(0.1, 0.1, 0.9, 0.9),
        colours=(Colour("grey", "#808080", 1.0),),
        vector=vector,
    )
    pending = PendingPhoto(photo_id, f"p{photo_id}", Path(f"{photo_id}.jpg"), 0)
    return IndexedPhoto(pending, f"{photo_id:064x}", f"{photo_id}.jpg", 480, 360, (record,))
