"""The encoder network in torch: a timm backbone with embedding, kind and patch heads.

Only training, the float32 reference and the conversion to OpenVINO import this module; searches
run the converted network (`indexing.embedding.encoder`) without torch or timm.
"""

from pathlib import Path

import timm
import torch
from torch import nn
from torch.nn import functional

from indexing.embedding.encoder import EncoderArchitecture, EncoderCard, read_encoder_card
from indexing.embedding.patches import PATCH_SIDE
from segmentation.torch_runtime import store_channels_last
from segmentation.weights import load_tensors


class EncoderNetwork(nn.Module):
    """Encode crops as style vectors and patch vectors.

    A style vector joins an embedding, pooled from the backbone's last and middle features, and the
    square roots of the kinds' probabilities. The inner product of two such roots is the
    Bhattacharyya coefficient of the distributions, so neighbours look alike and are mostly of the
    same kind. Patch vectors are a linear map of the middle features.
    """

    def __init__(self, architecture: EncoderArchitecture) -> None:
        super().__init__()
        # pretrained=False: timm would download weights.
        self.backbone = timm.create_model(architecture.backbone, pretrained=False, num_classes=0)
        stages = self.backbone.feature_info
        self._patch_stage = [stage["reduction"] for stage in stages].index(PATCH_SIDE)
        channels = stages[self._patch_stage]["num_chs"]
        pooled = self.backbone.num_features + channels
        self.head = nn.Linear(pooled, architecture.embedding)
        self.kinds = nn.Linear(architecture.embedding, architecture.kinds, bias=False)
        self.patches = nn.Linear(channels, architecture.patches)
        self.architecture = architecture

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Encode normalised crops.

        Args:
            crops: shape (n, 3, side, side).

        Returns:
            Style vectors (n, dimension) and patch vectors (n, (side / 16)^2, patches), unit length.
        """
        embeddings, patches = self.embed(crops)
        share = self.architecture.kind_share
        kinds = (self.architecture.kind_scale * self.kind_cosines(embeddings)).softmax(dim=1)
        styles = torch.cat([embeddings * (1 - share) ** 0.5, (kinds * share).sqrt()], dim=1)
        return styles, patches

    def embed(self, crops: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeddings (n, architecture.embedding) and patch vectors, both of unit length."""
        last, stages = self.backbone.forward_intermediates(crops)
        middle = stages[self._patch_stage]
        pooled = torch.cat([self.backbone.forward_head(last), middle.mean(dim=(2, 3))], dim=1)
        patches = self.patches(middle.flatten(2).transpose(1, 2))
        return functional.normalize(self.head(pooled), dim=1), functional.normalize(patches, dim=2)

    def kind_cosines(self, embeddings: torch.Tensor) -> torch.Tensor:
        """Cosine of each embedding to each kind's prototype, shape (n, kinds)."""
        return embeddings @ functional.normalize(self.kinds.weight, dim=1).T


def build_encoder(architecture: EncoderArchitecture) -> EncoderNetwork:
    """Build a network with random weights, in channels-last memory format."""
    network = EncoderNetwork(architecture)
    store_channels_last(network)
    return network


def load_encoder(weights: Path) -> tuple[EncoderNetwork, EncoderCard]:
    """Load a network, in evaluation mode, with its card.

    Raises:
        segmentation.errors.WeightsError: either file is missing or damaged.
    """
    card = read_encoder_card(weights)
    network = build_encoder(card.architecture)
    load_tensors(network, weights, card.sha256)
    return network.eval(), card
