"""Types and protocols shared by indexing and search: Photo (an array) -> EmbeddedPhoto -> Hit."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from catalog.colours import Colour
from catalog.importing.records import PendingPhoto
from segmentation.classes import GarmentClass
from segmentation.mask import BoolMask, Box, ClassMask, Garment
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation

Vector = npt.NDArray[np.float32]
"""A garment's embedding, shape (d,): a style half and a colour half, each of unit length."""
Vectors = npt.NDArray[np.float32]
"""Embeddings of several garments, shape (n, d)."""
GarmentIds = npt.NDArray[np.int64]
"""Database ids of garments, shape (n,)."""


@dataclass(frozen=True)
class Attribute:
    """A predicted attribute with its probability, 0 to 1."""

    value: str
    certainty: float


@dataclass(frozen=True)
class GarmentAttributes:
    """Predicted attributes of a garment; None without a confident prediction."""

    kind: Attribute | None = None
    pattern: Attribute | None = None
    sleeve: Attribute | None = None
    length: Attribute | None = None


ATTRIBUTE_NAMES: Final = ("kind", "pattern", "sleeve", "length")
UNKNOWN_ATTRIBUTES: Final = GarmentAttributes()


@dataclass(frozen=True, eq=False)
class EmbeddedGarment:
    """A garment with its colours, vector and attributes."""

    garment: Garment
    colours: tuple[Colour, ...]
    vector: Vector
    attributes: GarmentAttributes = UNKNOWN_ATTRIBUTES

    @property
    def whole_photo(self) -> bool:
        """Whether no garment was detected, and the whole photo was embedded."""
        return self.garment.score == 0


@dataclass(frozen=True, eq=False)
class EmbeddedPhoto:
    """A photo's size in pixels, segmentation and embedded garments, the largest first."""

    height: int
    width: int
    segmentation: Segmentation
    garments: tuple[EmbeddedGarment, ...]

    @property
    def mask(self) -> ClassMask:
        """Class of each pixel, shape (height, width); computed on first use."""
        return self.segmentation.mask


@dataclass(frozen=True)
class ModelFingerprint:
    """Identity of the models that made vectors; only vectors with equal ones are comparable.

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
        """Text for messages and manifests."""
        return f"{self.segmenter} + {self.encoder} ({self.dimension} d)"


class PhotoSegmenter(Protocol):
    """Interface of a segmenter, such as `segmentation.segmenter.Segmenter`."""

    @property
    def fingerprint(self) -> str: ...

    def segment(self, photos: list[Photo]) -> list[Segmentation]: ...


class Embedder(Protocol):
    """Interface of an embedder for queries and bulk indexing."""

    @property
    def fingerprint(self) -> ModelFingerprint: ...

    @property
    def weights_folder(self) -> Path | None:
        """Folder of the heads and closeness fitted for its encoder; None: there are none."""
        ...

    def embed(self, photos: list[Photo]) -> list[EmbeddedPhoto]:
        """Segment photos and embed their garments; one result per photo, in order."""
        ...

    def embed_whole(self, photo: Photo) -> EmbeddedGarment: ...

    def embed_region(
        self,
        photo: Photo,
        region: Box | BoolMask | Garment,
        garment_class: GarmentClass | None = None,
    ) -> EmbeddedGarment:
        """Embed a box, a mask or a given garment of the photo as one garment."""
        ...

    def colour_half(self, colour: str) -> Vector:
        """Colour half of a plain garment, by name or #rrggbb; ValueError lists the names."""
        ...


@runtime_checkable
class TextEmbedder(Protocol):
    """Interface of an embedder that may take texts, as one with a CLIP encoder does."""

    @property
    def takes_text(self) -> bool: ...

    def text_half(self, text: str) -> Vector:
        """Style half of what a text describes, if it takes texts."""
        ...


@dataclass(frozen=True)
class Skip:
    """A photo that was not indexed: stage, stable code and reason."""

    source: PendingPhoto
    stage: str
    code: str
    reason: str


@dataclass(frozen=True)
class Hit:
    """One search result: a garment's id and the parts of its score.

    Attributes:
        score: (1 - colour_weight) * style + colour_weight * colour.
        style: cosine of the style halves.
        colour: cosine of the colour halves.
    """

    garment_id: int
    score: float
    style: float
    colour: float
