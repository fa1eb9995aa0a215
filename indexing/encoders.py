"""The name of an encoder in, the encoder out: ours by its weights file, or any timm network.

None                         the shipped weights
PATH.safetensors             weights of ours, with their card beside them
vit_base_patch14_dinov2...   a timm name; its weights are fetched, which needs a network
hf-hub:timm/ViT-B-16-SigLIP  likewise, from a model repository
local-dir:FOLDER             a timm network saved to disk (`timm.models.save_for_hf`)
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Protocol

import timm
import torch
from safetensors import SafetensorError
from torch import nn

from indexing.crop import Crop
from indexing.encoder import (
    CropPreprocessing,
    Encoded,
    Encoder,
    StyleEncoder,
    crop_runtime,
    encode_crops,
)
from indexing.errors import EncoderError
from segmentation.runtime import REFERENCE, RuntimeOptions
from segmentation.weights import fingerprint_of

WEIGHTS_SUFFIX: Final = ".safetensors"
UNTRAINED_SEED: Final = 0


class OpenedEncoder(StyleEncoder, Protocol):
    """An encoder that can be compared with itself before any training."""

    @property
    def runtime(self) -> str:
        """What runs the network, like "openvino bf16"."""
        ...

    def untrained(self) -> StyleEncoder:
        """The same architecture with fresh weights: what training has to beat."""
        ...


def open_encoder(name: str | None = None, options: RuntimeOptions = REFERENCE) -> OpenedEncoder:
    """The encoder of this name; None is the shipped one.

    Raises:
        EncoderError: unknown, absent, damaged, or it cannot be fetched.
    """
    if name is None:
        return Encoder.load(options=options)
    if name.endswith(WEIGHTS_SUFFIX):
        return Encoder.load(Path(name), options)
    return TimmEncoder.open(name, options)


class TimmEncoder:
    """Any timm network as a style encoder: its pooled features, scaled to unit length.

    Crops are cut at the side its card names and normalised as the card says; the masked crop
    already frames the garment, so the card's own centre crop is not applied.
    """

    def __init__(self, network: nn.Module, name: str, options: RuntimeOptions = REFERENCE) -> None:
        self._network = network.eval()
        self._name = name
        self._preprocessing = _preprocessing_of(network, name)
        side = self._preprocessing.side
        with torch.inference_mode():
            self._dimension = int(self._network(torch.zeros(1, 3, side, side)).shape[1])
        self._sha256 = _sha256_of(network)
        self._runtime = crop_runtime(network, self._preprocessing, options, self.fingerprint)

    @classmethod
    def open(cls, name: str, options: RuntimeOptions = REFERENCE) -> "TimmEncoder":
        """Load a network with its weights; EncoderError says what is wrong with the name."""
        return cls(_created(name, pretrained=True), name, options)

    def untrained(self) -> "TimmEncoder":
        """The same architecture with fresh weights."""
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
        """What runs the network, like "openvino bf16"."""
        return self._runtime.name

    @property
    def side(self) -> int:
        return self._preprocessing.side

    @property
    def dimension(self) -> int:
        return self._dimension

    def encode(self, crops: Sequence[Crop]) -> Encoded:
        """Unit-length vectors, shape (n, dimension); no tiles."""
        return encode_crops(self._runtime, crops, self._dimension)


def _created(name: str, pretrained: bool) -> nn.Module:
    try:
        # num_classes=0: pooled features instead of class scores.
        network: nn.Module = timm.create_model(name, pretrained=pretrained, num_classes=0)
    except (RuntimeError, OSError, ValueError, KeyError, SafetensorError) as error:
        reason = " ".join(str(error).split())[:160]
        raise EncoderError(
            f"cannot open the encoder {name!r} ({reason}); name a weights file "
            f"({WEIGHTS_SUFFIX}), a timm network, hf-hub:... or local-dir:..."
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


def _sha256_of(network: nn.Module) -> str:
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()
