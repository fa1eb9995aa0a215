"""Fit the closeness curves (`indexing.search.results`) of an encoder.

Curves and limits are fitted with val garments as queries in a gallery of train garments, and
measured with test garments as queries.
"""

import dataclasses
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression

from indexing.errors import IndexingError
from indexing.evaluation.metrics import Figures, mean_with_interval, roc_area
from indexing.search.results import Closeness, ClosenessCard, Curve
from indexing.training.garments import PairGarments
from indexing.types import Vectors
from segmentation.classes import GARMENT_CLASSES

NEIGHBOURS: Final = 10
KNOTS: Final = 16
DISTANT_SHARE: Final = 0.01
"""Accepted share of queries reported as distant although their kind is in the catalogue."""


def fit_closeness(
    encoder: str, train: PairGarments, val: PairGarments, test: PairGarments
) -> ClosenessCard:
    """Fit curves and limits on val queries, and measure them on test queries."""
    gallery = _labelled(train)
    card = _curves(encoder, _labelled(val), gallery)
    near = _nearness(Closeness(card), _labelled(val), gallery, absent=False)
    limits = {}
    for garment_class in GARMENT_CLASSES:
        of_class = near[np.array([each == garment_class for each in _labelled(val).classes])]
        limits[garment_class.label] = (
            float(np.quantile(of_class, DISTANT_SHARE)) if len(of_class) else 0.0
        )
    card = dataclasses.replace(card, limits=limits)
    return dataclasses.replace(card, figures=_closeness_figures(card, _labelled(test), gallery))


def _labelled(garments: PairGarments) -> PairGarments:
    return garments.only([i for i, pair in enumerate(garments.pairs) if pair.label])


def _curves(encoder: str, queries: PairGarments, gallery: PairGarments) -> ClosenessCard:
    cut = queries.style_dimension
    kinds = [np.array([pair.label for pair in each.pairs]) for each in (queries, gallery)]
    colours = [np.array(each.main_colours) for each in (queries, gallery)]
    style: dict[str, Curve] = {}
    colour: dict[str, Curve] = {}
    for garment_class in GARMENT_CLASSES:
        query_rows = [i for i, each in enumerate(queries.classes) if each == garment_class]
        gallery_rows = [i for i, each in enumerate(gallery.classes) if each == garment_class]
        if not query_rows or not gallery_rows:
            raise IndexingError(
                f"no {garment_class.label} garments with a label to fit closeness on; "
                "add the clothing pairs"
            )
        mine, theirs = queries.vectors[query_rows], gallery.vectors[gallery_rows]
        for curves, part, names in (
            (style, slice(0, cut), kinds),
            (colour, slice(cut, None), colours),
        ):
            cosines = mine[:, part] @ theirs[:, part].T
            same = names[0][query_rows][:, None] == names[1][gallery_rows][None]
            curves[garment_class.label] = fit_curve(*_nearest(cosines, same))
    return ClosenessCard(encoder, style, colour, {})


def _nearest(cosines: Vectors, same: npt.NDArray[np.bool_]) -> tuple[Figures, Figures]:
    """Cosines and labels of each query's nearest candidates and of as many evenly spaced ones."""
    order = np.argsort(-cosines, axis=1, kind="stable")
    spread = np.linspace(0, order.shape[1] - 1, NEIGHBOURS).astype(int)
    taken = np.concatenate([order[:, :NEIGHBOURS], order[:, spread]], axis=1)
    return (
        np.take_along_axis(cosines, taken, axis=1).ravel().astype(np.float64),
        np.take_along_axis(same, taken, axis=1).ravel().astype(np.float64),
    )


def fit_curve(cosines: Figures, same: Figures) -> Curve:
    """Fit isotonic regression of `same` on cosines, reduced to a few knots."""
    order = np.argsort(cosines, kind="stable")
    chances = isotonic_regression(same[order]).x
    bins = np.array_split(np.arange(len(order)), min(KNOTS, len(order)))
    return Curve(
        tuple(round(float(cosines[order][part].mean()), 4) for part in bins),
        tuple(round(float(chances[part].mean()), 4) for part in bins),
    )


def _nearness(
    closeness: Closeness, queries: PairGarments, gallery: PairGarments, absent: bool
) -> Figures:
    """Probability that each query's best result has its kind.

    `absent` removes garments of the query's kind from the gallery.
    """
    cut = queries.style_dimension
    kinds = np.array([pair.label for pair in gallery.pairs])
    classes = np.array([int(each) for each in gallery.classes])
    near = []
    for row, pair in enumerate(queries.pairs):
        own = classes == int(queries.classes[row])
        if absent:
            own &= kinds != pair.label
        styles = gallery.vectors[own, :cut] @ queries.vectors[row, :cut]
        best = float(styles.max(initial=-1.0))
        near.append(closeness.same_kind(queries.classes[row], best))
    return np.array(near)


def _closeness_figures(
    card: ClosenessCard, queries: PairGarments, gallery: PairGarments
) -> dict[str, list[float]]:
    """ROC AUC of kinds present against absent, and the share of each reported as distant."""
    closeness = Closeness(card)
    present = _nearness(closeness, queries, gallery, absent=False)
    absent = _nearness(closeness, queries, gallery, absent=True)
    area = roc_area(present, absent)
    limits = np.array([card.limits[each.label] for each in queries.classes])
    distant = [mean_with_interval(np.asarray(each < limits, float)) for each in (present, absent)]
    return {
        "roc_area": [area.value, area.low, area.high],
        "false_distant_rate": [distant[0].value, distant[0].low, distant[0].high],
        "true_distant_rate": [distant[1].value, distant[1].low, distant[1].high],
    }
