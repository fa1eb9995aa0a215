"""Fit attribute heads and closeness curves on an encoder's vectors.

    main garment of each pair -> vector -> heads (fitted on train, chosen on val, measured on test)
                                       \\-> closeness (`indexing.training.closeness_fit`)

The encoder stays unchanged. Run `apparel train heads` after training an encoder.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from safetensors.numpy import save_file

from indexing.embedding.attributes import (
    ATTRIBUTE_VALUES,
    HEADS_NAME,
    AttributeHeads,
    HeadsCard,
    features_of,
    possible,
)
from indexing.embedding.encoder import StyleEncoder
from indexing.errors import IndexingError
from indexing.evaluation.metrics import Figures, Labels, macro_mean, mean_with_interval
from indexing.search.results import CLOSENESS_NAME, ClosenessCard
from indexing.training.closeness_fit import fit_closeness
from indexing.training.garments import PairGarments, embed_pairs, known_attributes
from indexing.training.softmax import fit_softmax
from indexing.types import Vectors
from segmentation.data.pairs import read_pairs
from segmentation.progress import Progress, no_progress
from segmentation.weights import file_sha256, write_card

DECAYS: Final = (1e-3, 1e-4, 1e-5)
"""Candidate weight decays; the best on val is used."""


def train_heads(
    roots: Sequence[Path], encoder: StyleEncoder, out: Path, progress: Progress = no_progress
) -> tuple[HeadsCard, ClosenessCard]:
    """Fit heads and closeness; write attributes.safetensors and closeness.json into a folder."""
    garments = embed_pairs([read_pairs(root) for root in roots], encoder, progress)
    train, val, test = (garments.of_split(split) for split in ("train", "val", "test"))
    if not train.pairs or not val.pairs or not test.pairs:
        raise IndexingError("a split has no garments; make pairs with `apparel dataset`")
    weights = {name: _fit_head(name, train, val) for name in ATTRIBUTE_VALUES}
    out.mkdir(parents=True, exist_ok=True)
    card = _write_heads(weights, encoder.fingerprint, test, out / HEADS_NAME)
    closeness = fit_closeness(encoder.fingerprint, train, val, test)
    write_card(closeness, out / CLOSENESS_NAME)
    return card, closeness


def _truth(attribute: str, garments: PairGarments) -> Labels:
    """Index of each garment's true value; -1 where unknown."""
    values = ATTRIBUTE_VALUES[attribute]
    known = (known_attributes(pair).get(attribute) for pair in garments.pairs)
    return np.array([values.index(value) if value in values else -1 for value in known])


def _features(garments: PairGarments) -> Vectors:
    return features_of(garments.vectors, garments.classes, garments.height_shares)


def _fit_head(attribute: str, train: PairGarments, val: PairGarments) -> Vectors:
    """Fit with each weight decay and return the weights with the best val accuracy."""
    candidates = [_fit_weights(attribute, train, decay) for decay in DECAYS]
    card = HeadsCard("", 0, "")
    return max(
        candidates,
        key=lambda weights: _right(
            AttributeHeads({attribute: weights}, card), attribute, val
        ).mean(),
    )


def _fit_weights(attribute: str, garments: PairGarments, decay: float) -> Vectors:
    """Fit softmax regression, weighting values by the inverse root of their count."""
    truth = _truth(attribute, garments)
    known = np.flatnonzero(truth >= 0)
    if not len(known):
        raise IndexingError(
            f"no pair has a known {attribute}; add drawn pairs (`apparel dataset drawn`)"
        )
    allowed = possible(attribute, garments.classes)[known]
    targets = truth[known]
    counts = np.maximum(np.bincount(targets, minlength=allowed.shape[1]), 1)
    importance = (counts**-0.5)[targets].astype(np.float32)
    return fit_softmax(_features(garments)[known], targets, allowed, importance, decay)


def _right(heads: AttributeHeads, attribute: str, garments: PairGarments) -> Figures:
    """Correctness (1 or 0) of the prediction for each garment whose value is known."""
    truth = _truth(attribute, garments)
    predicted = heads.probabilities(attribute, _features(garments), garments.classes).argmax(axis=1)
    return np.asarray((predicted == truth)[truth >= 0], np.float64)


def _write_heads(
    weights: dict[str, Vectors], encoder: str, test: PairGarments, path: Path
) -> HeadsCard:
    save_file(weights, path)
    features = len(next(iter(weights.values())))
    card = HeadsCard(encoder, features, file_sha256(path))
    heads = AttributeHeads(weights, card)
    card = replace(card, figures={name: _head_figures(heads, name, test) for name in weights})
    write_card(card, path)
    return card


def _head_figures(heads: AttributeHeads, attribute: str, test: PairGarments) -> dict[str, float]:
    """Accuracy on test garments with interval, macro average and majority baseline."""
    truth = _truth(attribute, test)
    known = truth[truth >= 0]
    if not len(known):
        return {}
    right = _right(heads, attribute, test)
    accuracy, low, high = mean_with_interval(right)
    return {
        "accuracy": accuracy,
        "low": low,
        "high": high,
        "macro_accuracy": macro_mean(right, known),
        "commonest_value": float(np.bincount(known).max() / len(known)),
        "garments": float(len(known)),
    }
