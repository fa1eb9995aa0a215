"""The network: a segmentation_models.pytorch FPN on a timm encoder, with a presence head.

A U-Net of the same encoder took 1.8 times as long per training step on two cores,
nearly all of it in the two decoder blocks above a quarter of the resolution.

Inside it tells sixteen parts apart (`segmentation.parts`); what leaves it are the four
classes. It also says what is on the photo at all, from the encoder's last features: a
cheap second task that teaches the encoder what a dress is, and a way to silence specks
of absent classes.
Reference: Kirillov, He, Girshick, Dollar, "Panoptic Feature Pyramid Networks", CVPR 2019.
"""

import functools
from dataclasses import dataclass

import segmentation_models_pytorch as smp
import torch
from torch import nn

from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES
from segmentation.parts import PART_CLASSES, PART_COUNT, PRESENCE_COUNT

MASK_STRIDE = 4
"""The pyramid's features lie on a quarter of the canvas."""


@dataclass(frozen=True)
class Architecture:
    """What is needed to build the network; read from a weights card.

    Attributes:
        encoder: a timm model name.
        pyramid_channels: width of the top-down pathway.
        segmentation_channels: width of the features that become the mask.
    """

    encoder: str = "regnety_004"
    pyramid_channels: int = 96
    segmentation_channels: int = 64

    @property
    def name(self) -> str:
        return f"fpn-{self.encoder}"


class SegmentationNetwork(nn.Module):
    """Photos (n, 3, H, W) in; class probabilities (n, 4, H / 4, W / 4), which
    `segmentation.edges` enlarges, and presence logits (n, 3) out."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        # encoder_weights stays None: smp would go to the network for anything else.
        self.fpn = smp.FPN(
            f"tu-{architecture.encoder}",
            encoder_weights=None,
            decoder_pyramid_channels=architecture.pyramid_channels,
            decoder_segmentation_channels=architecture.segmentation_channels,
            decoder_dropout=0.1,
            classes=PART_COUNT,
            upsampling=1,
            aux_params={"classes": PRESENCE_COUNT, "dropout": 0.2},
        )
        self.fpn.decoder.merge = _Sum()

    def forward(self, photos: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        parts, presence = self.parts(photos)
        return class_logits(parts).softmax(dim=1), presence[:, : len(GARMENT_CLASSES)]

    def parts(self, photos: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Part logits (n, PART_COUNT, H / 4, W / 4), presence logits (n, PRESENCE_COUNT)."""
        parts, presence = self.fpn(photos)
        return parts, presence


class _Sum(nn.Module):
    """The sum of the pyramid's levels; smp's own stacks them first, which copies them all."""

    def forward(self, levels: list[torch.Tensor]) -> torch.Tensor:
        return functools.reduce(torch.add, levels)


def class_logits(parts: torch.Tensor) -> torch.Tensor:
    """Log of the summed odds of each class's parts, (n, 4, h, w) from (n, PART_COUNT, h, w)."""
    members = [
        [part for part, part_class in enumerate(PART_CLASSES) if part_class == each]
        for each in range(CLASS_COUNT)
    ]
    return torch.stack([parts[:, each].float().logsumexp(dim=1) for each in members], dim=1)


def build_network(architecture: Architecture) -> SegmentationNetwork:
    """A network with fresh weights, channels last in memory."""
    network = SegmentationNetwork(architecture)
    return network.to(memory_format=torch.channels_last)
