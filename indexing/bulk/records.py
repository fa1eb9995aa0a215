"""Records that the stages of a bulk run exchange.

PendingPhoto -> ReadPhoto -> IndexedPhoto -> CommittedBatch
             \\-> SkippedPhoto ------------/
"""

from dataclasses import dataclass

from catalog.colours import Colour
from catalog.importing.records import ImportSummary, PendingPhoto
from indexing.clock import StageTiming
from indexing.types import (
    UNKNOWN_ATTRIBUTES,
    EmbeddedGarment,
    GarmentAttributes,
    GarmentIds,
    Skip,
    Vector,
    Vectors,
)
from segmentation.classes import GarmentClass
from segmentation.photos import Photo


@dataclass(frozen=True, eq=False)
class ReadPhoto:
    """A decoded photo; `stored` names its reduced copy."""

    pending: PendingPhoto
    sha256: str
    stored: str
    photo: Photo


@dataclass(frozen=True, eq=False)
class GarmentRecord:
    """A garment as stored in the database: box relative to the photo, 0 to 1, no pixels."""

    garment_class: GarmentClass
    score: float
    area: float
    box: tuple[float, float, float, float]
    colours: tuple[Colour, ...]
    vector: Vector
    attributes: GarmentAttributes = UNKNOWN_ATTRIBUTES

    @classmethod
    def from_embedded(cls, embedded: EmbeddedGarment, height: int, width: int) -> "GarmentRecord":
        """Convert a garment on a photo of this size in pixels."""
        garment = embedded.garment
        x0, y0, x1, y1 = garment.box
        return cls(
            garment_class=garment.garment_class,
            score=garment.score,
            area=garment.area,
            box=(x0 / width, y0 / height, x1 / width, y1 / height),
            colours=embedded.colours,
            vector=embedded.vector,
            attributes=embedded.attributes,
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
    """A photo that was not indexed; `sha256` is None where there is no file.

    `stored` names its reduced copy, which /admin shows, where it could be read.
    """

    sha256: str | None
    skip: Skip
    stored: str | None = None

    @property
    def pending(self) -> PendingPhoto:
        """The photo of the feed."""
        return self.skip.source


@dataclass(frozen=True, eq=False)
class GarmentChange:
    """Changes of the vectors by one transaction: ids and vectors (n, d) by class, removed ids.

    They cover the entries of `catalog.models.VectorChange` after `after` up to `last`; both are -1
    where unknown, and a refresh then reads the changes again.
    """

    added: dict[GarmentClass, tuple[GarmentIds, Vectors]]
    removed: GarmentIds
    after: int = -1
    last: int = -1


@dataclass(frozen=True)
class BatchCounts:
    """Counts and skips of photos that are committed.

    `unused` names stored copies that these photos do not use; other photos may.
    """

    indexed: int
    garments: int
    skips: tuple[Skip, ...]
    unused: tuple[str, ...] = ()

    def __add__(self, other: "BatchCounts") -> "BatchCounts":
        return BatchCounts(
            self.indexed + other.indexed,
            self.garments + other.garments,
            self.skips + other.skips,
            self.unused + other.unused,
        )

    @property
    def photos(self) -> int:
        """Number of photos, indexed or skipped."""
        return self.indexed + len(self.skips)


@dataclass(frozen=True, eq=False, kw_only=True)
class CommittedBatch(BatchCounts):
    """A committed batch, with the changes of the vectors."""

    change: GarmentChange


@dataclass(frozen=True)
class IndexProgress:
    """Progress of a run: `done` of `total` photos, of which `skipped` were not indexed."""

    done: int
    total: int
    skipped: int
    garments: int
    photos_per_second: float


@dataclass(frozen=True)
class IndexSummary:
    """Summary of a run: `indexed + skipped` photos were processed, `unchanged` needed no work.

    `seconds` is the whole run, `photos_per_second` the speed of indexing; `bottleneck` names the
    limiting stage ("" where nothing was indexed).
    """

    products: ImportSummary
    indexed: int
    skipped: int
    unchanged: int
    garments: int
    seconds: float
    photos_per_second: float
    stages: tuple[StageTiming, ...]
    skips: tuple[Skip, ...]
    bottleneck: str = ""
