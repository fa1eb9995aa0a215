"""The network: a segmentation_models.pytorch FPN on a timm encoder, with a presence head.

A U-Net of the same encoder took 1.6 times as long per training step on two cores,
nearly all of it in the two decoder blocks above a quarter of the resolution.

Besides the mask's logits it says which garment classes are on the photo at all
(three logits from the encoder's last features): a cheap second task that teaches
the encoder what a whole garment is, and a way to silence specks of absent classes.
Reference: Kirillov, He, Girshick, Dollar, "Panoptic Feature Pyramid Networks", CVPR 2019.
"""

from dataclasses import dataclass

import segmentation_models_pytorch as smp
import torch
from torch import nn

from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES


@dataclass(frozen=True)
class Architecture:
    """What is needed to build the network; read from a weights card.

    Attributes:
        encoder: a timm model name.
        pyramid_channels: width of the top-down pathway.
        segmentation_channels: width of the features that become the mask.
    """

    encoder: str = "regnetx_004"
    pyramid_channels: int = 96
    segmentation_channels: int = 64

    @property
    def name(self) -> str:
        return f"fpn-{self.encoder}"


class SegmentationNetwork(nn.Module):
    """Photos (n, 3, H, W) in; mask logits (n, 4, H, W) and presence logits (n, 3) out."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        # encoder_weights stays None: smp would go to the network for anything else.
        self.fpn = smp.FPN(
            f"tu-{architecture.encoder}",
            encoder_weights=None,
            decoder_pyramid_channels=architecture.pyramid_channels,
            decoder_segmentation_channels=architecture.segmentation_channels,
            decoder_dropout=0.1,
            classes=CLASS_COUNT,
            aux_params={"classes": len(GARMENT_CLASSES), "dropout": 0.2},
        )

    def forward(self, photos: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        logits, presence = self.fpn(photos)
        return logits, presence


def build_network(architecture: Architecture) -> SegmentationNetwork:
    """A network with fresh weights, channels last in memory."""
    network = SegmentationNetwork(architecture)
    return network.to(memory_format=torch.channels_last)
