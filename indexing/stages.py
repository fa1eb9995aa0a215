"""What travels between the stages of a bulk run, and the clock that times them.

PendingPhoto -> ReadPhoto -> IndexedPhoto -> CommittedBatch
             \\-> SkippedPhoto ------------/
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from catalog.importer import ImportSummary, PendingPhoto
from indexing.records import (
    UNKNOWN_ATTRIBUTES,
    Colour,
    EmbeddedGarment,
    GarmentAttributes,
    PhotoSource,
    Skip,
    Vector,
)
from indexing.tiles import Tiles, no_tiles
from segmentation.classes import GarmentClass
from segmentation.photos import Photo

GarmentIds = npt.NDArray[np.int64]
Vectors = npt.NDArray[np.float32]
"""Vectors of several garments, shape (n, d)."""


@dataclass(frozen=True, eq=False)
class ReadPhoto:
    """A photo decoded; `stored` names its reduced copy."""

    pending: PendingPhoto
    sha256: str
    stored: str
    photo: Photo


@dataclass(frozen=True, eq=False)
class GarmentRecord:
    """A garment as the database holds it: its box as shares of the photo, its pixels gone.

    `whole_photo` as in `EmbeddedGarment`.
    """

    garment_class: GarmentClass
    score: float
    area: float
    box: tuple[float, float, float, float]
    colours: tuple[Colour, ...]
    vector: Vector
    attributes: GarmentAttributes = UNKNOWN_ATTRIBUTES
    whole_photo: bool = False
    tiles: Tiles = field(default_factory=no_tiles)

    @classmethod
    def from_embedded(cls, embedded: EmbeddedGarment, height: int, width: int) -> "GarmentRecord":
        """From a garment on a photo of this size in pixels."""
        garment = embedded.garment
        x0, y0, x1, y1 = garment.box
        return cls(
            garment.garment_class,
            garment.score,
            garment.area,
            (x0 / width, y0 / height, x1 / width, y1 / height),
            embedded.colours,
            embedded.vector,
            embedded.attributes,
            embedded.whole_photo,
            embedded.tiles,
        )


@dataclass(frozen=True, eq=False)
class IndexedPhoto:
    """A photo with its garments, ready to be written; size in pixels as decoded."""

    pending: PendingPhoto
    sha256: str
    stored: str
    height: int
    width: int
    garments: tuple[GarmentRecord, ...]


@dataclass(frozen=True)
class SkippedPhoto:
    """A photo that was refused at some stage; no SHA-256 where there is no file."""

    pending: PendingPhoto
    sha256: str | None
    skip: Skip


def skipped(
    pending: PendingPhoto, sha256: str | None, stage: str, code: str, reason: str
) -> SkippedPhoto:
    """A photo refused at a stage (fetch, read, segment), with a stable code and the reason."""
    source = PhotoSource(pending.product_id, pending.path, pending.position, pending.url)
    return SkippedPhoto(pending, sha256, Skip(source, stage, code, reason))


@dataclass(frozen=True, eq=False)
class GarmentChange:
    """What a transaction did to the vectors: ids and vectors (n, d) by class, ids removed.

    These are all changes of the database (`catalog.models.VectorChange`) behind `after` up to
    `last`; -1 where that is not known, then a refresh reads them again.
    """

    added: dict[GarmentClass, tuple[GarmentIds, Vectors]]
    removed: GarmentIds
    after: int = -1
    last: int = -1


@dataclass(frozen=True, eq=False)
class CommittedBatch:
    """A batch that is in the database: counts, the skips and the change of the vectors.

    `wholes` of the garments are whole photos.
    """

    indexed: int
    garments: int
    wholes: int
    skips: tuple[Skip, ...]
    change: GarmentChange

    @property
    def photos(self) -> int:
        """Photos of the batch, indexed or skipped."""
        return self.indexed + len(self.skips)


@dataclass(frozen=True)
class IndexProgress:
    """How far a run is: `done` of `total` photos, `skipped` of them refused."""

    done: int
    total: int
    skipped: int
    garments: int
    photos_per_second: float

    @property
    def seconds_left(self) -> float | None:
        """None while no speed is known."""
        if not self.photos_per_second:
            return None
        return (self.total - self.done) / self.photos_per_second


@dataclass(frozen=True)
class StageTiming:
    """Seconds that one stage worked; stages overlap, so they may add up to more than the run.

    "embed" is the models' whole turn and holds segment, crop and encode, which several
    threads may work on at once.
    """

    stage: str
    seconds: float


@dataclass(frozen=True)
class IndexSummary:
    """What one run did. `indexed + skipped` photos were looked at; `unchanged` needed no work.

    `wholes` of the indexed photos were taken whole (`indexing.whole_photos`).
    `seconds` is of the whole run, `photos_per_second` of indexing alone; `bottleneck` names
    the stage that the others waited for ("" where nothing was indexed).
    """

    products: ImportSummary
    indexed: int
    skipped: int
    unchanged: int
    garments: int
    wholes: int
    seconds: float
    photos_per_second: float
    stages: tuple[StageTiming, ...]
    skips: tuple[Skip, ...]
    bottleneck: str = ""


class StageClock:
    """Adds up the seconds of each stage, on any thread."""

    def __init__(self) -> None:
        self.started = time.perf_counter()
        self._seconds: dict[str, float] = {}
        self._lock = threading.Lock()

    @contextmanager
    def timing(self, stage: str) -> Iterator[None]:
        """Count the time inside to a stage."""
        start = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - start
            with self._lock:
                self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def timings(self) -> tuple[StageTiming, ...]:
        """Every stage, the slowest first."""
        with self._lock:
            ordered = sorted(self._seconds.items(), key=lambda item: item[1], reverse=True)
        return tuple(StageTiming(stage, seconds) for stage, seconds in ordered)
