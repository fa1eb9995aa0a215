"""Adapter for any timm network as a style encoder; imports torch and timm."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import timm
import torch
from safetensors import SafetensorError
from torch import nn

from indexing.embedding.crop import Crop
from indexing.embedding.encoder import CropPreprocessing, Encoded, crop_network, encode_crops
from indexing.errors import EncoderError
from segmentation.runtime import REFERENCE, RuntimeOptions, open_runtime
from segmentation.torch_runtime import network_sha256
from segmentation.weights import fingerprint_of

LOCAL_PREFIX: Final = "local-dir:"
SAFE_WEIGHTS: Final = "model.safetensors"
UNTRAINED_SEED: Final = 0


class TimmEncoder:
    """A timm network as a style encoder: its pooled features, scaled to unit length.

    Side and normalisation of crops follow the network's configuration; its centre crop is not
    applied, since the masked crop already frames the garment.
    """

    def __init__(self, network: nn.Module, name: str, options: RuntimeOptions = REFERENCE) -> None:
        self._network = network.eval()
        self._name = name
        self._preprocessing = _preprocessing_of(network, name)
        side = self._preprocessing.side
        with torch.inference_mode():
            self._dimension = int(self._network(torch.zeros(1, 3, side, side)).shape[1])
        self._sha256 = network_sha256(network)
        pictures = crop_network(network, self._preprocessing)
        self._runtime = open_runtime(lambda: pictures, options, self.fingerprint)

    @classmethod
    def open(cls, name: str, options: RuntimeOptions = REFERENCE) -> "TimmEncoder":
        """Load a network with its weights; EncoderError explains a wrong name."""
        if name.startswith(LOCAL_PREFIX):
            _refuse_pickle(Path(name.removeprefix(LOCAL_PREFIX)))
        return cls(_created(name, pretrained=True), name, options)

    def untrained(self) -> "TimmEncoder":
        """The same architecture with random weights."""
        torch.manual_seed(UNTRAINED_SEED)
        return TimmEncoder(_created(self._name, pretrained=False), self._name)

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
    def side(self) -> int:
        return self._preprocessing.side

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, crops: Sequence[Crop]) -> Encoded:
        """Encode crops as unit-length vectors, shape (n, dimension), without patches."""
        return encode_crops(self._runtime, crops, self._dimension)


def _refuse_pickle(folder: Path) -> None:
    """Raise EncoderError for pickled weights, which can run code when loaded."""
    pickles = sorted(path.name for end in ("*.bin", "*.pth") for path in folder.glob(end))
    if pickles and not (folder / SAFE_WEIGHTS).is_file():
        raise EncoderError(
            f"{folder / pickles[0]} is a pickle, which can run code; save the network again as "
            f"{SAFE_WEIGHTS} with timm.models.save_for_hf(..., safe_serialization=True)"
        )


def _created(name: str, pretrained: bool) -> nn.Module:
    try:
        # num_classes=0: pooled features instead of class scores.
        network: nn.Module = timm.create_model(name, pretrained=pretrained, num_classes=0)
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
