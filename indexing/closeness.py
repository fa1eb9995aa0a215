"""The parts of a score in, the chance that a person would call it similar out.

A cosine of 0.8 means different things for dresses and for T-shirts, and for every encoder. Two
curves for each class, fitted on garments kept aside (`fit_closeness`), turn the style part into
the chance that the kind is the same and the colour part into the chance that the main colour is.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np

from indexing.errors import EncoderError
from segmentation.classes import GARMENT_CLASSES, GarmentClass

SHIPPED_CLOSENESS: Final = Path(__file__).parent / "weights" / "closeness.json"
RESULTS_JUDGED: Final = 3
"""Whether anything is close is judged by the mean over so many of the nearest."""


@dataclass(frozen=True)
class Curve:
    """A rising line through points: cosine -> chance; flat beyond its ends."""

    cosines: tuple[float, ...]
    chances: tuple[float, ...]

    def at(self, cosine: float) -> float:
        """The chance at a cosine, 0 to 1."""
        return float(np.interp(cosine, self.cosines, self.chances))


@dataclass(frozen=True)
class ClosenessCard:
    """Curves and limits by class label, and what was measured.

    Attributes:
        encoder: fingerprint of the encoder whose cosines these are.
        limits: where the nearest results' mean chance is below, nothing is close.
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
        """Chance that a result of this class with this style cosine is of the query's kind."""
        return self.card.style[garment_class.label].at(style)

    def same_colour(self, garment_class: GarmentClass, colour: float) -> float:
        """Chance that its main colour has the name of the query's."""
        return self.card.colour[garment_class.label].at(colour)


def nearness(chances: Sequence[float]) -> float:
    """One number for the nearest results: their mean chance."""
    judged = chances[:RESULTS_JUDGED]
    return sum(judged) / len(judged) if judged else 0.0


def _curve_of(fields: dict[str, list[float]]) -> Curve:
    return Curve(tuple(fields["cosines"]), tuple(fields["chances"]))


_UNCALIBRATED: Final = Curve((0.0, 1.0), (0.0, 1.0))
"""For an encoder without a card: the cosine itself."""


def uncalibrated(encoder: str) -> Closeness:
    """Closeness of an encoder that nothing was fitted for: the score itself, distant below 0.65."""
    labels = [each.label for each in GARMENT_CLASSES]
    curves = dict.fromkeys(labels, _UNCALIBRATED)
    return Closeness(ClosenessCard(encoder, curves, curves, dict.fromkeys(labels, 0.65)))


@lru_cache(maxsize=4)
def closeness_for(encoder: str) -> Closeness:
    """The shipped closeness if it was fitted for this encoder's fingerprint, else uncalibrated."""
    if SHIPPED_CLOSENESS.is_file():
        shipped = Closeness.load(SHIPPED_CLOSENESS)
        if shipped.card.encoder == encoder:
            return shipped
    return uncalibrated(encoder)
