"""A network's prediction of a photo in, the garments it means out: what is done after the network.

    prediction -> gated -> find_garments -> odds of each garment -> kept, renamed or dropped

Everything happens on the canvas's grid. Which rules hold, and with what numbers, stands
in the weights card: `segmentation.fit_rules` chooses them on validation photos.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.calibration import UNCALIBRATED, Calibration, ClassOdds
from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.mask import Garment, Probabilities, find_garments, most_probable

Presence = npt.NDArray[np.float32]
"""Logits of upper, whole and lower being on the photo at all, shape (3,)."""

LEAST_SECOND: Final = 0.2
"""From this probability on, a garment carries its second class."""


@dataclass(frozen=True, eq=False)
class Prediction:
    """What the network says of one photo."""

    probabilities: Probabilities
    presence: Presence


@dataclass(frozen=True)
class Rules:
    """What is done with a prediction.

    Attributes:
        presence_gate: a class whose presence is less probable is nowhere on the photo.
        least_garment: what is less probably a garment of any class is dropped.
        rename: a garment has the class that its odds favour, not that of its mask.
        flip: the network looks at the photo's mirror image too, and the mean counts.
    """

    presence_gate: float = 0.0
    least_garment: float = 0.0
    rename: bool = False
    flip: bool = False


NO_RULES: Final = Rules()


@dataclass(frozen=True, eq=False)
class Judged:
    """Garments on the canvas's grid, the largest first, and probabilities that agree with them."""

    garments: tuple[Garment, ...]
    probabilities: Probabilities


def judge_prediction(
    prediction: Prediction, rules: Rules = NO_RULES, calibration: Calibration = UNCALIBRATED
) -> Judged:
    """The garments of one photo by these rules."""
    probabilities = gated(prediction, rules.presence_gate)
    garments = find_garments(most_probable(probabilities), probabilities)
    if not garments:
        return Judged((), probabilities)
    odds = odds_of(garments, prediction, calibration)
    if rules.least_garment or rules.rename:
        edited = _edited(probabilities, garments, odds, rules)
        if edited is not probabilities:
            # Parts that got one name may be one garment now.
            probabilities = edited
            garments = find_garments(most_probable(probabilities), probabilities)
            odds = odds_of(garments, prediction, calibration)
    scored = (_scored(garment, own) for garment, own in zip(garments, odds, strict=True))
    return Judged(tuple(scored), probabilities)


def gated(prediction: Prediction, gate: float) -> Probabilities:
    """The probabilities without classes whose presence is less probable than `gate`."""
    present = 1 / (1 + np.exp(-prediction.presence.astype(np.float64))) >= gate
    if present.all():
        return prediction.probabilities
    kept = prediction.probabilities.copy()
    kept[1:][~present] = 0
    return kept


def odds_of(
    garments: Sequence[Garment], prediction: Prediction, calibration: Calibration
) -> ClassOdds:
    """How probable each class is for each garment of a photo, shape (n, 4)."""
    if not garments:
        return np.empty((0, 1 + len(GARMENT_CLASSES)))
    means = np.stack([means_of(garment, prediction.probabilities) for garment in garments])
    presence = np.repeat(prediction.presence[None].astype(np.float64), len(garments), axis=0)
    return calibration.odds(means, presence, np.array([garment.area for garment in garments]))


def means_of(garment: Garment, probabilities: Probabilities) -> npt.NDArray[np.float64]:
    """Mean probability of each class over a garment on the same grid, shape (4,)."""
    x0, y0, x1, y1 = garment.box
    inside = probabilities[:, y0:y1, x0:x1].reshape(len(probabilities), -1)
    # A product with the mask: picking the pixels first takes five times as long.
    sums = inside @ garment.mask.ravel().astype(np.float32)
    return np.asarray(sums / np.count_nonzero(garment.mask), np.float64)


def _edited(
    probabilities: Probabilities, garments: Sequence[Garment], odds: ClassOdds, rules: Rules
) -> Probabilities:
    """Probabilities with garments renamed, or dropped to background; the same if none was."""
    edited = probabilities
    for garment, own in zip(garments, odds, strict=True):
        favoured = GarmentClass(1 + int(own[1:].argmax()))
        wanted = favoured if rules.rename else garment.garment_class
        if 1 - own[0] < rules.least_garment:
            wanted = GarmentClass.BACKGROUND
        if wanted != garment.garment_class:
            edited = probabilities.copy() if edited is probabilities else edited
            _swap(edited, garment, wanted)
    return edited


def _swap(probabilities: Probabilities, garment: Garment, wanted: GarmentClass) -> None:
    """Exchange two classes' probabilities under a garment, in place."""
    x0, y0, x1, y1 = garment.box
    window = probabilities[:, y0:y1, x0:x1]
    pair = [garment.garment_class, wanted]
    window[pair] = np.where(garment.mask, window[pair[::-1]], window[pair])


def _scored(garment: Garment, odds: npt.NDArray[np.float64]) -> Garment:
    """The garment with its calibrated score and, where it may well have one, a second class."""
    others = [each for each in GARMENT_CLASSES if each != garment.garment_class]
    second = max(others, key=lambda each: float(odds[each]))
    likely = bool(odds[second] >= LEAST_SECOND)
    return replace(
        garment,
        score=float(odds[garment.garment_class]),
        second_class=second if likely else None,
        second_score=float(odds[second]) if likely else 0.0,
    )
