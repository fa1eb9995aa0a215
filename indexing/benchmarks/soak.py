"""Memory over a long run: what no file backs, after a warm-up and at the end of it."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from catalog.feeds import read_folder
from indexing.benchmarks.photos import write_photos
from indexing.benchmarks.report import private_mb, tell
from indexing.collection import open_collection
from indexing.stages import IndexProgress
from indexing.wiring import load_embedder
from segmentation.runtime import RuntimeOptions

SOAK_PHOTOS: Final = 3000
WARM: Final = 0.5
"""Share of the photos after which all buffers have their size."""


@dataclass(frozen=True)
class SoakFigures:
    """Memory of the process that indexes, in MB, without what files back; vectors are in it."""

    photos: int
    garments: int
    private_warm_mb: float
    private_most_mb: float
    private_end_mb: float
    growth_mb_per_1000_photos: float
    photos_per_second: float


def measure_soak(source: Path | None, options: RuntimeOptions, count: int) -> SoakFigures:
    """Index `count` photos, no two alike in bytes, and watch the memory."""
    seen: list[tuple[int, float]] = []

    def watch(progress: IndexProgress) -> None:
        seen.append((progress.done, private_mb()))
        if progress.done % 1024 < 16:
            tell(f"{progress.done} of {progress.total}: {seen[-1][1]:.0f} MB")

    with tempfile.TemporaryDirectory(prefix="apparel-soak-") as name:
        folder = Path(name)
        write_photos(folder / "photos", count, source)
        collection = open_collection(folder / "data", load_embedder(options=options))
        summary = collection.index(read_folder(folder / "photos"), on_progress=watch)
        collection.close()
    warm = [(done, private) for done, private in seen if done >= WARM * count]
    (first, at_first), (last, at_last) = warm[0], warm[-1]
    return SoakFigures(
        photos=count,
        garments=summary.garments,
        private_warm_mb=at_first,
        private_most_mb=max(private for _, private in warm),
        private_end_mb=at_last,
        growth_mb_per_1000_photos=(at_last - at_first) / max(1, last - first) * 1000,
        photos_per_second=summary.photos_per_second,
    )
