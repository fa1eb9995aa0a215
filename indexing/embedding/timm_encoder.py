"""Adapter for any timm network as a style encoder; imports torch and timm."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from unittest.mock import patch

import numpy as np
import timm
import torch
from safetensors import SafetensorError
from torch import nn

from indexing.embedding.crop import crop_garment
from indexing.embedding.encoder import SegmentedGarment, unit_length
from indexing.errors import EncoderError
from indexing.types import Vectors
from segmentation.runtime import REFERENCE, RuntimeOptions, open_runtime
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


class TimmEncoder:
    """A timm network as a style encoder: its pooled features, scaled to unit length.

    Side and normalisation of crops follow the network's configuration; its centre crop is not
    applied, since the masked crop already frames the garment.
    """

    def __init__(self, network: nn.Module, name: str, options: RuntimeOptions = REFERENCE) -> None:
        self._network = network.eval()
        self._preprocessing = _preprocessing_of(network, name)
        side = self._preprocessing.side
        with torch.inference_mode():
            self._dimension = int(self._network(torch.zeros(1, 3, side, side)).shape[1])
        self._sha256 = network_sha256(network)
        mean, std = self._preprocessing.mean, self._preprocessing.std
        pictures = PictureNetwork(network, mean, std, (side, side))
        self._runtime = open_runtime(lambda: pictures, options, self.fingerprint)

    @classmethod
    def open(cls, name: str, options: RuntimeOptions = REFERENCE) -> "TimmEncoder":
        """Load a network with its weights; EncoderError explains a wrong name or a pickle."""
        return cls(_created(name), name, options)

    @property
    def fingerprint(self) -> str:
        """Architecture and a hash over weights and preprocessing."""
        card: dict[str, Any] = self._network.pretrained_cfg  # type: ignore[assignment]
        architecture = card["architecture"]
        made_by = fingerprint_of(self._sha256, self._preprocessing)
        return f"{architecture}-{self._dimension}/{made_by}"

    @property
    def runtime(self) -> str:
        """Name of the runtime, like "openvino f32"."""
        return self._runtime.name

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, garments: Sequence[SegmentedGarment]) -> Vectors:
        """Encode the garments' masked crops as unit-length vectors, shape (n, dimension)."""
        side = self._preprocessing.side
        crops = [crop_garment(each.photo, each.garment, side) for each in garments]
        vectors = [np.zeros((0, self._dimension), np.float32)]
        for start in range(0, len(crops), BATCH_SIZE):
            vectors.append(self._runtime.run(np.stack(crops[start : start + BATCH_SIZE]))[0])
        return unit_length(np.concatenate(vectors))


def _refuse_pickle(file: object, *_: object, **__: object) -> None:
    """Raise EncoderError instead of torch.load, whatever it is told about its safety."""
    raise EncoderError(
        f"{file} is a pickle, which can run code; save the network again as model.safetensors "
        "with timm.models.save_for_hf(..., safe_serialization=True)"
    )


def _created(name: str) -> nn.Module:
    try:
        # timm falls back on pickles: in a folder, of the hub, at an address in a config.
        with patch.object(torch, "load", _refuse_pickle):
            # num_classes=0: pooled features instead of class scores.
            network: nn.Module = timm.create_model(name, pretrained=True, num_classes=0)
    except (RuntimeError, OSError, ValueError, KeyError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:160]
        raise EncoderError(
            f"cannot open the encoder {name!r} ({reason}); name a weights file "
            f"(.safetensors), a timm network, hf-hub:... or local-dir:..."
        ) from error
    return network


def _preprocessing_of(network: nn.Module, name: str) -> CropPreprocessing:
    config = timm.data.resolve_model_data_config(network)
    channels, height, width = config["input_size"]
    if channels != 3 or height != width:
        raise EncoderError(
            f"the encoder {name!r} wants {channels} x {height} x {width} numbers; "
            "use one with square RGB input"
        )
    return CropPreprocessing(height, tuple(config["mean"]), tuple(config["std"]))
