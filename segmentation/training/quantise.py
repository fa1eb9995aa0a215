"""Quantise a segmenter to 8-bit integers for OpenVINO, on train photos.

    float network -> copy fine-tuned while its numbers are rounded -> NNCF -> 8-bit network

The copy learns to give the float network's outputs though its weights and activations have eight
bits (Polino, Pascanu, Alistarh, "Model compression via distillation and quantization", ICLR 2018);
gradients pass the rounding unchanged. NNCF then writes the integers (Jacob et al., "Quantization
and Training of Neural Networks for Efficient Integer-Arithmetic-Only Inference", CVPR 2018). The
network is written beside its weights and recorded in their card (`segmentation.weights`). Needs
the `train` extra (NNCF).
"""

import random
import sys
from collections import defaultdict
from collections.abc import Sequence
from contextlib import redirect_stdout
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import torch
from timm.layers import BatchNormAct2d
from timm.models._efficientnet_blocks import DepthwiseSeparableConv, InvertedResidual
from torch import nn
from torch.nn import functional
from torch.nn.utils import parametrize

from segmentation.data.pairs import read_pairs
from segmentation.errors import DatasetError
from segmentation.photos import read_photo
from segmentation.preprocess import Preprocessing, canvas_of
from segmentation.progress import Progress, no_progress
from segmentation.runtime import Pictures
from segmentation.torch_runtime import PictureNetwork, converted
from segmentation.weights import load_segmenter, quantised_path, save_quantised_hash

if TYPE_CHECKING:
    import openvino

Outputs = tuple[torch.Tensor, ...]
"""Class probabilities, presence logits and feature maps of a batch."""

PHOTOS: Final = 300
"""Number of train photos."""
EPOCHS: Final = 5
BATCH_SIZE: Final = 4
LEARNING_RATE: Final = 1e-5
"""At the start; it falls to 0 along a cosine. With five times as much the copy drifted off."""
PROBABILITIES_WEIGHT: Final = 5.0
FEATURES_WEIGHT: Final = 0.3
LEVELS: Final = 63.5
"""Steps from zero to a channel's largest weight: half of their range (see `quantised_model`)."""
DEPTHWISE_LEVELS: Final = 127.0
"""The same of depthwise convolutions, which NNCF gives the whole range."""
SMALLEST: Final = 1e-9
_ROUNDED: Final = (BatchNormAct2d, InvertedResidual, DepthwiseSeparableConv)
"""Modules of the backbone whose outputs have eight bits."""

_Ranges = defaultdict[nn.Module, list[tuple[float, float]]]
"""Least and largest output of each module in each batch."""


def quantise_segmenter(
    weights: Path,
    roots: Sequence[Path],
    photos: int = PHOTOS,
    seed: int = 0,
    progress: Progress = no_progress,
) -> Path:
    """Write the 8-bit network beside the weights and return its path.

    Args:
        roots: pairs folders, which contribute equal numbers of train photos.
        progress: called with the steps of fine-tuning.

    Raises:
        DatasetError: a folder has no train photos.
    """
    network, card = load_segmenter(weights)
    canvases = _canvases(roots, card.preprocessing, photos, seed)
    preprocessing = card.preprocessing
    reference = PictureNetwork(network, preprocessing.mean, preprocessing.std)
    tuned = tuned_to_rounding(reference, canvases, seed, progress)
    path = quantised_path(weights)
    _write(quantised_model(converted(tuned), canvases), path)
    save_quantised_hash(weights)
    return path


def _canvases(
    roots: Sequence[Path], preprocessing: Preprocessing, photos: int, seed: int
) -> list[Pictures]:
    """Canvases of train photos, each uint8 (1, H, W, 3)."""
    canvases = []
    for root in roots:
        folder = read_pairs(root).of_split("train")
        if not folder.pairs:
            raise DatasetError(f"{root} has no train photos; make it again with `apparel dataset`")
        count = min(photos // len(roots), len(folder.pairs))
        for pair in random.Random(seed).sample(folder.pairs, count):
            photo = read_photo(folder.photo_path(pair))
            canvases.append(canvas_of(photo, preprocessing)[None])
    return canvases


@dataclass(frozen=True, eq=False)
class _Batch:
    """Pictures of one size and the float network's outputs for them."""

    pictures: torch.Tensor
    outputs: Outputs


def tuned_to_rounding(
    reference: PictureNetwork, pictures: Sequence[Pictures], seed: int, progress: Progress
) -> PictureNetwork:
    """Return a copy whose outputs stay those of `reference` when its numbers are rounded."""
    tuned = deepcopy(reference).requires_grad_(True).eval()
    batches, ranges = _observed(tuned, pictures)
    hooks = [
        module.register_forward_hook(_Rounding(*np.mean(seen, axis=0)))
        for module, seen in ranges.items()
    ]
    convolutions = [each for each in tuned.modules() if isinstance(each, nn.Conv2d)]
    for each in convolutions:
        levels = DEPTHWISE_LEVELS if each.groups > 1 else LEVELS
        parametrize.register_parametrization(each, "weight", _RoundedWeight(levels), unsafe=True)
    _fit(tuned, batches, seed, progress)
    for each in convolutions:
        parametrize.remove_parametrizations(each, "weight", leave_parametrized=False)
    for hook in hooks:
        hook.remove()
    return tuned.eval()


def _observed(
    network: PictureNetwork, pictures: Sequence[Pictures]
) -> tuple[list[_Batch], _Ranges]:
    """The network's outputs, and the ranges of its backbone's activations."""
    ranges: _Ranges = defaultdict(list)

    def observe(module: nn.Module, _: object, output: torch.Tensor) -> None:
        ranges[module].append((float(output.min()), float(output.max())))

    modules = [each for each in network.modules() if isinstance(each, _ROUNDED)]
    observers = [module.register_forward_hook(observe) for module in modules]
    batches = _batches(network, pictures)
    for observer in observers:
        observer.remove()
    return batches, ranges


def _batches(reference: PictureNetwork, pictures: Sequence[Pictures]) -> list[_Batch]:
    by_size: defaultdict[tuple[int, ...], list[Pictures]] = defaultdict(list)
    for picture in pictures:
        by_size[picture.shape].append(picture)
    batches = []
    for same_size in by_size.values():
        for start in range(0, len(same_size), BATCH_SIZE):
            batch = torch.from_numpy(np.concatenate(same_size[start : start + BATCH_SIZE]))
            with torch.no_grad():
                batches.append(_Batch(batch, reference(batch)))
    return batches


class _RoundedWeight(nn.Module):
    """Rounds the weights of each output channel to multiples of a step."""

    def __init__(self, levels: float) -> None:
        super().__init__()
        self.levels = levels

    def forward(self, weight: torch.Tensor) -> torch.Tensor:
        largest = weight.detach().abs().amax((1, 2, 3), keepdim=True).clamp_min(SMALLEST)
        step = largest / self.levels
        return _straight_through(weight, (weight / step).round() * step)


def _straight_through(values: torch.Tensor, rounded: torch.Tensor) -> torch.Tensor:
    """The rounded values, with the gradient of the values themselves."""
    return values + (rounded - values).detach()


class _Rounding:
    """Forward hook that rounds an output to eight bits, signed where the least value is below 0."""

    def __init__(self, least: float, largest: float) -> None:
        self.lowest, self.highest = (0, 255) if least >= 0 else (-128, 127)
        reach = max(-least / 128, largest / self.highest)
        self.step = max(float(reach), SMALLEST)

    def __call__(self, _: nn.Module, __: object, output: torch.Tensor) -> torch.Tensor:
        levels = (output / self.step).round().clamp(self.lowest, self.highest)
        return _straight_through(output, levels * self.step)


def _fit(network: nn.Module, batches: Sequence[_Batch], seed: int, progress: Progress) -> None:
    optimiser = torch.optim.Adam(network.parameters(), LEARNING_RATE)
    steps = EPOCHS * len(batches)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, steps)
    shuffled = random.Random(seed)
    order = [batch for _ in range(EPOCHS) for batch in shuffled.sample(batches, len(batches))]
    for step, batch in enumerate(order, 1):
        optimiser.zero_grad()
        _distance(network(batch.pictures), batch.outputs).backward()
        optimiser.step()
        schedule.step()
        progress(step, steps)


def _distance(outputs: Outputs, wanted: Outputs) -> torch.Tensor:
    """Loss of outputs against the float network's."""
    (probabilities, presence, *maps), (true, true_presence, *true_maps) = outputs, wanted
    divergence = functional.kl_div(probabilities.clamp_min(SMALLEST).log(), true, reduction="none")
    loss = PROBABILITIES_WEIGHT * divergence.sum(dim=1).mean()
    loss = loss + functional.binary_cross_entropy_with_logits(presence, true_presence.sigmoid())
    for found, expected in zip(maps, true_maps, strict=True):
        variance = expected.var(dim=(0, 2, 3), keepdim=True) + SMALLEST
        loss = loss + FEATURES_WEIGHT * ((found - expected) ** 2 / variance).mean()
    return loss


def quantised_model(model: "openvino.Model", pictures: list[Pictures]) -> "openvino.Model":
    """Quantise a model, calibrating activation ranges on these pictures."""
    import nncf

    nncf.set_log_level("ERROR")
    # NNCF prints progress on stdout.
    with redirect_stdout(sys.stderr):
        return nncf.quantize(
            model,
            nncf.Dataset(pictures),
            # Symmetric activations: with asymmetric ones masks agreed less.
            preset=nncf.QuantizationPreset.PERFORMANCE,
            subset_size=len(pictures),
            # Weights take half of their range: processors without VNNI add pairs of products in
            # 16 bits, which overflow otherwise, so that vectors would depend on the processor.
            advanced_parameters=nncf.AdvancedQuantizationParameters(
                overflow_fix=nncf.OverflowFix.ENABLE,
                disable_bias_correction=True,
            ),
        )


def _write(model: "openvino.Model", path: Path) -> None:
    import openvino

    openvino.save_model(model, path)
