"""Time from a query photo's bytes to the nearest products of each garment.

The catalogue is generated (`vectors`); all stages are the real ones: decode, segment, crop,
encode, search, read the products.
"""

import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from indexing.benchmarks.catalogue import FINGERPRINT, fill
from indexing.benchmarks.photos import write_photos
from indexing.benchmarks.report import log
from indexing.collection import Collection, open_collection
from indexing.embedding.wiring import load_embedder
from indexing.errors import ModelMismatch
from indexing.search.query import Query
from indexing.types import Embedder
from segmentation.classes import GARMENT_CLASSES
from segmentation.photos import decode_photo
from segmentation.runtime import RuntimeOptions

GARMENTS: Final = 100_000
QUERIES: Final = 100
RESULTS: Final = 24


@dataclass(frozen=True)
class QueryFigures:
    """Milliseconds from photo bytes to the last garment's products; stages are medians."""

    garments: int
    queries: int
    garments_per_query: float
    p50_ms: float
    p95_ms: float
    decode_ms: float
    embed_ms: float
    search_ms: float


def measure_query(source: Path | None, options: RuntimeOptions) -> QueryFigures:
    """Search a generated catalogue with photos of a folder, or drawn ones."""
    embedder = load_embedder(options=options)
    with tempfile.TemporaryDirectory(prefix="apparel-query-") as name:
        folder = Path(name)
        _require_shipped(embedder)
        fill(folder / "data", GARMENTS, fingerprint=embedder.fingerprint, classes=GARMENT_CLASSES)
        write_photos(folder / "photos", QUERIES, source)
        files = [path.read_bytes() for path in sorted((folder / "photos").iterdir())]
        collection = open_collection(folder / "data", embedder)
        log(f"{GARMENTS} garments are in, {QUERIES} queries come")
        for data in files[:5]:
            _timed_query(collection, embedder, data)
        timings = [_timed_query(collection, embedder, data) for data in files]
        collection.close()
    found, decode, embed, search = np.array(timings).T
    totals = decode + embed + search
    return QueryFigures(
        garments=GARMENTS,
        queries=len(timings),
        garments_per_query=float(found.mean()),
        p50_ms=float(np.percentile(totals, 50)),
        p95_ms=float(np.percentile(totals, 95)),
        decode_ms=float(np.median(decode)),
        embed_ms=float(np.median(embed)),
        search_ms=float(np.median(search)),
    )


def _timed_query(
    collection: Collection, embedder: Embedder, data: bytes
) -> tuple[float, float, float, float]:
    """Number of garments, and milliseconds to decode, to embed and to search."""
    times = [time.perf_counter()]
    photo = decode_photo(data).photo
    times.append(time.perf_counter())
    (found,) = embedder.embed([photo])
    times.append(time.perf_counter())
    for garment in found.garments:
        collection.results(replace(Query.of(garment), count=RESULTS))
    times.append(time.perf_counter())
    decode, embed, search = (1e3 * np.diff(times)).tolist()
    return len(found.garments), decode, embed, search


def _require_shipped(embedder: Embedder) -> None:
    if embedder.fingerprint.dimension != FINGERPRINT.dimension:
        raise ModelMismatch(
            f"generated vectors have {FINGERPRINT.dimension} numbers, this encoder's "
            f"{embedder.fingerprint.dimension}; measure with the shipped weights"
        )
