"""Memory over a long run: what no file backs, by photos done, and how fast it still grows.

    python -m indexing.benchmarks soak [--photos DIR] [--count 3000]
    python -m indexing.benchmarks soak --light --count 100000

With `--light` reader, store, crops, colours, database and indices are the real ones, and only
the networks are not (`light`): 100,000 photos in minutes, not in hours. Photos are small then,
of many sizes. With the real networks their own buffers are measured too.

The catalogue itself takes memory, whoever opens it: so a new process then opens it and indexes a
few photos more. What the long run has over that one it kept, or took for drawing its photos: what
it had at its first window tells the two apart.

Vectors are searched from memory up to 20,000 of a class (`indexing.base.EXACT_LIMIT`), from a
mapped file beyond: until all classes are that large memory grows by what `vector_mb` says.
"""

import multiprocessing
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from catalog.feeds import read_folder
from indexing.benchmarks.light import light_embedder
from indexing.benchmarks.photos import DRAWN_SIZES, SMALL_SIZES, write_photos
from indexing.benchmarks.report import private_mb, tell
from indexing.collection import open_collection
from indexing.records import Embedder
from indexing.stages import IndexProgress
from indexing.wiring import load_embedder
from segmentation.runtime import RuntimeOptions

SOAK_PHOTOS: Final = 3000
WARM: Final = 1 / 3
"""Share of the photos after which all buffers should have their size."""
MORE: Final = 2000
WINDOWS: Final = 30
"""Growth is fitted to the medians of so many equal parts of a run: merges come and go."""

Watched = list[tuple[int, float]]
"""Photos done, and the memory then in MB."""


@dataclass(frozen=True)
class SoakFigures:
    """Memory of the process that indexes, in MB, without what files back; vectors are in it.

    `private_mb` is photos done and the median memory of that part of the run. `growth` is fitted
    to what comes after the first third; `vector_mb` is all vectors as float32, wherever they lie.
    `reopened_mb` is the memory of a new process that indexes MORE photos into the same catalogue.
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
    """Index `count` photos, no two alike in bytes, and watch the memory.

    Args:
        light: without the real networks.
    """
    seen: Watched = []

    def watch(progress: IndexProgress) -> None:
        seen.append((progress.done, private_mb()))
        if progress.done % (count // WINDOWS + 1) < 16:
            tell(f"{progress.done} of {progress.total}: {seen[-1][1]:.0f} MB")

    embedder = _embedder(options, light)
    sizes = SMALL_SIZES if light else DRAWN_SIZES
    with tempfile.TemporaryDirectory(prefix="apparel-soak-") as name:
        folder = Path(name)
        write_photos(folder / "photos", count, source, sizes)
        collection = open_collection(folder / "data", embedder)
        summary = collection.index(read_folder(folder / "photos"), on_progress=watch)
        collection.close()
        write_photos(folder / "more", min(MORE, count), source, sizes)
        reopened = _in_a_new_process(folder, options, light)
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
    return load_embedder(options=options, second_look=False)


def _in_a_new_process(folder: Path, options: RuntimeOptions, light: bool) -> float:
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(_index_more, folder, options, light).result()


def _index_more(folder: Path, options: RuntimeOptions, light: bool) -> float:
    """Memory in MB after the photos in `more`, median of the last half."""
    seen: list[float] = []
    collection = open_collection(folder / "data", _embedder(options, light))
    collection.index(read_folder(folder / "more"), on_progress=lambda _: seen.append(private_mb()))
    collection.close()
    return float(np.median(seen[len(seen) // 2 :]))


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
