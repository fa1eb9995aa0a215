"""Memory over a long run: the resident set after a warm-up and at the end of it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.feeds import read_folder
from indexing.benchmarks.photos import write_photos
from indexing.benchmarks.report import resident_mb, tell
from indexing.collection import open_collection
from indexing.stages import IndexProgress
from indexing.wiring import load_embedder
from segmentation.runtime import RuntimeOptions

SOAK_PHOTOS: Final = 3000
WARM: Final = 0.2
"""Share of the photos after which all buffers have their size."""


@dataclass(frozen=True)
class SoakFigures:
    """Resident memory, in MB, of the process that indexes."""

    photos: int
    garments: int
    resident_warm_mb: float
    resident_most_mb: float
    resident_end_mb: float
    growth_mb_per_100k_photos: float
    photos_per_second: float


def measure_soak(source: Path | None, options: RuntimeOptions, count: int) -> SoakFigures:
    """Index `count` photos, no two alike in bytes, and watch the memory."""
    seen: list[tuple[int, float]] = []

    def watch(progress: IndexProgress) -> None:
        seen.append((progress.done, resident_mb()))
        if progress.done % 1024 < 16:
            tell(f"{progress.done} of {progress.total}: {seen[-1][1]:.0f} MB")

    with tempfile.TemporaryDirectory(prefix="apparel-soak-") as name:
        folder = Path(name)
        write_photos(folder / "photos", count, source)
        collection = open_collection(folder / "data", load_embedder(options=options))
        summary = collection.index(read_folder(folder / "photos"), on_progress=watch)
        collection.close()
    warm = [(done, resident) for done, resident in seen if done >= WARM * count]
    (first, at_first), (last, at_last) = warm[0], warm[-1]
    return SoakFigures(
        photos=count,
        garments=summary.garments,
        resident_warm_mb=at_first,
        resident_most_mb=max(resident for _, resident in warm),
        resident_end_mb=at_last,
        growth_mb_per_100k_photos=(at_last - at_first) / max(1, last - first) * 100_000,
        photos_per_second=summary.photos_per_second,
    )
