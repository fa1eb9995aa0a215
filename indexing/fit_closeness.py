"""Main garments of labelled pairs in (`pair_garments`), the card of `indexing.closeness` out.

The curves, and the limits below which nothing is close, come from garments of val senders asked
against those of train senders; the figures from those of test senders, asked likewise.
"""

import dataclasses
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from indexing.closeness import Closeness, ClosenessCard, Curve, nearness
from indexing.errors import IndexingError
from indexing.metrics import Figures, mean_with_interval, roc_area
from indexing.pair_garments import PairGarments
from indexing.stages import Vectors
from segmentation.classes import GARMENT_CLASSES

NEIGHBOURS: Final = 10
KNOTS: Final = 16
DISTANT_SHARE: Final = 0.05
"""So many queries whose kind the catalogue has may be told that nothing is close."""


def fit_closeness(
    encoder: str, train: PairGarments, val: PairGarments, test: PairGarments
) -> ClosenessCard:
    """Curves from val against train; limits likewise; figures from test against train."""
    answers = _labelled(train)
    card = _curves(encoder, _labelled(val), answers)
    near = _nearness(Closeness(card), _labelled(val), answers, absent=False)
    limits = {}
    for garment_class in GARMENT_CLASSES:
        of_class = near[np.array([each == garment_class for each in _labelled(val).classes])]
        limits[garment_class.label] = (
            float(np.quantile(of_class, DISTANT_SHARE)) if len(of_class) else 0.0
        )
    card = dataclasses.replace(card, limits=limits)
    return dataclasses.replace(card, figures=_closeness_figures(card, _labelled(test), answers))


def _labelled(garments: PairGarments) -> PairGarments:
    return garments.only([i for i, pair in enumerate(garments.pairs) if pair.label])


def _curves(encoder: str, queries: PairGarments, answers: PairGarments) -> ClosenessCard:
    cut = queries.style_dimension
    kinds = [np.array([pair.label for pair in each.pairs]) for each in (queries, answers)]
    colours = [np.array(each.main_colours) for each in (queries, answers)]
    style: dict[str, Curve] = {}
    colour: dict[str, Curve] = {}
    for garment_class in GARMENT_CLASSES:
        asked = [i for i, each in enumerate(queries.classes) if each == garment_class]
        given = [i for i, each in enumerate(answers.classes) if each == garment_class]
        if not asked or not given:
            raise IndexingError(
                f"no {garment_class.label} garments with a label to fit closeness on; "
                "add the clothing pairs"
            )
        mine, theirs = queries.vectors[asked], answers.vectors[given]
        for curves, part, names in (
            (style, slice(0, cut), kinds),
            (colour, slice(cut, None), colours),
        ):
            cosines = mine[:, part] @ theirs[:, part].T
            same = names[0][asked][:, None] == names[1][given][None]
            curves[garment_class.label] = fit_curve(*_nearest(cosines, same))
    return ClosenessCard(encoder, style, colour, {})


def _nearest(cosines: Vectors, same: npt.NDArray[np.bool_]) -> tuple[Figures, Figures]:
    """Cosine and truth of each query's nearest answers, and of as many taken evenly."""
    order = np.argsort(-cosines, axis=1, kind="stable")
    places = np.linspace(0, order.shape[1] - 1, NEIGHBOURS).astype(int)
    taken = np.concatenate([order[:, :NEIGHBOURS], order[:, places]], axis=1)
    return (
        np.take_along_axis(cosines, taken, axis=1).ravel().astype(np.float64),
        np.take_along_axis(same, taken, axis=1).ravel().astype(np.float64),
    )


def fit_curve(cosines: Figures, same: Figures) -> Curve:
    """A rising curve of the chance of `same` by cosine, through a few knots."""
    order = np.argsort(cosines, kind="stable")
    chances = isotonic_regression(same[order]).x
    bins = np.array_split(np.arange(len(order)), min(KNOTS, len(order)))
    return Curve(
        tuple(round(float(cosines[order][part].mean()), 4) for part in bins),
        tuple(round(float(chances[part].mean()), 4) for part in bins),
    )


def _nearness(
    closeness: Closeness, queries: PairGarments, answers: PairGarments, absent: bool
) -> Figures:
    """How near each query's results are; `absent` leaves its own kind out of the catalogue."""
    cut = queries.style_dimension
    kinds = np.array([pair.label for pair in answers.pairs])
    classes = np.array([int(each) for each in answers.classes])
    near = []
    for place, pair in enumerate(queries.pairs):
        own = classes == int(queries.classes[place])
        if absent:
            own &= kinds != pair.label
        styles = answers.vectors[own, :cut] @ queries.vectors[place, :cut]
        nearest = -np.sort(-styles)[:NEIGHBOURS]
        garment_class = queries.classes[place]
        near.append(nearness([closeness.same_kind(garment_class, float(each)) for each in nearest]))
    return np.array(near)


def _closeness_figures(
    card: ClosenessCard, queries: PairGarments, answers: PairGarments
) -> dict[str, list[float]]:
    """ROC area of kinds present against absent, and how often each is told to be distant."""
    closeness = Closeness(card)
    present = _nearness(closeness, queries, answers, absent=False)
    absent = _nearness(closeness, queries, answers, absent=True)
    area = roc_area(present, absent)
    limits = np.array([card.limits[each.label] for each in queries.classes])
    told = [mean_with_interval(np.asarray(each < limits, float)) for each in (present, absent)]
    return {
        "roc_area": [area.value, area.low, area.high],
        "told_distant_though_present": [told[0].value, told[0].low, told[0].high],
        "told_distant_when_absent": [told[1].value, told[1].low, told[1].high],
    }
