"""The torch runtime, the float32 reference, and conversion of networks for OpenVINO.

Imported only for training, the reference runtime and networks without an OpenVINO file.
"""

import hashlib
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from segmentation.runtime import Arrays, Pictures, example_pictures, import_openvino

if TYPE_CHECKING:
    import openvino


class PictureNetwork(nn.Module):
    """A network with normalisation in front, whose input is uint8 pictures (n, H, W, 3).

    `size` is the height and width of the pictures; None: variable.
    """

    def __init__(
        self,
        network: nn.Module,
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        size: tuple[int, int] | None = None,
    ) -> None:
        super().__init__()
        self.size = size
        self.network = network
        self._mean = mean
        self._std = std

    def forward(self, pictures: torch.Tensor) -> Any:
        return self.network(_normalised(pictures, self._mean, self._std))


class PartlyFrozen(nn.Module):
    """A network of which the stem and first stages of the backbone may be kept from learning."""

    def __init__(self) -> None:
        super().__init__()
        self._frozen: tuple[nn.Module, ...] = ()

    def freeze_stages(self, backbone: Any, stages: int) -> None:
        """Freeze a timm backbone's stem and first stages: weights and batch statistics."""
        self._frozen = (backbone.conv_stem, backbone.bn1, *backbone.blocks[:stages])
        for module in self._frozen:
            module.requires_grad_(False)
        self.train(self.training)

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        for module in self._frozen:
            module.eval()
        return self


class TorchRuntime:
    """The reference runtime: eager float32."""

    name = "torch f32"
    calls_at_once = 1

    def __init__(self, network: PictureNetwork, threads: int) -> None:
        torch.set_num_threads(threads)
        self._network = network.eval()

    def run(self, pictures: Pictures) -> Arrays:
        with torch.inference_mode():
            outputs = self._network(torch.from_numpy(pictures))
        tensors = outputs if isinstance(outputs, tuple) else (outputs,)
        return tuple(np.asarray(tensor.float().numpy(), np.float32) for tensor in tensors)


def store_channels_last(network: nn.Module) -> None:
    """Store a network's convolution weights channels last, which is faster on processors."""
    for parameter in network.parameters():
        if parameter.dim() == 4:
            parameter.data = parameter.data.contiguous(memory_format=torch.channels_last)


def normalise(
    pictures: npt.NDArray[np.uint8],
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> torch.Tensor:
    """Convert uint8 (n, H, W, 3) to normalised float (n, 3, H, W), channels last in memory."""
    return _normalised(torch.from_numpy(pictures), mean, std)


def _normalised(
    pictures: torch.Tensor, mean: tuple[float, float, float], std: tuple[float, float, float]
) -> torch.Tensor:
    values = pictures.permute(0, 3, 1, 2).float() / 255
    values = (values - torch.tensor(mean).view(1, 3, 1, 1)) / torch.tensor(std).view(1, 3, 1, 1)
    return values.contiguous(memory_format=torch.channels_last)


def converted(network: PictureNetwork) -> "openvino.Model":
    """Convert a network to an OpenVINO model."""
    openvino = import_openvino()
    network.eval()
    example = torch.from_numpy(example_pictures(network.size))
    size = (-1, -1) if network.size is None else network.size
    with torch.inference_mode(), warnings.catch_warnings(), _root_logger_restored():
        # The tracer warns about every constant; `check_trace` would run the network three times.
        warnings.simplefilter("ignore")
        traced = torch.jit.trace(network, example, check_trace=False, strict=False)
        return openvino.convert_model(traced, input=[openvino.PartialShape([-1, *size, 3])])


def network_sha256(network: nn.Module) -> str:
    """SHA-256 over the names and values of a network's state, hexadecimal."""
    digest = hashlib.sha256()
    for name, tensor in network.state_dict().items():
        digest.update(name.encode())
        digest.update(tensor.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()


@contextmanager
def _root_logger_restored() -> Iterator[None]:
    """Restore the root logger, which OpenVINO's converter silences."""
    root = logging.getLogger()
    level, filters, handlers = root.level, list(root.filters), list(root.handlers)
    try:
        yield
    finally:
        root.setLevel(level)
        root.filters, root.handlers = filters, handlers
