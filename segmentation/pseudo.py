"""Photos without masks in, codes guessed by the network in training out.

Its averaged weights label each photo, seen straight and mirrored. Of which classes there is a
garment, label or tags know better: the others are never chosen, and each of these has its share of
what is garment; then the photo's colours and edges have their say. What is not sure stays unknown.
Sources: Lee, "Pseudo-Label", ICML workshop 2013; tags as constraints, with a least share for what
is there: Papandreou, Chen, Murphy, Yuille, ICCV 2015.
"""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import torch

from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.mask import Probabilities
from segmentation.model import SegmentationNetwork
from segmentation.parts import (
    ABSENT,
    CLASS_CODE,
    PRESENT,
    UNKNOWN_CODE,
    Codes,
    Presence,
    allowed_parts,
)
from segmentation.photos import Photo
from segmentation.predictor import on_canvas
from segmentation.preprocess import Preprocessing, inside, normalise, place, to_canvas
from segmentation.runs import fast_precision
from segmentation.samples import Sample

SURE: Final = 0.65
"""Least probability of a class, and of a part within it, to become the truth of a pixel."""
LEAST_SHARE: Final = 0.3
"""Of a photo's garments, how much each class that is known to be there has at least."""
LARGEST_RAISE: Final = 3.0
MOST_RAISES: Final = 12
"""Raising one class lowers the others: how often they are looked at again."""

PartProbabilities = npt.NDArray[np.float32]
"""Of each part, (PART_COUNT, h, w)."""


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
    height, width = photo.shape[:2]
    placement = place(height, width, preprocessing)
    canvas = to_canvas(photo, placement, preprocessing)
    parts = _part_probabilities(canvas, network, preprocessing)
    classes = inside(on_canvas(canvas, _as_answered(parts, answers), placement), placement)
    # Parts lie on the coarser grid: their shares change slowly, and only within a class.
    cells = inside(_resized(parts, *canvas.shape[:2]), placement)
    return _sure_codes(_resized(classes, height, width), _resized(cells, height, width), answers)


def _as_answered(parts: PartProbabilities, answers: Presence) -> Probabilities:
    """Class probabilities (4, h, w) that agree with what is known of the whole photo."""
    of_classes = allowed_parts()[CLASS_CODE:UNKNOWN_CODE]
    classes = np.stack([parts[members].sum(axis=0) for members in of_classes])
    said = answers[: len(GARMENT_CLASSES)]
    classes[1:][said == ABSENT] = 0
    classes /= np.maximum(classes.sum(axis=0), 1e-6)
    garments = classes[1:]
    for _ in range(MOST_RAISES):
        shares = garments.sum(axis=(1, 2)) / max(float(garments.sum()), 1e-6)
        raised = (said == PRESENT) & (shares < LEAST_SHARE)
        if not raised.any():
            break
        # What is ground stays ground: only which garment it is changes.
        all_garments = garments.sum(axis=0)
        factors = np.minimum(LEAST_SHARE / np.maximum(shares[raised], 1e-6), LARGEST_RAISE)
        garments[raised] *= factors[:, None, None]
        garments *= all_garments / np.maximum(garments.sum(axis=0), 1e-9)
    return classes


def _sure_codes(classes: Probabilities, parts: PartProbabilities, answers: Presence) -> Codes:
    """The class of each pixel where it is sure, and its part where that is sure within it."""
    codes = np.full(classes.shape[1:], UNKNOWN_CODE, np.uint8)
    possible = allowed_parts() & (answers[len(GARMENT_CLASSES) :] != ABSENT)
    for garment_class in GarmentClass:
        is_sure = classes[garment_class] >= SURE
        codes[is_sure] = CLASS_CODE + garment_class
        members = np.flatnonzero(possible[CLASS_CODE + garment_class])
        if len(members) == 0:
            continue
        shares = parts[members] / np.maximum(parts[members].sum(axis=0), 1e-6)
        named = is_sure & (shares.max(axis=0) >= SURE)
        codes[named] = members[shares.argmax(axis=0)][named]
    return codes


def _part_probabilities(
    canvas: Photo, network: SegmentationNetwork, preprocessing: Preprocessing
) -> PartProbabilities:
    """Mean over a canvas and its mirror image, on the network's grid."""
    both = np.stack([canvas, canvas[:, ::-1]])
    with torch.inference_mode(), fast_precision():
        logits, _ = network.parts(normalise(both, preprocessing.mean, preprocessing.std))
        straight, mirrored = logits.float().softmax(dim=1)
        return np.asarray(((straight + mirrored.flip(-1)) / 2).numpy(), np.float32)


def _resized(maps: npt.NDArray[np.float32], height: int, width: int) -> npt.NDArray[np.float32]:
    return np.stack(
        [cv2.resize(each, (width, height), interpolation=cv2.INTER_LINEAR) for each in maps]
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
