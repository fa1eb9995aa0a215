"""Result cards with their calibrated probabilities, and the status of a collection.

A cosine of 0.8 means different things for dresses and T-shirts, and for every encoder. Two curves
per class, fitted on held-out garments (`indexing.training.closeness_fit`), map the style part of a
score to the probability of the same kind, and the colour part to that of the same main colour.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from pydantic import TypeAdapter

from catalog.records import GarmentCard, SkipCount
from indexing.errors import EncoderError
from indexing.types import Hit, ModelFingerprint
from segmentation.classes import GARMENT_CLASSES, GarmentClass

CLOSENESS_NAME: Final = "closeness.json"
DISTANT_COLOUR: Final = 0.3
"""Probability of the same colour below which no result of a colour-only search is close."""


@dataclass(frozen=True)
class Curve:
    """Piecewise linear, non-decreasing function from cosine to probability."""

    cosines: tuple[float, ...]
    chances: tuple[float, ...]

    def at(self, cosine: float) -> float:
        return float(np.interp(cosine, self.cosines, self.chances))


@dataclass(frozen=True)
class ClosenessCard:
    """Calibrated closeness for one encoder: curves and limits by class label, and figures.

    Attributes:
        encoder: fingerprint of the encoder that the curves were fitted for.
        limits: style cosine below which the best result is not close, by the common logarithm of
            the number of garments in the class: the best of many is always nearer.
    """

    encoder: str
    style: dict[str, Curve]
    colour: dict[str, Curve]
    limits: dict[str, Curve]
    figures: dict[str, list[float]] = field(default_factory=dict)

    def limit(self, garment_class: GarmentClass, garments: int) -> float:
        """The limit in a catalogue with so many garments of the class."""
        return self.limits[garment_class.label].at(math.log10(max(1, garments)))

    def same_kind(self, garment_class: GarmentClass, style: float) -> float:
        """Probability that a result of this class with this style cosine has the query's kind."""
        return self.style[garment_class.label].at(style)

    def same_colour(self, garment_class: GarmentClass, colour: float) -> float:
        """Probability that its main colour has the same name as the query's."""
        return self.colour[garment_class.label].at(colour)


_UNCALIBRATED: Final = Curve((0.0, 1.0), (0.0, 1.0))
"""Identity, for an encoder without a card."""


def uncalibrated(encoder: str) -> ClosenessCard:
    """Closeness for an encoder without fitted curves: the cosine itself, distant below 0.65."""
    labels = [each.label for each in GARMENT_CLASSES]
    curves = dict.fromkeys(labels, _UNCALIBRATED)
    limits = dict.fromkeys(labels, Curve((0.0,), (0.65,)))
    return ClosenessCard(encoder, curves, curves, limits)


def read_closeness(path: Path) -> ClosenessCard:
    """Read a card; EncoderError if absent or damaged."""
    try:
        return TypeAdapter(ClosenessCard).validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise EncoderError(f"cannot read {path} ({error}); restore it") from error


@lru_cache(maxsize=4)
def closeness_for(encoder: str, folder: Path | None) -> ClosenessCard:
    """The closeness in a folder if fitted for this encoder's fingerprint, else uncalibrated."""
    if folder is not None and (folder / CLOSENESS_NAME).is_file():
        fitted = read_closeness(folder / CLOSENESS_NAME)
        if fitted.encoder == encoder:
            return fitted
    return uncalibrated(encoder)


@dataclass(frozen=True)
class ResultCard(GarmentCard):
    """A hit with its product, as pages and JSON documents show it.

    `more_colours` is the number of the article's other colours. `style` and `colour` are the parts
    of `score` (cosines), `same_kind` and `same_colour` the calibrated probabilities,
    `distant_below` the minimum `style` that counts as close.
    """

    more_colours: int
    score: float
    style: float
    colour: float
    same_kind: float
    same_colour: float
    distant_below: float


@dataclass(frozen=True)
class CollectionStatus:
    """Counts and sizes in bytes; `model` is None before the first run without loaded models."""

    data: Path
    model: ModelFingerprint | None
    products: int
    photos_pending: int
    photos_indexed: int
    photos_skipped: int
    garments: dict[GarmentClass, int]
    searchable: dict[GarmentClass, int]
    skips: tuple[SkipCount, ...]
    database_bytes: int
    index_bytes: int
    photo_bytes: int


def result_card(
    hit: Hit, card: GarmentCard, closeness: ClosenessCard, garments: int, more_colours: int
) -> ResultCard:
    """Join a hit with the catalogue's card of its garment, one of `garments` of its class."""
    return ResultCard(
        **vars(card),
        more_colours=more_colours,
        score=hit.score,
        style=hit.style,
        colour=hit.colour,
        same_kind=closeness.same_kind(card.garment_class, hit.style),
        same_colour=closeness.same_colour(card.garment_class, hit.colour),
        distant_below=closeness.limit(card.garment_class, garments),
    )


def chances(cards: Sequence[ResultCard], colour_weight: float) -> list[float]:
    """Probability, 0 to 1, that a person would call each result similar.

    The weighted mean of `same_kind` and `same_colour`, made non-increasing by isotonic regression,
    so that it agrees with the order of the results.
    """
    from scipy.optimize import isotonic_regression

    if not cards:
        return []
    raw = [
        (1 - colour_weight) * each.same_kind + colour_weight * each.same_colour for each in cards
    ]
    return [float(each) for each in isotonic_regression(raw, increasing=False).x]


def nothing_close(cards: Sequence[ResultCard], colour_weight: float) -> bool:
    """Whether even the best result is not close to the query."""
    if not cards:
        return False
    best = cards[0]
    if colour_weight == 1:
        return best.same_colour < DISTANT_COLOUR
    return best.style < best.distant_below
