"""Pairs folders and an encoder in; attribute heads and closeness with their cards out.

    main garment of each pair -> vector -> heads (train senders, choice on val, figures on test)
                                       \\-> closeness (`indexing.fit_closeness`)

The encoder stays as it is, so this takes a minute or two. What is known of a garment is said in
`indexing.pair_garments`.
"""

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import torch
from safetensors.numpy import save_file
from torch.nn import functional

from catalog.files import file_sha256, publishing
from indexing.attributes import ATTRIBUTE_VALUES, AttributeHeads, HeadsCard, features_of, possible
from indexing.closeness import ClosenessCard
from indexing.encoder import StyleEncoder
from indexing.errors import IndexingError
from indexing.fit_closeness import fit_closeness
from indexing.labelled import NO_PROGRESS, Progress
from indexing.metrics import Figures, Labels, macro_mean, mean_with_interval
from indexing.pair_garments import PairGarments, embed_pairs, known_attributes
from indexing.stages import Vectors
from segmentation.pairs import read_pairs

DECAYS: Final = (1e-3, 1e-4, 1e-5)
"""Weight decays that are tried; the best on val senders is kept."""


def train_heads(
    roots: Sequence[Path], encoder: StyleEncoder, out: Path, progress: Progress = NO_PROGRESS
) -> tuple[HeadsCard, ClosenessCard]:
    """Fit and write attributes.safetensors and closeness.json into a folder; their cards."""
    garments = embed_pairs([read_pairs(root) for root in roots], encoder, progress)
    train, val, test = (garments.of_split(split) for split in ("train", "val", "test"))
    if not train.pairs or not val.pairs or not test.pairs:
        raise IndexingError("a split has no garments; make pairs with `apparel dataset`")
    weights = {name: _fit_head(name, train, val) for name in ATTRIBUTE_VALUES}
    card = _write_heads(weights, encoder.fingerprint, test, out / "attributes.safetensors")
    closeness = fit_closeness(encoder.fingerprint, train, val, test)
    with publishing(out / "closeness.json") as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(closeness), indent=2) + "\n")
    return card, closeness


def _truth(attribute: str, garments: PairGarments) -> Labels:
    """Position of each garment's value; -1 where it is not known."""
    values = ATTRIBUTE_VALUES[attribute]
    known = (known_attributes(pair).get(attribute) for pair in garments.pairs)
    return np.array([values.index(value) if value in values else -1 for value in known])


def _features(garments: PairGarments) -> Vectors:
    return features_of(garments.vectors, garments.classes, garments.height_shares)


def _fit_head(attribute: str, train: PairGarments, val: PairGarments) -> Vectors:
    """The weights, of those that several decays give, that are right most often on val."""
    tried = [_fit_weights(attribute, train, decay) for decay in DECAYS]
    card = HeadsCard("", 0, "")
    return max(
        tried,
        key=lambda weights: _right(
            AttributeHeads({attribute: weights}, card), attribute, val
        ).mean(),
    )


def _fit_weights(attribute: str, garments: PairGarments, decay: float) -> Vectors:
    """Softmax regression by L-BFGS; rare values weigh more, by the root of their rarity."""
    truth = _truth(attribute, garments)
    known = np.flatnonzero(truth >= 0)
    if not len(known):
        raise IndexingError(
            f"no pair says anything of {attribute}; add drawn pairs (`apparel dataset drawn`)"
        )
    features = torch.from_numpy(_features(garments)[known])
    answers = torch.from_numpy(truth[known])
    allowed = torch.from_numpy(possible(attribute, garments.classes)[known])
    counts = torch.bincount(answers, minlength=allowed.shape[1]).clamp(min=1).float()
    importance = counts.rsqrt()[answers]
    weights = torch.zeros(features.shape[1], allowed.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=150, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = (features @ weights).masked_fill(~allowed, -1e4)
        errors = functional.cross_entropy(logits, answers, reduction="none")
        total = (errors * importance).sum() / importance.sum() + decay * weights.square().sum()
        total.backward()
        return total

    optimiser.step(loss)
    return np.asarray(weights.detach().numpy(), np.float32)


def _right(heads: AttributeHeads, attribute: str, garments: PairGarments) -> Figures:
    """1 for each garment whose value is known and told right, 0 where it is told wrong."""
    truth = _truth(attribute, garments)
    predicted = heads.probabilities(attribute, _features(garments), garments.classes).argmax(axis=1)
    return np.asarray((predicted == truth)[truth >= 0], np.float64)


def _write_heads(
    weights: dict[str, Vectors], encoder: str, test: PairGarments, path: Path
) -> HeadsCard:
    path.parent.mkdir(parents=True, exist_ok=True)
    with publishing(path) as temporary:
        save_file(weights, temporary)
    features = len(next(iter(weights.values())))
    card = HeadsCard(encoder, features, str(file_sha256(path)))
    heads = AttributeHeads(weights, card)
    card = dataclasses.replace(
        card, figures={name: _head_figures(heads, name, test) for name in weights}
    )
    with publishing(path.with_suffix(".json")) as temporary:
        temporary.write_text(json.dumps(dataclasses.asdict(card), indent=2) + "\n")
    return card


def _head_figures(heads: AttributeHeads, attribute: str, test: PairGarments) -> dict[str, float]:
    """Accuracy on test garments with its interval, over values, and of the commonest value."""
    truth = _truth(attribute, test)
    known = truth[truth >= 0]
    if not len(known):
        return {}
    right = _right(heads, attribute, test)
    figure = mean_with_interval(right)
    return {
        "accuracy": figure.value,
        "low": figure.low,
        "high": figure.high,
        "macro_accuracy": macro_mean(right, known),
        "commonest_value": float(np.bincount(known).max() / len(known)),
        "garments": float(len(known)),
    }
