"""Linear heads that predict a garment's kind, pattern, sleeve and length from its vector.

A head is a softmax over the values of one attribute, linear in the vector, the box shape and the
class, so attributes can be predicted from stored vectors without a network (`apparel rebuild`).
`train_heads` fits them; their card has the encoder they belong to and their accuracy.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from indexing.embedding.encoder import encoder_errors
from indexing.types import Attribute, GarmentAttributes, Vectors
from segmentation.classes import CLOTHING_CLASSES, GARMENT_CLASSES, GarmentClass
from segmentation.mask import Box
from segmentation.weights import read_card, read_tensors

HEADS_NAME: Final = "attributes.safetensors"
_UPPER, _WHOLE, _LOWER = GARMENT_CLASSES
ATTRIBUTE_VALUES: Final = {
    "kind": tuple(sorted(CLOTHING_CLASSES)),
    "pattern": ("plain", "striped", "checked", "dotted", "floral", "denim", "colour-block"),
    "sleeve": ("none", "short", "long"),
    "length": ("short", "midi", "long"),
}
"""The values of each attribute; `length` describes legs and skirts."""
_ATTRIBUTE_CLASSES: Final = {
    "kind": GARMENT_CLASSES,
    "pattern": GARMENT_CLASSES,
    "sleeve": (_UPPER, _WHOLE),
    "length": (_WHOLE, _LOWER),
}


@dataclass(frozen=True)
class HeadsCard:
    """Card of the heads: the encoder they belong to and their accuracy.

    Attributes:
        least_certainty: minimum probability of a predicted attribute.
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
    """Input features, shape (n, d + 7): vectors, functions of `height_share`, class, bias."""
    shape = np.array(height_shares, np.float32)[:, None] - 0.5
    one_hot = np.array([[each == one for one in GARMENT_CLASSES] for each in classes], np.float32)
    ones = np.ones_like(shape)
    return np.concatenate(
        [vectors, 4 * shape, 8 * shape * shape, shape * one_hot[:, :1], one_hot, ones], axis=1
    ).astype(np.float32)


def height_share(box: Box) -> float:
    """Height of a box over height plus width; near 1 for a tall box."""
    x0, y0, x1, y1 = box
    return (y1 - y0) / max(y1 - y0 + x1 - x0, 1)


def possible(attribute: str, classes: Sequence[GarmentClass]) -> npt.NDArray[np.bool_]:
    """Mask of the values that each garment's class can have, shape (n, values)."""
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
        """Load heads with their card; EncoderError if absent or damaged."""
        with encoder_errors():
            card = read_card(path, HeadsCard)
            return cls(read_tensors(path, card.sha256), card)

    def predict(
        self,
        vectors: Vectors,
        classes: Sequence[GarmentClass],
        height_shares: Sequence[float],
    ) -> list[GarmentAttributes]:
        """Predict attributes from vectors (n, d), leaving out those below the minimum certainty."""
        if not len(vectors):
            return []
        features = features_of(vectors, classes, height_shares)
        predicted = {name: self._predicted(name, features, classes) for name in self._weights}
        return [
            GarmentAttributes(**{name: values[row] for name, values in predicted.items()})
            for row in range(len(vectors))
        ]

    def probabilities(
        self, attribute: str, features: Vectors, classes: Sequence[GarmentClass]
    ) -> Vectors:
        """Probability of each value, shape (n, values); 0 for values the class cannot have."""
        logits = features @ self._weights[attribute]
        allowed = possible(attribute, classes)
        logits = np.where(allowed, logits, np.finfo(np.float32).min)
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True)) * allowed
        return np.asarray(exponents / np.maximum(exponents.sum(axis=1, keepdims=True), 1e-9))

    def _predicted(
        self, attribute: str, features: Vectors, classes: Sequence[GarmentClass]
    ) -> list[Attribute | None]:
        probabilities = self.probabilities(attribute, features, classes)
        values = ATTRIBUTE_VALUES[attribute]
        least = self.card.least_certainty
        return [
            Attribute(values[best], float(row[best])) if row[best] >= least else None
            for row, best in zip(probabilities, probabilities.argmax(axis=1), strict=True)
        ]


def heads_for(encoder: str, folder: Path | None) -> AttributeHeads | None:
    """The heads in a folder if they belong to the encoder with this fingerprint, else None."""
    if folder is None or not (folder / HEADS_NAME).is_file():
        return None
    heads = AttributeHeads.load(folder / HEADS_NAME)
    return heads if heads.card.encoder == encoder else None
