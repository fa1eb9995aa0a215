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
from indexing.search.results import ClosenessCard, Curve
from indexing.training.garments import PairGarments
from indexing.types import Vectors
from segmentation.classes import GARMENT_CLASSES, GarmentClass

NEIGHBOURS: Final = 10
KNOTS: Final = 16
GALLERY_SIZES: Final = (30, 100, 300, 1000)
GALLERIES: Final = 20
"""Galleries drawn of each size."""
DISTANT_SHARE: Final = 0.02
"""Accepted share of queries reported as distant although their kind is in the catalogue."""


def fit_closeness(
    encoder: str, train: PairGarments, val: PairGarments, test: PairGarments
) -> ClosenessCard:
    """Fit curves and limits on val queries, and measure them on test queries."""
    gallery = _labelled(train)
    card = _curves(encoder, _labelled(val), gallery)
    limits = {each.label: _limits(_labelled(val), gallery, each) for each in GARMENT_CLASSES}
    card = dataclasses.replace(card, limits=limits)
    return dataclasses.replace(card, figures=_closeness_figures(card, _labelled(test), gallery))


def _labelled(garments: PairGarments) -> PairGarments:
    return garments.only([i for i, pair in enumerate(garments.pairs) if pair.label])


def _curves(encoder: str, queries: PairGarments, gallery: PairGarments) -> ClosenessCard:
    cut = queries.style_dimension
    style: dict[str, Curve] = {}
    colour: dict[str, Curve] = {}
    for garment_class in GARMENT_CLASSES:
        own, others = _of_class(queries, garment_class), _of_class(gallery, garment_class)
        if not own.pairs or not others.pairs:
            raise IndexingError(
                f"no {garment_class.label} garments with a label to fit closeness on; "
                "add the clothing pairs"
            )
        cosines = own.vectors[:, :cut] @ others.vectors[:, :cut].T
        style[garment_class.label] = fit_curve(*_nearest(cosines, _of_same_kind(own, others)))
        cosines = own.vectors[:, cut:] @ others.vectors[:, cut:].T
        same = np.array(own.main_colours)[:, None] == np.array(others.main_colours)[None]
        colour[garment_class.label] = fit_curve(*_nearest(cosines, same))
    return ClosenessCard(encoder, style, colour, {})


def _of_class(garments: PairGarments, garment_class: GarmentClass) -> PairGarments:
    return garments.only([i for i, each in enumerate(garments.classes) if each == garment_class])


def _of_same_kind(queries: PairGarments, gallery: PairGarments) -> npt.NDArray[np.bool_]:
    """Whether each query has the kind of each garment of the gallery, shape (q, n)."""
    mine, theirs = (np.array([pair.label for pair in each.pairs]) for each in (queries, gallery))
    return np.asarray(mine[:, None] == theirs[None])


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


def _limits(queries: PairGarments, gallery: PairGarments, garment_class: GarmentClass) -> Curve:
    """Fit the limit for galleries of several sizes, drawn from this class's garments."""
    own, others = _of_class(queries, garment_class), _of_class(gallery, garment_class)
    count = len(others.pairs)
    sizes = [*(size for size in GALLERY_SIZES if size < count), count]
    draw = np.random.default_rng(0)
    limits = []
    for size in sizes:
        galleries = [others.only(draw.permutation(count)[:size]) for _ in range(GALLERIES)]
        near = np.concatenate([_nearest_styles(own, each) for each in galleries])
        limits.append(float(np.quantile(near, DISTANT_SHARE)) if len(near) else 0.0)
    return Curve(
        tuple(round(float(np.log10(size)), 4) for size in sizes),
        tuple(round(limit, 4) for limit in limits),
    )


def _nearest_styles(queries: PairGarments, gallery: PairGarments, absent: bool = False) -> Figures:
    """Style cosine of the nearest garment for each query whose kind the gallery has.

    `absent` removes garments of the query's kind from the gallery; then every query counts.
    """
    cut = queries.style_dimension
    cosines = queries.vectors[:, :cut] @ gallery.vectors[:, :cut].T
    same = _of_same_kind(queries, gallery)
    if absent:
        return np.asarray(np.where(same, -1.0, cosines).max(axis=1), np.float64)
    return np.asarray(cosines.max(axis=1)[same.any(axis=1)], np.float64)


def _closeness_figures(
    card: ClosenessCard, queries: PairGarments, gallery: PairGarments
) -> dict[str, list[float]]:
    """ROC AUC of kinds present against absent, and the share of each reported as distant."""
    present, absent = (
        np.concatenate(
            [_over_limit(card, queries, gallery, each, absent) for each in GARMENT_CLASSES]
        )
        for absent in (False, True)
    )
    return {
        "roc_area": roc_area(present, absent),
        "false_distant_rate": mean_with_interval(present < 0),
        "true_distant_rate": mean_with_interval(absent < 0),
    }


def _over_limit(
    card: ClosenessCard,
    queries: PairGarments,
    gallery: PairGarments,
    garment_class: GarmentClass,
    absent: bool,
) -> Figures:
    """By how much each query's nearest style cosine is over the limit of its class."""
    own, others = _of_class(queries, garment_class), _of_class(gallery, garment_class)
    return _nearest_styles(own, others, absent) - card.limit(garment_class, len(others.pairs))
