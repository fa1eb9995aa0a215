"""Memory over a long run: what no file backs, by photos done, and how fast it still grows.

    python -m indexing.benchmarks soak [--photos DIR] [--count 3000]
    python -m indexing.benchmarks soak --light --count 100000

With `--light` reader, store, crops, colours, database and indices are the real ones, and only
the networks are not (`light`): 100,000 photos in minutes, not in hours. Photos are small then,
of many sizes. With the real networks their own buffers are measured too.

Vectors are searched from memory up to 20,000 of a class (`indexing.base.EXACT_LIMIT`), from a
mapped file beyond: until all classes are that large memory grows by what `vector_mb` says.
"""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from catalog.feeds import read_folder
from indexing.benchmarks.light import light_embedder
from indexing.benchmarks.photos import DRAWN_SIZES, SMALL_SIZES, write_photos
from indexing.benchmarks.report import private_mb, tell
from indexing.collection import open_collection
from indexing.stages import IndexProgress
from indexing.wiring import load_embedder
from segmentation.runtime import RuntimeOptions

SOAK_PHOTOS: Final = 3000
WARM: Final = 1 / 3
"""Share of the photos after which all buffers should have their size."""
WINDOWS: Final = 30
"""Growth is fitted to the medians of so many equal parts of a run: merges come and go."""

Watched = list[tuple[int, float]]
"""Photos done, and the memory then in MB."""


@dataclass(frozen=True)
class SoakFigures:
    """Memory of the process that indexes, in MB, without what files back; vectors are in it.

    `private_mb` is photos done and the median memory of that part of the run. `growth` is fitted
    to what comes after the first third; `vector_mb` is all vectors as float32, wherever they lie.
    """

    photos: int
    garments: int
    light: bool
    private_mb: tuple[tuple[int, float], ...]
    private_most_mb: float
    growth_mb_per_1000_photos: float
    vector_mb: float
    photos_per_second: float


def measure_soak(
    source: Path | None, options: RuntimeOptions, count: int, light: bool = False
) -> SoakFigures:
    """Index `count` photos, no two alike in bytes, and watch the memory.

    Args:
        light: without the real networks.
    """
    seen: Watched = []

    def watch(progress: IndexProgress) -> None:
        seen.append((progress.done, private_mb()))
        if progress.done % (count // WINDOWS + 1) < 16:
            tell(f"{progress.done} of {progress.total}: {seen[-1][1]:.0f} MB")

    embedder = light_embedder(options.threads) if light else load_embedder(options=options)
    with tempfile.TemporaryDirectory(prefix="apparel-soak-") as name:
        folder = Path(name)
        write_photos(folder / "photos", count, source, SMALL_SIZES if light else DRAWN_SIZES)
        collection = open_collection(folder / "data", embedder)
        summary = collection.index(read_folder(folder / "photos"), on_progress=watch)
        collection.close()
    medians = windows(seen)
    return SoakFigures(
        photos=count,
        garments=summary.garments,
        light=light,
        private_mb=medians,
        private_most_mb=round(max(private for _, private in seen), 1),
        growth_mb_per_1000_photos=growth(medians),
        vector_mb=round(summary.garments * embedder.fingerprint.dimension * 4 / 2**20, 1),
        photos_per_second=summary.photos_per_second,
    )


def windows(seen: Watched) -> tuple[tuple[int, float], ...]:
    """The middle of each part of a run: photos done, median memory."""
    parts = np.array_split(np.array(seen), min(WINDOWS, len(seen)))
    return tuple(
        (int(part[len(part) // 2, 0]), round(float(np.median(part[:, 1])), 1)) for part in parts
    )


def growth(medians: tuple[tuple[int, float], ...]) -> float:
    """MB for 1,000 photos, by least squares over the last two thirds; 0 if that is one window."""
    warm = np.array([each for each in medians if each[0] >= WARM * medians[-1][0]])
    if len(warm) < 2:
        return 0.0
    return round(float(np.polyfit(warm[:, 0] / 1000, warm[:, 1], 1)[0]), 3)
