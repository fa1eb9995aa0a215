"""Photos in, class masks and garments out: what the rest of the project calls.

Segmenter.load().segment([photo]) -> [Segmentation]
"""

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Self

import numpy as np
import torch

from segmentation.mask import Probabilities, Segmentation, find_garments
from segmentation.model import SegmentationNetwork
from segmentation.photos import Photo
from segmentation.preprocess import (
    Placement,
    Preprocessing,
    normalise,
    place,
    to_canvas,
    to_mask,
    to_probabilities,
)
from segmentation.weights import SHIPPED_SEGMENTER, SegmenterCard, load_segmenter

BATCH_SIZE: Final = 8


class Segmenter:
    """A trained network with its card."""

    def __init__(self, network: SegmentationNetwork, card: SegmenterCard) -> None:
        self._network = network
        self.card = card

    @classmethod
    def load(cls, weights: Path | None = None) -> Self:
        """Read weights with their card; None means those shipped with the package."""
        network, card = load_segmenter(weights or SHIPPED_SEGMENTER)
        return cls(network, card)

    @property
    def fingerprint(self) -> str:
        return self.card.fingerprint

    def segment(self, photos: Sequence[Photo]) -> list[Segmentation]:
        """Class mask (at each photo's size) and garments of each photo, in order."""
        maps = predict(self._network, self.card.preprocessing, photos)
        return [
            _segmentation_of(photo, probabilities)
            for photo, probabilities in zip(photos, maps, strict=True)
        ]


def _segmentation_of(photo: Photo, probabilities: Probabilities) -> Segmentation:
    mask = to_mask(probabilities, *photo.shape[:2])
    return Segmentation(mask, find_garments(mask, probabilities))


def predict(
    network: SegmentationNetwork, preprocessing: Preprocessing, photos: Sequence[Photo]
) -> list[Probabilities]:
    """Class probabilities of each photo, (4, h, w) at the canvas's resolution, in order."""
    placements = [place(photo.shape[0], photo.shape[1], preprocessing) for photo in photos]
    by_canvas: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    for position, placement in enumerate(placements):
        by_canvas[placement.canvas].append(position)
    answers: dict[int, Probabilities] = {}
    for positions in by_canvas.values():
        for start in range(0, len(positions), BATCH_SIZE):
            batch = positions[start : start + BATCH_SIZE]
            found = _predict_batch(
                network,
                preprocessing,
                [photos[position] for position in batch],
                [placements[position] for position in batch],
            )
            answers.update(zip(batch, found, strict=True))
    return [answers[position] for position in range(len(photos))]


def _predict_batch(
    network: SegmentationNetwork,
    preprocessing: Preprocessing,
    photos: list[Photo],
    placements: list[Placement],
) -> list[Probabilities]:
    """One forward pass; all placements share one canvas."""
    canvases = np.stack(
        [
            to_canvas(photo, placement, preprocessing)
            for photo, placement in zip(photos, placements, strict=True)
        ]
    )
    with torch.inference_mode():
        logits, _ = network(normalise(canvases, preprocessing.mean, preprocessing.std))
    return [
        to_probabilities(photo_logits, placement)
        for photo_logits, placement in zip(logits, placements, strict=True)
    ]
