"""What travels between the stages of indexing and searching: frozen, typed, no behaviour.

Photo (an array) -> EmbeddedPhoto -> Hit
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from indexing.tiles import Tiles, no_tiles
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, Box, ClassMask, Garment, Segmentation
from segmentation.photos import Photo

if TYPE_CHECKING:
    from indexing.stages import StageClock

Vector = npt.NDArray[np.float32]
"""A garment's vector, shape (d,): a style half and a colour half, each of unit length."""


@dataclass(frozen=True)
class Colour:
    """One of a garment's main colours; `share` of its pixels, 0 to 1."""

    name: str
    hex: str
    share: float


@dataclass(frozen=True)
class Attribute:
    """A predicted attribute, and how probable it is, 0 to 1."""

    value: str
    certainty: float


@dataclass(frozen=True)
class GarmentAttributes:
    """What was predicted of a garment; None where nothing was, or too unsurely to be told."""

    kind: Attribute | None = None
    pattern: Attribute | None = None
    sleeve: Attribute | None = None
    length: Attribute | None = None


ATTRIBUTE_NAMES: Final = ("kind", "pattern", "sleeve", "length")
UNKNOWN_ATTRIBUTES: Final = GarmentAttributes()


@dataclass(frozen=True, eq=False)
class Probe:
    """What an index is asked with: the vector and the tiles of one mask.

    Attributes:
        own: the classes that what it shows may well be of.
        is_guess: only a garment whose details agree answers, as in a class that is not its own.
    """

    vector: Vector
    tiles: Tiles
    own: tuple[GarmentClass, ...] = ()
    is_guess: bool = False


@dataclass(frozen=True, eq=False)
class EmbeddedGarment:
    """A garment with its colours, its vector and its attributes.

    `whole_photo` is True where no garment was found and the whole photo stands in.
    `also` is asked with too, where its mask is in doubt; only garments that somebody searches
    with have any (`indexing.probes`).
    """

    garment: Garment
    colours: tuple[Colour, ...]
    vector: Vector
    whole_photo: bool = False
    attributes: GarmentAttributes = UNKNOWN_ATTRIBUTES
    tiles: Tiles = field(default_factory=no_tiles)
    also: tuple[Probe, ...] = ()


@dataclass(frozen=True, eq=False)
class EmbeddedPhoto:
    """One photo after the models: size in pixels, segmentation, garments (largest first).

    `possible` may be the garment where none was found; of a photo to search with only.
    """

    height: int
    width: int
    segmentation: Segmentation
    garments: tuple[EmbeddedGarment, ...]
    possible: tuple[EmbeddedGarment, ...] = ()

    @property
    def mask(self) -> ClassMask:
        """Class of each pixel, shape (height, width); drawn when it is first asked for."""
        return self.segmentation.mask


@dataclass(frozen=True)
class ModelFingerprint:
    """What made a set of vectors: two sets may be compared only if these are equal.

    `segmenter` and `encoder` read like "fpn-regnetx_004/3f2a9c01de55" (architecture,
    then a hash over weights and preprocessing).
    """

    segmenter: str
    encoder: str
    style_dimension: int
    colour_dimension: int

    @property
    def dimension(self) -> int:
        return self.style_dimension + self.colour_dimension

    @property
    def key(self) -> str:
        """One line that names it, for messages and file names."""
        return f"{self.segmenter} + {self.encoder} ({self.dimension} d)"


class PhotoSegmenter(Protocol):
    """What turns photos into masks and garments; `segmentation.predictor.Segmenter` is one."""

    @property
    def fingerprint(self) -> str: ...

    def segment(self, photos: list[Photo]) -> list[Segmentation]: ...


class BulkEmbedder(Protocol):
    """What bulk indexing needs of an embedder."""

    @property
    def fingerprint(self) -> ModelFingerprint: ...

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """Segment and embed photos; one answer a photo, in order."""
        ...

    def embed_whole(self, photo: Photo, garment_class: GarmentClass) -> EmbeddedGarment:
        """The whole photo as one garment of this class, `whole_photo` set."""
        ...


class Embedder(BulkEmbedder, Protocol):
    """The one path from photos to vectors, shared by bulk indexing and queries."""

    def embed_region(
        self,
        photo: Photo,
        region: Box | BoolMask | Garment,
        garment_class: GarmentClass | None = None,
    ) -> EmbeddedGarment:
        """A part of the photo, given as a box, by its pixels or as the segmenter told it, as one
        garment."""
        ...

    def embed_to_ask(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """As `embed`, with what else a search should ask with."""
        ...

    def colour_half(self, colour: str) -> Vector:
        """The colour half that a plain garment of this colour has: a name, or #rrggbb.

        ValueError says which names there are.
        """
        ...


@runtime_checkable
class TimedEmbedder(Protocol):
    """An embedder that tells how long each of its stages took."""

    def embed_timed(self, photos: list[Photo], clock: "StageClock") -> list[EmbeddedPhoto]:
        """As `Embedder.embed`, with the seconds of each stage counted on a clock."""
        ...


@dataclass(frozen=True)
class PhotoSource:
    """A photo to index: whose it is, where its file lies, its place among the product's photos.

    `url` is where the file came from, None where it lay on the disk.
    """

    product_id: str
    path: Path
    position: int = 0
    url: str | None = None


@dataclass(frozen=True)
class Skip:
    """A photo that was not indexed: at which stage and why. A value, not an exception."""

    source: PhotoSource
    stage: str
    code: str
    reason: str


@dataclass(frozen=True)
class Hit:
    """One answer of an index: a garment's id and the parts of its score.

    score = (1 - colour_weight) * style + colour_weight * colour, where `details`, how well the
    tiles agree, are mixed into the style, a difference in colour counts less where they agree
    wholly, and another class than the one searched with counts against it
    (`indexing.tiles.with_details`); details None: nobody looked.
    """

    garment_id: int
    score: float
    style: float
    colour: float
    details: float | None = None
