"""Vectors of garments in, what they are out: kind, pattern, sleeve and length, with certainties.

A head is a softmax over the values of one attribute, linear in the garment's vector, the shape
of its box and its class. Nothing else is looked at, so attributes can be predicted anew from
stored vectors without a model (`apparel rebuild`). `train_heads` fits them; their card says
which encoder they belong to and how often they are right.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file

from catalog.files import file_sha256
from indexing.errors import EncoderError
from indexing.records import Attribute, GarmentAttributes
from indexing.stages import Vectors
from segmentation.classes import CLOTHING_CLASSES, GARMENT_CLASSES, GarmentClass
from segmentation.mask import Box

SHIPPED_HEADS: Final = Path(__file__).parent / "weights" / "attributes.safetensors"
_UPPER, _WHOLE, _LOWER = GARMENT_CLASSES
ATTRIBUTE_VALUES: Final = {
    "kind": tuple(sorted(CLOTHING_CLASSES)),
    "pattern": ("plain", "striped", "checked", "dotted", "floral", "denim", "colour-block"),
    "sleeve": ("none", "short", "long"),
    "length": ("short", "midi", "long"),
}
"""Every value of each attribute; `length` is of legs and skirts."""
_ATTRIBUTE_CLASSES: Final = {
    "kind": GARMENT_CLASSES,
    "pattern": GARMENT_CLASSES,
    "sleeve": (_UPPER, _WHOLE),
    "length": (_WHOLE, _LOWER),
}
IMPOSSIBLE: Final = -1e9
"""Logit of a value that a class cannot have."""


@dataclass(frozen=True)
class HeadsCard:
    """What the heads are: the encoder they belong to and their measured accuracy.

    Attributes:
        least_certainty: attributes less probable than this are not told.
        figures: by attribute and measure; see `train_heads`.
    """

    encoder: str
    features: int
    sha256: str
    least_certainty: float = 0.4
    figures: dict[str, dict[str, float]] = field(default_factory=dict)


def features_of(
    vectors: Vectors, classes: Sequence[GarmentClass], height_shares: Sequence[float]
) -> Vectors:
    """What heads look at, shape (n, d + 7): vectors, box shape, class, and a one for the bias.

    Args:
        height_shares: height of each garment's box over height plus width.
    """
    shape = np.array(height_shares, np.float32)[:, None] - 0.5
    one_hot = np.array([[each == one for one in GARMENT_CLASSES] for each in classes], np.float32)
    ones = np.ones_like(shape)
    return np.concatenate(
        [vectors, 4 * shape, 8 * shape * shape, shape * one_hot[:, :1], one_hot, ones], axis=1
    ).astype(np.float32)


def height_share(box: Box) -> float:
    """Height of a box in pixels over height plus width: tall is near 1."""
    x0, y0, x1, y1 = box
    return (y1 - y0) / max(y1 - y0 + x1 - x0, 1)


def possible(attribute: str, classes: Sequence[GarmentClass]) -> npt.NDArray[np.bool_]:
    """Which values each garment can have by its class, shape (n, values)."""
    values = ATTRIBUTE_VALUES[attribute]
    allowed = {
        each: [
            each in _ATTRIBUTE_CLASSES[attribute]
            and (attribute != "kind" or CLOTHING_CLASSES[value] == each)
            for value in values
        ]
        for each in GarmentClass
    }
    return np.array([allowed[each] for each in classes], bool).reshape(-1, len(values))


class AttributeHeads:
    """Fitted heads: weights by attribute, shape (features, values)."""

    def __init__(self, weights: dict[str, Vectors], card: HeadsCard) -> None:
        self._weights = weights
        self.card = card

    @classmethod
    def load(cls, path: Path) -> "AttributeHeads":
        """Read heads with their card; EncoderError if absent or damaged."""
        try:
            card = HeadsCard(**json.loads(path.with_suffix(".json").read_text()))
            if file_sha256(path) != card.sha256:
                raise EncoderError(f"{path} is not the file its card describes; restore both")
            return cls(load_file(path), card)
        except (OSError, ValueError, TypeError, SafetensorError) as error:
            raise EncoderError(f"cannot read {path} ({error}); restore it and its card") from error

    def predict(
        self,
        vectors: Vectors,
        classes: Sequence[GarmentClass],
        height_shares: Sequence[float],
    ) -> list[GarmentAttributes]:
        """Attributes of garments by their vectors (n, d); the unsure ones are left out."""
        if not len(vectors):
            return []
        features = features_of(vectors, classes, height_shares)
        told = {name: self._told(name, features, classes) for name in self._weights}
        return [
            GarmentAttributes(**{name: values[place] for name, values in told.items()})
            for place in range(len(vectors))
        ]

    def probabilities(
        self, attribute: str, features: Vectors, classes: Sequence[GarmentClass]
    ) -> Vectors:
        """Probability of each value, shape (n, values); 0 where the class cannot have it."""
        logits = features @ self._weights[attribute]
        allowed = possible(attribute, classes)
        logits = np.where(allowed, logits, IMPOSSIBLE)
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True)) * allowed
        return np.asarray(exponents / np.maximum(exponents.sum(axis=1, keepdims=True), 1e-9))

    def _told(
        self, attribute: str, features: Vectors, classes: Sequence[GarmentClass]
    ) -> list[Attribute | None]:
        probabilities = self.probabilities(attribute, features, classes)
        values = ATTRIBUTE_VALUES[attribute]
        least = self.card.least_certainty
        return [
            Attribute(values[best], float(row[best])) if row[best] >= least else None
            for row, best in zip(probabilities, probabilities.argmax(axis=1), strict=True)
        ]


def heads_for(encoder: str) -> AttributeHeads | None:
    """The shipped heads if they belong to the encoder with this fingerprint, else None."""
    if not SHIPPED_HEADS.is_file():
        return None
    heads = AttributeHeads.load(SHIPPED_HEADS)
    return heads if heads.card.encoder == encoder else None
