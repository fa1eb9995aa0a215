"""Two segmenters of one lineage in, the network between them out.

Weights of a network and of the same one trained further, averaged number by number, often do
better than either and cost nothing to run (Wortsman et al., "Model soups", ICML 2022; between a
start and what became of it: Wortsman et al., "Robust fine-tuning of zero-shot models", CVPR 2022).
"""

from dataclasses import replace
from pathlib import Path

import torch

from segmentation.calibration import UNCALIBRATED
from segmentation.errors import WeightsError
from segmentation.rules import NO_RULES
from segmentation.weights import load_segmenter, save_tensors, write_card


def mix_segmenters(start: Path, trained: Path, share: float, out: Path) -> Path:
    """Write the mixture to `out`, with a card that has neither rules nor calibration yet.

    Args:
        start: weights that the training of `trained` started from.
        share: of `trained`; 1 is `trained` itself.

    Raises:
        WeightsError: the networks differ in architecture or preprocessing.
    """
    (first, before), (second, card) = load_segmenter(start), load_segmenter(trained)
    if (before.architecture, before.preprocessing) != (card.architecture, card.preprocessing):
        raise WeightsError(
            f"{start} and {trained} are not of one network; mix a run with what it started from"
        )
    with torch.no_grad():
        mixed = second.state_dict()
        for name, old in first.state_dict().items():
            if old.is_floating_point():
                mixed[name].lerp_(old, 1 - share)
    training = replace(
        card.training, command=f"{card.training.command}, then mixed with its start: {share:g}"
    )
    made = replace(
        card,
        sha256=save_tensors(second, out),
        training=training,
        figures={},
        rules=NO_RULES,
        calibration=UNCALIBRATED,
        quantised_sha256="",
    )
    write_card(made, out)
    return out
