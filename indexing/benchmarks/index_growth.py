"""Index growth: 10,000 to a million garments, against a flat exact FAISS index.

    python -m indexing.benchmarks.index_growth [--sizes 10000 100000 1000000] [--plot FILE.png]

Searches are single queries on one thread. Recall@10 is against exact float32 scores. Memory is the
growth of a fresh process from its imports until after opening and searching.
"""

import argparse
import resource
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import faiss
import numpy as np

from catalog.filtering.filters import parse_filters
from indexing.benchmarks.catalogue import FINGERPRINT, fill, passing, vectors_and_queries
from indexing.benchmarks.report import in_fresh_process, log, print_document
from indexing.benchmarks.searches import Search, SearchFigures, Truth, measured
from indexing.benchmarks.updates import Updates, measure_updates
from indexing.collection import Collection, open_collection
from indexing.index.indices import ClassIndices
from indexing.index.snapshot import IndexSnapshot
from indexing.index.vector_rows import use_model
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from indexing.search.query import Query
from indexing.types import Hit, Vector, Vectors
from segmentation.classes import GarmentClass

SIZES: Final = (10_000, 100_000, 1_000_000)
QUERIES: Final = 200
FLAT_QUERIES: Final = 30
FILTERED_QUERIES: Final = 20
WEIGHTS: Final = (0.0, DEFAULT_COLOUR_WEIGHT, 1.0)
FILTERS: Final = ("brand=Rare", "brand=Small", "category=Category 3", "availability=in stock")
TEN: Final = 10


@dataclass(frozen=True)
class Searched:
    """Figures of searches by weight and by filter, the flat index's p95, and updates."""

    searches: tuple[SearchFigures, ...]
    filtered: tuple[SearchFigures, ...]
    flat_p95_ms: float
    updates: Updates

    @property
    def p95_ms(self) -> float:
        return self.searches[WEIGHTS.index(DEFAULT_COLOUR_WEIGHT)].p95_ms


@dataclass(frozen=True)
class SizeFigures:
    """All figures of one size; `times_faster` compares p95 at the default weight with flat."""

    garments: int
    build_s: float
    build_memory_mb: float
    database_mb: float
    index_mb: float
    cold_start_s: float
    memory_mb: float
    times_faster: float
    searched: Searched


def index_growth(
    sizes: tuple[int, ...] = SIZES, plot: Path | None = None
) -> tuple[SizeFigures, ...]:
    """Measure every size in turn, in a temporary folder."""
    figures = tuple(_measure(size) for size in sizes)
    if plot is not None:
        draw_growth(figures, plot)
    return figures


def _measure(size: int) -> SizeFigures:
    with tempfile.TemporaryDirectory(prefix="apparel-growth-") as name:
        folder = Path(name)
        log(f"{size} garments: filling the database")
        fill(folder, size)
        build_s, build_mb = in_fresh_process(_build, folder)
        log(f"  built in {build_s:.1f} s, {build_mb:.0f} MB at most")
        index_mb = sum(path.stat().st_size for path in (folder / "index").iterdir()) / 1e6
        database_mb = sum(path.stat().st_size for path in folder.glob("apparel.db*")) / 1e6
        cold_s, memory_mb = in_fresh_process(_cold, folder)
        searched = in_fresh_process(_searched, folder, size)
    figures = SizeFigures(
        garments=size,
        build_s=round(build_s, 2),
        build_memory_mb=round(build_mb, 1),
        database_mb=round(database_mb, 1),
        index_mb=round(index_mb, 1),
        cold_start_s=round(cold_s, 3),
        memory_mb=round(memory_mb, 1),
        times_faster=round(searched.flat_p95_ms / searched.p95_ms, 1),
        searched=searched,
    )
    log(f"  {figures}")
    return figures


def _build(folder: Path) -> tuple[float, float]:
    """Seconds and peak megabytes to build the index from the database."""
    before = _memory_mb()
    start = time.perf_counter()
    open_collection(folder).close()
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    return seconds, peak - before


def _memory_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


def _cold(folder: Path) -> tuple[float, float]:
    """Seconds to open in a fresh process, and megabytes after a search."""
    before = _memory_mb()
    start = time.perf_counter()
    collection = open_collection(folder)
    seconds = time.perf_counter() - start
    for garment_id in range(1, QUERIES + 1):
        collection.search(replace(collection.query_like(garment_id), count=TEN))
    return seconds, _memory_mb() - before


def _searched(folder: Path, size: int) -> Searched:
    """Measure searches, filtered searches, the flat index and updates."""
    vectors, queries = vectors_and_queries(size, QUERIES)
    everything = Truth(vectors, np.arange(1, size + 1))
    collection = open_collection(folder)
    filtered = tuple(_filtered(collection, vectors, queries, text) for text in FILTERS)
    model_id = use_model(collection.database, FINGERPRINT)
    indices = ClassIndices(folder, collection.database, model_id, FINGERPRINT)
    snapshot = indices.snapshot(GarmentClass.UPPER)
    searches = tuple(
        measured(f"weight {each}", _search(snapshot, each), queries, everything, each, TEN)
        for each in WEIGHTS
    )
    flat = _flat_p95(vectors, queries)
    updates = measure_updates(collection.database, indices, model_id, queries)
    collection.close()
    return Searched(searches, filtered, round(flat, 3), updates)


def _search(snapshot: IndexSnapshot, weight: float) -> Search:
    return lambda query: _ids(snapshot.search(query, weight, TEN))


def _ids(hits: list[Hit]) -> list[int]:
    return [hit.garment_id for hit in hits]


def _filtered(
    collection: Collection, vectors: Vectors, queries: Vectors, text: str
) -> SearchFigures:
    truth, filters = Truth(vectors, passing(len(vectors), text)), parse_filters([text])

    def search(vector: Vector) -> list[int]:
        query = Query(vector, classes=(GarmentClass.UPPER,), count=TEN, filters=filters)
        return _ids(collection.search(query))

    queries = queries[:FILTERED_QUERIES]
    return measured(text, search, queries, truth, DEFAULT_COLOUR_WEIGHT, TEN)


def _flat_p95(vectors: Vectors, queries: Vectors) -> float:
    """p95 of FAISS's exact flat index at the default weight, in milliseconds."""
    faiss.omp_set_num_threads(1)
    index = faiss.IndexFlatIP(vectors.shape[1])
    index.add(vectors)
    times = []
    for query in queries[:FLAT_QUERIES]:
        weighted: Vector = query * np.float32(0.5)
        start = time.perf_counter()
        index.search(weighted[None], TEN)
        times.append(time.perf_counter() - start)
    return float(np.percentile(times, 95)) * 1e3


def draw_growth(figures: tuple[SizeFigures, ...], path: Path) -> None:
    """Plot time and memory by number of garments; needs matplotlib."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 3.2), layout="constrained")
    time_axes, size_axes = figure.subplots(1, 2)
    sizes = [each.garments for each in figures]
    own = [each.searched.p95_ms for each in figures]
    flat = [each.searched.flat_p95_ms for each in figures]
    time_axes.loglog(sizes, flat, "o--", label="flat exact")
    time_axes.loglog(sizes, own, "o-", label="this index")
    time_axes.set(xlabel="garments", ylabel="p95 of one search, ms")
    size_axes.loglog(sizes, [each.index_mb for each in figures], "o-", label="index files, MB")
    size_axes.loglog(sizes, [each.memory_mb for each in figures], "o-", label="memory, MB")
    size_axes.loglog(sizes, [each.build_s for each in figures], "o-", label="build, s")
    size_axes.set(xlabel="garments")
    for axes in (time_axes, size_axes):
        axes.legend()
        axes.grid(alpha=0.3)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=130)


def main() -> None:
    """Entry point of `python -m indexing.benchmarks.index_growth`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", nargs="+", type=int, default=SIZES)
    parser.add_argument("--plot", type=Path)
    arguments = parser.parse_args()
    print_document({"index-growth": index_growth(tuple(arguments.sizes), arguments.plot)})


if __name__ == "__main__":
    main()
