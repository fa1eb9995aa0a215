"""Pseudo labels for photos without masks, predicted by the run's averaged weights.

Predictions of a photo and its mirror image are averaged. Image labels or tags constrain them:
classes known to be absent are removed, and each class known to be present gets at least a share
of the garment pixels. Uncertain pixels stay unknown. Lee, "Pseudo-Label", ICML workshop 2013;
Papandreou, Chen, Murphy, Yuille, "Weakly- and Semi-Supervised Learning", ICCV 2015.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch

from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.data.labels import (
    ABSENT,
    CLASS_CODE,
    PRESENT,
    UNKNOWN_CODE,
    Codes,
    ImageLabels,
    allowed_parts,
)
from segmentation.mask import Probabilities
from segmentation.network import SegmentationNetwork
from segmentation.photos import Photo
from segmentation.preprocess import (
    Preprocessing,
    photo_part,
    place,
    resize_maps,
    to_canvas,
)
from segmentation.torch_runtime import normalise
from segmentation.training.dataset import TrainingSample
from segmentation.training.loop import fast_precision

MIN_CONFIDENCE: Final = 0.65
"""Minimum probability of a class, and of a part within it, to label a pixel."""
MIN_SHARE: Final = 0.3
"""Minimum share of the garment pixels for each class known to be present."""
MAX_FACTOR: Final = 3.0
"""Maximum factor on a class's probabilities per iteration."""
ITERATIONS: Final = 12
"""Raising one class lowers the others, so shares are balanced in a few iterations."""

PartProbabilities = npt.NDArray[np.float32]
"""Probability of each part, (PART_COUNT, h, w)."""


def with_pseudo_labels(
    samples: Iterable[TrainingSample], network: SegmentationNetwork, preprocessing: Preprocessing
) -> list[TrainingSample]:
    """Predict codes for the samples without a mask."""
    return [
        sample
        if sample.mask is not None
        else replace(
            sample, codes=pseudo_codes(sample.photo, sample.image_labels, network, preprocessing)
        )
        for sample in samples
    ]


def pseudo_codes(
    photo: Photo,
    image_labels: ImageLabels,
    network: SegmentationNetwork,
    preprocessing: Preprocessing,
) -> Codes:
    """Predict the codes (H, W) of one photo with these image labels."""
    height, width = photo.shape[:2]
    placement = place(height, width, preprocessing)
    canvas = to_canvas(photo, placement, preprocessing)
    parts = _part_probabilities(canvas, network, preprocessing)
    classes = photo_part(_constrained(parts, image_labels), placement)
    cells = photo_part(parts, placement)
    size = (height, width)
    return _confident_codes(resize_maps(classes, *size), resize_maps(cells, *size), image_labels)


def _constrained(parts: PartProbabilities, image_labels: ImageLabels) -> Probabilities:
    """Class probabilities (4, h, w) constrained by the image labels."""
    of_classes = allowed_parts()[CLASS_CODE:UNKNOWN_CODE]
    classes = np.stack([parts[members].sum(axis=0) for members in of_classes])
    labelled = image_labels[: len(GARMENT_CLASSES)]
    classes[1:][labelled == ABSENT] = 0
    classes /= np.maximum(classes.sum(axis=0), 1e-6)
    garments = classes[1:]
    for _ in range(ITERATIONS):
        shares = garments.sum(axis=(1, 2)) / max(float(garments.sum()), 1e-6)
        raised = (labelled == PRESENT) & (shares < MIN_SHARE)
        if not raised.any():
            break
        # The background probability stays; only the garment class changes.
        all_garments = garments.sum(axis=0)
        factors = np.minimum(MIN_SHARE / np.maximum(shares[raised], 1e-6), MAX_FACTOR)
        garments[raised] *= factors[:, None, None]
        garments *= all_garments / np.maximum(garments.sum(axis=0), 1e-9)
    return classes


def _confident_codes(
    classes: Probabilities, parts: PartProbabilities, image_labels: ImageLabels
) -> Codes:
    """Code of each confident pixel: its part if that is confident too, else its class."""
    codes = np.full(classes.shape[1:], UNKNOWN_CODE, np.uint8)
    possible = allowed_parts() & (image_labels[len(GARMENT_CLASSES) :] != ABSENT)
    for garment_class in GarmentClass:
        is_sure = classes[garment_class] >= MIN_CONFIDENCE
        codes[is_sure] = CLASS_CODE + garment_class
        members = np.flatnonzero(possible[CLASS_CODE + garment_class])
        if len(members) == 0:
            continue
        shares = parts[members] / np.maximum(parts[members].sum(axis=0), 1e-6)
        named = is_sure & (shares.max(axis=0) >= MIN_CONFIDENCE)
        codes[named] = members[shares.argmax(axis=0)][named]
    return codes


def _part_probabilities(
    canvas: Photo, network: SegmentationNetwork, preprocessing: Preprocessing
) -> PartProbabilities:
    """Mean over a canvas and its mirror image, at the network's resolution."""
    both = np.stack([canvas, canvas[:, ::-1]])
    with torch.inference_mode(), fast_precision():
        logits, _ = network.parts(normalise(both, preprocessing.mean, preprocessing.std))
        straight, mirrored = logits.float().softmax(dim=1)
        return np.asarray(((straight + mirrored.flip(-1)) / 2).numpy(), np.float32)


def save_codes(samples: Iterable[TrainingSample], path: Path) -> None:
    """Save the predicted codes of samples without masks, so that a run can resume."""
    predicted = {
        f"{sample.source}/{sample.name}": sample.codes for sample in samples if sample.mask is None
    }
    with path.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **predicted)


def load_codes(samples: Iterable[TrainingSample], path: Path) -> list[TrainingSample]:
    """Load codes written by `save_codes` into the samples."""
    with np.load(path) as predicted:
        return [
            sample
            if sample.mask is not None
            else replace(sample, codes=predicted[f"{sample.source}/{sample.name}"])
            for sample in samples
        ]
