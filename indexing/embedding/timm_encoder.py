"""Any timm network as a style encoder, by its pooled features; imports torch and timm."""

from typing import Any
from unittest.mock import patch

import timm
import torch
from safetensors import SafetensorError
from torch import nn

from indexing.embedding.crop_encoder import CropEncoder, CropPreprocessing
from indexing.embedding.encoder import encoder_errors
from indexing.errors import EncoderError
from segmentation.hub.files import pickle_refused
from segmentation.runtime import REFERENCE, RuntimeOptions


def open_timm(name: str, options: RuntimeOptions = REFERENCE) -> CropEncoder:
    """Load a network and its preprocessing; EncoderError for a wrong name or pickled weights."""
    network = _created(name)
    card: dict[str, Any] = network.pretrained_cfg  # type: ignore[assignment]
    return CropEncoder(network, card["architecture"], _preprocessing_of(network, name), options)


def _refuse_pickle(file: object, *_: object, **__: object) -> None:
    """Raise EncoderError instead of torch.load, also where that would load weights only."""
    raise pickle_refused(file, "timm.models.save_for_hf(..., safe_serialization=True)")


def _created(name: str) -> nn.Module:
    try:
        # timm falls back on pickles: in a folder, of the hub, at an address in a config.
        with encoder_errors(), patch.object(torch, "load", _refuse_pickle):
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
