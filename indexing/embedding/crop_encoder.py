"""A torch network that maps masked crops to features, as a style encoder."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from torch import nn

from indexing.embedding.crop import crop_garment
from indexing.embedding.encoder import SegmentedGarment, unit_length
from indexing.types import Vectors
from segmentation.runtime import RuntimeOptions, open_runtime
from segmentation.torch_runtime import PictureNetwork, network_sha256
from segmentation.weights import fingerprint_of

BATCH_SIZE: Final = 16
"""Crops in one call; larger batches are not faster per crop."""


@dataclass(frozen=True)
class CropPreprocessing:
    """Side of the square crop in pixels; mean and std per RGB channel for values in 0..1."""

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


class CropEncoder:
    """A network's features of masked crops, scaled to unit length.

    Its own centre crop is not applied, since the masked crop already frames the garment.
    """

    def __init__(
        self,
        network: nn.Module,
        architecture: str,
        preprocessing: CropPreprocessing,
        options: RuntimeOptions,
    ) -> None:
        side = preprocessing.side
        with torch.inference_mode():
            self.dimension = int(network.eval()(torch.zeros(1, 3, side, side)).shape[1])
        made_by = fingerprint_of(network_sha256(network), preprocessing)
        self.fingerprint = f"{architecture}-{self.dimension}/{made_by}"
        """Architecture and a hash over weights and preprocessing."""
        self._side = side
        pictures = PictureNetwork(network, preprocessing.mean, preprocessing.std, (side, side))
        self._runtime = open_runtime(lambda: pictures, options, self.fingerprint)

    @property
    def runtime(self) -> str:
        return self._runtime.name

    def encode(self, garments: Sequence[SegmentedGarment]) -> Vectors:
        crops = [crop_garment(each.photo, each.garment, self._side) for each in garments]
        vectors = [np.zeros((0, self.dimension), np.float32)]
        for start in range(0, len(crops), BATCH_SIZE):
            vectors.append(self._runtime.run(np.stack(crops[start : start + BATCH_SIZE]))[0])
        return unit_length(np.concatenate(vectors))
