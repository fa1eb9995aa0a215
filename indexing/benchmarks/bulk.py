"""Photos/s from JPEG files to committed vectors, against the same networks in a plain loop.

The baseline `eager` runs the same networks in eager float32 torch with the same number of threads,
one photo after the other: read, embed, commit.
"""

import tempfile
import time
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.database import open_database
from catalog.feeds.folder import read_folder
from catalog.importing.importer import import_feed
from catalog.photos import PhotoStore
from indexing.benchmarks.photos import write_photos
from indexing.benchmarks.report import log
from indexing.bulk.pipeline import index_photos
from indexing.clock import StageClock
from indexing.collection import open_collection
from indexing.embedding.wiring import load_embedder
from indexing.index.vector_rows import use_model
from indexing.types import Embedder
from segmentation.runtime import RuntimeOptions

BULK_PHOTOS: Final = 600
EAGER_PHOTOS: Final = 80
WARM_UP: Final = 8


@dataclass(frozen=True)
class BulkFigures:
    """Photos per second, and the ratio to the baseline.

    `eager` is the module's baseline; `cpu_ms` is CPU time per photo summed over all
    cores, which hardly depends on the machine's other load; `stages` are seconds of work.
    """

    photos: int
    garments: int
    threads: int
    photos_per_second: float
    photos_per_second_per_core: float
    cpu_ms: float
    eager: float
    eager_cpu_ms: float
    times_eager: float
    stages: dict[str, float]
    bottleneck: str


def measure_bulk(source: Path | None, options: RuntimeOptions, count: int) -> BulkFigures:
    """Index drawn photos, or those of a folder, and measure the baseline on some of them."""
    with tempfile.TemporaryDirectory(prefix="apparel-bulk-") as name:
        folder = Path(name)
        write_photos(folder / "photos", count, source)
        write_photos(folder / "few", min(EAGER_PHOTOS, count) + WARM_UP, source)
        reference = load_embedder(options=RuntimeOptions("torch", options.threads))
        eager, eager_cpu_ms = _one_by_one(folder, "eager", reference)
        log(f"eager {eager:.1f} photos/s ({eager_cpu_ms:.1f} ms CPU)")
        collection = open_collection(folder / "data", load_embedder(options=options))
        # Warm-up: the first calls of compiled networks are slow.
        collection.index(read_folder(folder / "few"))
        cpu = time.process_time()
        summary = collection.index(read_folder(folder / "photos"))
        cpu_ms = (time.process_time() - cpu) / count * 1000
        collection.close()
        speed = summary.photos_per_second
        log(f"pipeline {speed:.1f} photos/s ({cpu_ms:.1f} ms CPU)")
        return BulkFigures(
            photos=count,
            garments=summary.garments,
            threads=options.threads,
            photos_per_second=speed,
            photos_per_second_per_core=speed / options.threads,
            cpu_ms=cpu_ms,
            eager=eager,
            eager_cpu_ms=eager_cpu_ms,
            times_eager=speed / eager,
            stages={each.stage: round(each.seconds, 2) for each in summary.stages},
            bottleneck=summary.bottleneck,
        )


def _one_by_one(folder: Path, name: str, embedder: Embedder) -> tuple[float, float]:
    """Photos/s, and CPU ms per photo, when photos are processed one by one."""
    with closing(open_database(folder / name)) as database:
        with database.transaction() as session:
            pending = import_feed(session, read_folder(folder / "few")).pending
        model_id = use_model(database, embedder.fingerprint)
        store, clock = PhotoStore(folder / name), StageClock()
        start, cpu = time.perf_counter(), time.process_time()
        for number, photo in enumerate(pending):
            if number == WARM_UP:
                start, cpu = time.perf_counter(), time.process_time()
            for _ in index_photos([photo], embedder, database, model_id, store, clock):
                pass
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu
    photos = len(pending) - WARM_UP
    return photos / seconds, cpu_seconds / photos * 1000
