"""The segmentation network: an FPN on a timm encoder, with an image-level head.

The decoder predicts sixteen parts (`segmentation.data.labels`), which are summed to the four
classes. The auxiliary head predicts image labels from the encoder's last features: a cheap second
task, and a feature of the score calibration. A U-Net with the same encoder took 1.8 times as long
per training step on two cores.
Kirillov, He, Girshick, Dollar, "Panoptic Feature Pyramid Networks", CVPR 2019.
"""

import functools

import segmentation_models_pytorch as smp
import torch
from timm.layers import Conv2dSame
from torch import nn
from torch.nn import functional

from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES
from segmentation.data.labels import IMAGE_LABEL_COUNT, PART_COUNT, parts_of
from segmentation.torch_runtime import PartlyFrozen, store_channels_last
from segmentation.weights import Architecture

MASK_STRIDE = 4
"""The output has a quarter of the canvas's resolution."""
FEATURE_STRIDES = (16, 32)
"""Strides of the feature maps that garments are embedded from."""


class SegmentationNetwork(PartlyFrozen):
    """Predict class probabilities and presence, and return the backbone's features.

    Photos (n, 3, H, W) -> class probabilities (n, 4, H / 4, W / 4), presence logits (n, 3), and
    one feature map (n, c, H / stride, W / stride) for each of `FEATURE_STRIDES`.
    """

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        # encoder_weights=None: smp would download anything else.
        self.fpn = smp.FPN(
            f"tu-{architecture.encoder}",
            encoder_weights=None,
            decoder_pyramid_channels=architecture.pyramid_channels,
            decoder_segmentation_channels=architecture.segmentation_channels,
            decoder_dropout=0.1,
            classes=PART_COUNT,
            upsampling=1,
            aux_params={"classes": IMAGE_LABEL_COUNT, "dropout": 0.2},
        )
        self.fpn.decoder.merge = _Sum()
        _pad_constantly(self.fpn.encoder)

    def forward(self, photos: torch.Tensor) -> tuple[torch.Tensor, ...]:
        features = self.fpn.encoder(photos)
        parts, presence = self._predicted(features)
        probabilities = class_logits(parts).softmax(dim=1)
        pooled = features[-len(FEATURE_STRIDES) :]
        return probabilities, presence[:, : len(GARMENT_CLASSES)], *pooled

    def parts(self, photos: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Part logits (n, PART_COUNT, H / 4, W / 4), presence logits (n, IMAGE_LABEL_COUNT)."""
        return self._predicted(self.fpn.encoder(photos))

    def _predicted(self, features: list[torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        parts = self.fpn.segmentation_head(self.fpn.decoder(features))
        return parts, self.fpn.classification_head(features[-1])


def _pad_constantly(backbone: nn.Module) -> None:
    """Replace timm's "same" padding, computed from each size, by that of even sizes.

    OpenVINO joins a constant padding with its convolution and runs both in 8-bit integers.
    """
    for module in backbone.modules():
        if isinstance(module, Conv2dSame):
            module.forward = functools.partial(_padded_convolution, module)


def _padded_convolution(convolution: Conv2dSame, maps: torch.Tensor) -> torch.Tensor:
    padding = convolution.kernel_size[0] - convolution.stride[0]
    before, after = padding // 2, padding - padding // 2
    padded = functional.pad(maps, (before, after, before, after))
    return functional.conv2d(
        padded, convolution.weight, None, convolution.stride, groups=convolution.groups
    )


class _Sum(nn.Module):
    """Sum of the pyramid's levels, without the copy that smp's stacking makes."""

    def forward(self, levels: list[torch.Tensor]) -> torch.Tensor:
        return functools.reduce(torch.add, levels)


def class_logits(parts: torch.Tensor) -> torch.Tensor:
    """Class logits (n, 4, h, w): log-sum-exp over each class's parts."""
    members = map(parts_of, range(CLASS_COUNT))
    return torch.stack([parts[:, each].float().logsumexp(dim=1) for each in members], dim=1)


def build_network(architecture: Architecture) -> SegmentationNetwork:
    """Build a network with random weights, in channels-last memory format."""
    network = SegmentationNetwork(architecture)
    store_channels_last(network)
    return network
