"""The style encoder: a linear map of the segmentation backbone's features under a garment's mask.

    photo -> backbone (`segmentation.network`) -> maps pooled over the mask -> standardised
          -> whitened by what differs between views of one garment -> embedding
          -> softmax regression of the kind -> kinds

No network of its own is run: the maps come with the segmentation, or from the shipped segmenter
where garments were cut out otherwise. `indexing.training.fit` fits the map.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Protocol, Self, runtime_checkable

import numpy as np
from scipy.special import softmax

from indexing.errors import EncoderError
from indexing.types import Vector, Vectors
from segmentation.errors import WeightsError
from segmentation.mask import Garment
from segmentation.photos import Photo
from segmentation.segmented_photo import PhotoFeatures
from segmentation.weights import TrainingNote, fingerprint_of, read_card, read_tensors

SHIPPED_ENCODER: Final = Path(__file__).parent.parent / "weights" / "encoder.safetensors"
WEIGHTS_SUFFIX: Final = ".safetensors"


def weights_folder(name: str | None) -> Path | None:
    """The folder of an encoder's weights, attribute heads and closeness; None: it has none.

    Args:
        name: see `indexing.embedding.wiring`; None means the shipped encoder.
    """
    if name is None:
        return SHIPPED_ENCODER.parent
    return Path(name).parent if name.endswith(WEIGHTS_SUFFIX) else None


@dataclass(frozen=True, eq=False)
class SegmentedGarment:
    """A garment on its photo; `features` are the photo's, None where nothing computed them."""

    photo: Photo
    garment: Garment
    features: PhotoFeatures | None = None


class StyleEncoder(Protocol):
    """Interface of an encoder of garments."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def dimension(self) -> int: ...

    @property
    def runtime(self) -> str:
        """Name of the runtime, like "openvino int8"."""
        ...

    def encode(self, garments: Sequence[SegmentedGarment]) -> Vectors:
        """Style vectors of unit length, shape (n, dimension)."""
        ...


@runtime_checkable
class TextEncoder(Protocol):
    """Interface of an encoder that maps texts to the space of its style vectors."""

    def encode_text(self, text: str) -> Vector:
        """Vector of unit length, shape (dimension,)."""
        ...


class Backbone(Protocol):
    """Interface of what computes feature maps, such as `segmentation.segmenter.Segmenter`."""

    @property
    def backbone(self) -> str:
        """Fingerprint of its weights."""
        ...

    @property
    def runtime(self) -> str: ...

    def features(self, photos: Sequence[Photo]) -> list[PhotoFeatures]:
        """Feature maps of each photo, in order."""
        ...


@dataclass(frozen=True)
class EncoderCard:
    """Card of an encoder's weights.

    Attributes:
        embedding: dimension of a style vector without the kinds.
        kinds: labels of the kinds of garment that it classifies.
        kind_share: share of the kinds in a style score, 0 to 1.
        backbone: fingerprint of the segmenter's weights that the features come from.
    """

    embedding: int
    kinds: tuple[str, ...]
    kind_share: float
    backbone: str
    sha256: str
    training: TrainingNote = TrainingNote()
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def dimension(self) -> int:
        return self.embedding + len(self.kinds)

    @property
    def fingerprint(self) -> str:
        """The dimension and a hash over weights, share of the kinds and backbone."""
        made_by = f"{self.sha256} {self.kind_share} {self.backbone}"
        return f"pooled-{self.dimension}/{fingerprint_of(made_by)}"


class Encoder:
    """A fitted linear map with its card, over the features of a segmenter."""

    def __init__(self, card: EncoderCard, tensors: dict[str, Vectors], backbone: Backbone) -> None:
        """`tensors` are named as for `encoded`."""
        self.card = card
        self.dimension = card.dimension
        self.fingerprint = card.fingerprint
        self._tensors = tensors
        self._backbone = backbone
        self._last: tuple[Photo, PhotoFeatures] | None = None

    @classmethod
    def load(cls, weights: Path, backbone: Backbone) -> Self:
        """Load weights with their card, for the features of a backbone.

        Raises:
            EncoderError: a file is missing or does not match the card, or the encoder was fitted
                on the features of other weights.
        """
        with encoder_errors():
            card = read_encoder_card(weights)
            tensors = read_tensors(weights, card.sha256)
        if backbone.backbone != card.backbone:
            raise EncoderError(
                f"{weights} was fitted on the features of {card.backbone}, not of "
                f"{backbone.backbone}; fit it again with `apparel train encoder`"
            )
        return cls(card, tensors, backbone)

    @property
    def runtime(self) -> str:
        return self._backbone.runtime

    def encode(self, garments: Sequence[SegmentedGarment]) -> Vectors:
        if not garments:
            return np.zeros((0, self.dimension), np.float32)
        pooled = [self._features(each).pooled(each.garment) for each in garments]
        return encoded(np.stack(pooled), self._tensors, self.card.kind_share)

    def _features(self, garment: SegmentedGarment) -> PhotoFeatures:
        if garment.features is not None and garment.features.source == self.card.backbone:
            return garment.features
        last = self._last
        # Explanations embed fifty masks of one photo.
        if last is None or last[0] is not garment.photo:
            last = self._last = garment.photo, self._backbone.features([garment.photo])[0]
        return last[1]


@contextmanager
def encoder_errors() -> Iterator[None]:
    """Raise EncoderError in place of WeightsError."""
    try:
        yield
    except WeightsError as error:
        raise EncoderError(str(error)) from error


def encoded(pooled: Vectors, tensors: dict[str, Vectors], kind_share: float) -> Vectors:
    """Style vectors (n, dimension) of pooled features (n, d).

    `tensors` are mean, deviation, projection, kinds and kind_offsets.

    A style vector joins an embedding and the square roots of the kinds' probabilities. The inner
    product of two such roots is the Bhattacharyya coefficient of the distributions, so neighbours
    look alike and are mostly of the same kind.
    """
    features = standardised(pooled, tensors["mean"], tensors["deviation"])
    embeddings = unit_length(features @ tensors["projection"].T)
    kinds = softmax(features @ tensors["kinds"].T + tensors["kind_offsets"], axis=1)
    halves = (embeddings * (1 - kind_share) ** 0.5, np.sqrt(kinds * kind_share))
    return np.concatenate(halves, axis=1).astype(np.float32)


def standardised(pooled: Vectors, mean: Vectors, deviation: Vectors) -> Vectors:
    """Pooled features (..., d) with equally wide channels, scaled to unit length."""
    return unit_length((pooled - mean) / deviation)


def unit_length(vectors: Vectors) -> Vectors:
    """Scale vectors (..., d) to unit length."""
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(vectors / np.maximum(lengths, 1e-9), np.float32)


def read_encoder_card(weights: Path) -> EncoderCard:
    """Read the card beside an encoder's weights; raises like `read_card`."""
    return read_card(weights, EncoderCard)
