"""Memory over a long run: private memory by photos indexed, and its growth.

    python -m indexing.benchmarks soak [--photos DIR] [--count 3000]
    python -m indexing.benchmarks soak --light --count 100000

With `--light` only the networks are replaced (`light`), so that 100,000 small photos of many sizes
take minutes instead of hours. With the real networks their own buffers are measured too.

The catalogue itself takes memory in any process. A new process therefore opens it afterwards and
indexes a few more photos; the excess of the long run over that is leaked, or was allocated for
drawing the photos, which shows in its first window.

Up to 20,000 vectors of a class (`EXACT_LIMIT`) are held in memory, more in a mapped file: until
all classes are that large, memory grows by up to `vector_mb`.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from catalog.feeds.folder import read_folder
from indexing.benchmarks.light import light_embedder
from indexing.benchmarks.photos import DRAWN_SIZES, SMALL_SIZES, write_photos
from indexing.benchmarks.report import in_fresh_process, log, private_mb
from indexing.bulk.records import IndexProgress
from indexing.collection import open_collection
from indexing.embedding.wiring import load_embedder
from indexing.types import Embedder
from segmentation.runtime import RuntimeOptions

SOAK_PHOTOS: Final = 3000
WARM: Final = 1 / 3
"""Share of the photos after which all buffers should have their size."""
MORE: Final = 2000
WINDOWS: Final = 30
"""Equal parts of a run, to whose medians growth is fitted, because merges cause spikes."""

Samples = list[tuple[int, float]]
"""Photos done and memory in MB."""


@dataclass(frozen=True)
class SoakFigures:
    """Private memory of the indexing process in MB.

    `private_mb` pairs photos done with the median memory of that part of the run. Growth is fitted
    after the first third; `vector_mb` is the size of all vectors as float32. `reopened_mb` is the
    memory of a new process that indexes MORE photos into the same catalogue.
    """

    photos: int
    garments: int
    light: bool
    private_mb: tuple[tuple[int, float], ...]
    private_most_mb: float
    growth_mb_per_1000_photos: float
    reopened_mb: float
    vector_mb: float
    photos_per_second: float


def measure_soak(
    source: Path | None, options: RuntimeOptions, count: int, light: bool = False
) -> SoakFigures:
    """Index `count` different photos and measure memory; `light` replaces the networks."""
    seen: Samples = []

    def watch(progress: IndexProgress) -> None:
        seen.append((progress.done, private_mb()))
        if progress.done % (count // WINDOWS + 1) < 16:
            log(f"{progress.done} of {progress.total}: {seen[-1][1]:.0f} MB")

    embedder = _embedder(options, light)
    sizes = SMALL_SIZES if light else DRAWN_SIZES
    with tempfile.TemporaryDirectory(prefix="apparel-soak-") as name:
        folder = Path(name)
        write_photos(folder / "photos", count, source, sizes)
        collection = open_collection(folder / "data", embedder)
        summary = collection.index(read_folder(folder / "photos"), on_progress=watch)
        collection.close()
        write_photos(folder / "more", min(MORE, count), source, sizes)
        reopened = in_fresh_process(_index_more, folder, options, light)
    medians = windows(seen)
    return SoakFigures(
        photos=count,
        garments=summary.garments,
        light=light,
        private_mb=medians,
        private_most_mb=round(max(private for _, private in seen), 1),
        growth_mb_per_1000_photos=growth(medians),
        reopened_mb=round(reopened, 1),
        vector_mb=round(summary.garments * embedder.fingerprint.dimension * 4 / 2**20, 1),
        photos_per_second=summary.photos_per_second,
    )


def _embedder(options: RuntimeOptions, light: bool) -> Embedder:
    if light:
        return light_embedder(options.threads)
    return load_embedder(options=options)


def _index_more(folder: Path, options: RuntimeOptions, light: bool) -> float:
    """Index the photos in `more`; return the median memory of the second half in MB."""
    seen: list[float] = []
    collection = open_collection(folder / "data", _embedder(options, light))
    collection.index(read_folder(folder / "more"), on_progress=lambda _: seen.append(private_mb()))
    collection.close()
    return float(np.median(seen[len(seen) // 2 :]))


def windows(seen: Samples) -> tuple[tuple[int, float], ...]:
    """Photos done and median memory in the middle of each part of a run."""
    parts = np.array_split(np.array(seen), min(WINDOWS, len(seen)))
    return tuple(
        (int(part[len(part) // 2, 0]), round(float(np.median(part[:, 1])), 1)) for part in parts
    )


def growth(medians: tuple[tuple[int, float], ...]) -> float:
    """MB per 1,000 photos, by least squares over the last two thirds; 0 for a single window."""
    warm = np.array([each for each in medians if each[0] >= WARM * medians[-1][0]])
    if len(warm) < 2:
        return 0.0
    return round(float(np.polyfit(warm[:, 0] / 1000, warm[:, 1], 1)[0]), 3)
