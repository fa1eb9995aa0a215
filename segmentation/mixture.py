"""A network's weights before and after a training in, weights between them out.

Weights of a network and of the same one trained further, averaged number by number, often do
better than either and cost nothing to run (Wortsman et al., "Robust fine-tuning of zero-shot
models", CVPR 2022; "Model soups", ICML 2022).
"""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from segmentation.calibration import UNCALIBRATED
from segmentation.errors import WeightsError
from segmentation.rules import NO_RULES
from segmentation.weights import TrainingNote, load_segmenter, save_tensors, write_card


def mix_segmenters(start: Path, trained: Path, share: float, out: Path) -> Path:
    """Write the mixture to `out`, with a card that has neither rules nor calibration yet.

    Args:
        start: weights that the training of `trained` started from, or another training of these.
        share: of `trained`; 1 is `trained` itself.

    Raises:
        WeightsError: the networks differ in architecture or preprocessing.
    """
    (first, before), (second, card) = load_segmenter(start), load_segmenter(trained)
    if (before.architecture, before.preprocessing) != (card.architecture, card.preprocessing):
        raise not_of_one_network(start, trained)
    mix_into(second, first, 1 - share)
    made = replace(
        card,
        sha256=save_tensors(second, out),
        training=mixed_note(card.training, share, start),
        figures={},
        rules=NO_RULES,
        calibration=UNCALIBRATED,
        quantised_sha256="",
    )
    write_card(made, out)
    return out


def not_of_one_network(start: Path, trained: Path) -> WeightsError:
    """What is raised for weights whose networks differ."""
    return WeightsError(
        f"{start} and {trained} are not of one network; mix a run with what it started from"
    )


def mix_into(network: nn.Module, other: nn.Module, share: float) -> None:
    """Move a network's weights towards those of another of the same shape, in place."""
    weights = network.state_dict()
    with torch.no_grad():
        for name, value in other.state_dict().items():
            if value.is_floating_point():
                weights[name].lerp_(value, share)


def mixed_note(note: TrainingNote, share: float, other: Path) -> TrainingNote:
    """The note of a training whose end was mixed with other weights."""
    named = f"{other.parent.name}/{other.name}"
    return replace(note, command=f"{note.command}, {share:g} of its end mixed with {named}")
