"""Calibrated closeness: the probability that a result has the query's kind and main colour.

A cosine of 0.8 means different things for dresses and T-shirts, and for every encoder. Two curves
per class, fitted on held-out garments (`indexing.training.closeness_fit`), map the style part of a
score to the probability of the same kind, and the colour part to that of the same main colour.
"""

import json
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from indexing.errors import EncoderError
from segmentation.classes import GARMENT_CLASSES, GarmentClass

SHIPPED_CLOSENESS: Final = Path(__file__).parent.parent / "weights" / "closeness.json"


@dataclass(frozen=True)
class Curve:
    """Piecewise linear, non-decreasing function from cosine to probability."""

    cosines: tuple[float, ...]
    chances: tuple[float, ...]

    def at(self, cosine: float) -> float:
        """The probability at a cosine, 0 to 1."""
        return float(np.interp(cosine, self.cosines, self.chances))


@dataclass(frozen=True)
class ClosenessCard:
    """Curves and limits by class label, and figures.

    Attributes:
        encoder: fingerprint of the encoder that the curves were fitted for.
        limits: probability of the same kind below which the best result is not close.
    """

    encoder: str
    style: dict[str, Curve]
    colour: dict[str, Curve]
    limits: dict[str, float]
    figures: dict[str, list[float]] = field(default_factory=dict)


class Closeness:
    """Calibrated closeness for one encoder."""

    def __init__(self, card: ClosenessCard) -> None:
        self.card = card

    @classmethod
    def load(cls, path: Path) -> "Closeness":
        """Read a card; EncoderError if absent or damaged."""
        try:
            fields = json.loads(path.read_text())
            style, colour = (
                {label: _curve_of(each) for label, each in fields[part].items()}
                for part in ("style", "colour")
            )
            return cls(
                ClosenessCard(fields["encoder"], style, colour, fields["limits"], fields["figures"])
            )
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise EncoderError(f"cannot read {path} ({error}); restore it") from error

    def same_kind(self, garment_class: GarmentClass, style: float) -> float:
        """Probability that a result of this class with this style cosine has the query's kind."""
        return self.card.style[garment_class.label].at(style)

    def same_colour(self, garment_class: GarmentClass, colour: float) -> float:
        """Probability that its main colour has the same name as the query's."""
        return self.card.colour[garment_class.label].at(colour)


def _curve_of(fields: dict[str, list[float]]) -> Curve:
    return Curve(tuple(fields["cosines"]), tuple(fields["chances"]))


_UNCALIBRATED: Final = Curve((0.0, 1.0), (0.0, 1.0))
"""Identity, for an encoder without a card."""


def uncalibrated(encoder: str) -> Closeness:
    """Closeness for an encoder without fitted curves: the cosine itself, distant below 0.65."""
    labels = [each.label for each in GARMENT_CLASSES]
    curves = dict.fromkeys(labels, _UNCALIBRATED)
    return Closeness(ClosenessCard(encoder, curves, curves, dict.fromkeys(labels, 0.65)))


@lru_cache(maxsize=4)
def closeness_for(encoder: str) -> Closeness:
    """The shipped closeness if fitted for this encoder's fingerprint, else uncalibrated."""
    if SHIPPED_CLOSENESS.is_file():
        shipped = Closeness.load(SHIPPED_CLOSENESS)
        if shipped.card.encoder == encoder:
            return shipped
    return uncalibrated(encoder)
