"""Photos without masks in, codes guessed by the network in training out.

Its averaged weights label each photo, seen straight and mirrored; what label or tags rule
out is never chosen, and what it is not sure of stays unknown. Source: Lee, "Pseudo-Label",
ICML workshop 2013; tags as constraints: Papandreou et al., ICCV 2015.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.model import MASK_STRIDE, SegmentationNetwork
from segmentation.parts import (
    ABSENT,
    CLASS_CODE,
    PART_CLASSES,
    UNKNOWN_CODE,
    Codes,
    Presence,
)
from segmentation.photos import Photo
from segmentation.preprocess import Placement, Preprocessing, normalise, place, to_canvas
from segmentation.runs import fast_precision
from segmentation.samples import Sample

SURE: Final = 0.65
"""Least probability of a part, or of a class, for it to become the truth of a pixel."""


def with_guessed_codes(
    samples: Iterable[Sample], network: SegmentationNetwork, preprocessing: Preprocessing
) -> list[Sample]:
    """The samples; those without a mask with the codes that the network gives them."""
    return [
        sample
        if sample.mask is not None
        else replace(
            sample, codes=guess_codes(sample.photo, sample.answers, network, preprocessing)
        )
        for sample in samples
    ]


def guess_codes(
    photo: Photo, answers: Presence, network: SegmentationNetwork, preprocessing: Preprocessing
) -> Codes:
    """Codes (H, W) of one photo of which `answers` are known."""
    probabilities = _part_probabilities(photo, network, preprocessing)
    probabilities[answers[len(GARMENT_CLASSES) :] == ABSENT] = 0
    for garment_class in GARMENT_CLASSES:
        if answers[garment_class - 1] == ABSENT:
            probabilities[np.array(PART_CLASSES) == garment_class] = 0
    probabilities /= np.maximum(probabilities.sum(axis=0), 1e-6)
    codes = np.full(photo.shape[:2], UNKNOWN_CODE, np.uint8)
    for garment_class in GarmentClass:
        of_class = probabilities[np.array(PART_CLASSES) == garment_class].sum(axis=0)
        codes[of_class >= SURE] = CLASS_CODE + garment_class
    sure = probabilities.max(axis=0) >= SURE
    codes[sure] = probabilities.argmax(axis=0).astype(np.uint8)[sure]
    return codes


def _part_probabilities(
    photo: Photo, network: SegmentationNetwork, preprocessing: Preprocessing
) -> npt.NDArray[np.float32]:
    """Mean over the photo and its mirror image, (PART_COUNT, H, W)."""
    placement = place(photo.shape[0], photo.shape[1], preprocessing)
    canvas = to_canvas(photo, placement, preprocessing)
    both = np.stack([canvas, canvas[:, ::-1]])
    with torch.inference_mode(), fast_precision():
        logits, _ = network.parts(normalise(both, preprocessing.mean, preprocessing.std))
        straight, mirrored = logits.float().softmax(dim=1)
        mean = (straight + mirrored.flip(-1)) / 2
        full = functional.interpolate(mean[None], scale_factor=MASK_STRIDE, mode="bilinear")
        inside = full[:, :, *_window(placement)]
        return np.array(
            functional.interpolate(inside, photo.shape[:2], mode="bilinear")[0].numpy(), np.float32
        )


def _window(placement: Placement) -> tuple[slice, slice]:
    return (
        slice(placement.top, placement.top + placement.height),
        slice(placement.left, placement.left + placement.width),
    )


def save_codes(samples: Iterable[Sample], path: Path) -> None:
    """Keep the guessed codes beside the run, for when it is resumed."""
    guessed = {
        f"{sample.source}/{sample.name}": sample.codes for sample in samples if sample.mask is None
    }
    with path.open("wb") as stream:
        np.savez_compressed(stream, allow_pickle=False, **guessed)


def load_codes(samples: Iterable[Sample], path: Path) -> list[Sample]:
    """The samples with the codes that `save_codes` kept."""
    with np.load(path) as guessed:
        return [
            sample
            if sample.mask is not None
            else replace(sample, codes=guessed[f"{sample.source}/{sample.name}"])
            for sample in samples
        ]
