"""Training objective of the encoder: four losses on batches of garment views.

- Contrast: two views of a garment against all other views of this and the last batches (NT-Xent;
  Chen et al., "SimCLR", ICML 2020).
- Patches: the second view's patches against the first view's and those of other garments,
  including the nearest of the last batches, so that print and texture are encoded.
- Kinds: a cosine classifier of the clothing label (Wang et al., "NormFace", 2017).
- Parts: a cosine classifier of the garment part (`segmentation.data.labels`), which phone and
  street photos share, so that they share an embedding space.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from indexing.embedding.encoder import CropPreprocessing, EncoderArchitecture
from indexing.embedding.network import build_encoder
from indexing.embedding.patches import covered_patches
from indexing.training.losses import (
    EmbeddingMemory,
    PatchMemory,
    contrast_loss,
    label_loss,
    patch_loss,
    patch_similarity,
)
from indexing.training.views import ViewPair
from segmentation.data.labels import PART_COUNT
from segmentation.torch_runtime import PartlyFrozen, normalise

HARD_NEGATIVES: Final = 16
"""Number of nearest garments of earlier batches as negatives of the patch loss."""


@dataclass(frozen=True)
class TaskWeights:
    """Weights and temperatures of the losses.

    Attributes:
        temperature, contrast: temperature and weight of the contrast loss.
        patch_temperature, patches: temperature and weight of the patch loss.
        label: weight of the kind loss.
        part: weight of the part loss.
        memory: number of garments of earlier batches used as negatives.
    """

    temperature: float = 0.12
    contrast: float = 0.5
    patch_temperature: float = 0.05
    patches: float = 1.0
    label: float = 1.0
    part: float = 0.5
    memory: int = 4096


@dataclass(frozen=True, eq=False)
class Batch:
    """First views of n garments followed by their second views; every field has length 2n."""

    crops: npt.NDArray[np.uint8]
    labels: torch.Tensor
    parts: torch.Tensor
    identities: torch.Tensor


@dataclass(frozen=True)
class Memories:
    """Queues of earlier batches for the losses."""

    embeddings: EmbeddingMemory
    patches: PatchMemory

    @classmethod
    def empty(cls, size: int, dimension: int) -> Self:
        """Empty queues for `size` garments and embeddings of `dimension`."""
        return cls(EmbeddingMemory(size, dimension), PatchMemory(size))


class EncoderTask(PartlyFrozen):
    """The encoder with training-only parts: normalisation and a part classifier."""

    def __init__(self, architecture: EncoderArchitecture, preprocessing: CropPreprocessing) -> None:
        super().__init__()
        self.encoder = build_encoder(architecture)
        self.parts = nn.Linear(architecture.embedding, PART_COUNT, bias=False)
        self._preprocessing = preprocessing

    def forward(self, crops: npt.NDArray[np.uint8]) -> tuple[torch.Tensor, torch.Tensor]:
        """Embeddings (n, d) and patch vectors of uint8 crops (n, side, side, 3)."""
        mean, std = self._preprocessing.mean, self._preprocessing.std
        return self.encoder.embed(normalise(crops, mean, std))


def collate(pairs: list[ViewPair]) -> Batch:
    """Collate view pairs into a batch."""
    twice = [*pairs, *pairs]
    return Batch(
        np.stack([*(pair.first for pair in pairs), *(pair.second for pair in pairs)]),
        torch.tensor([pair.label for pair in twice]),
        torch.tensor([pair.part for pair in twice]),
        torch.tensor([pair.identity for pair in twice]),
    )


def task_loss(
    weights: TaskWeights, memories: Memories, task: EncoderTask, batch: Batch
) -> torch.Tensor:
    """Weighted sum of the four losses; adds the batch to the memories."""
    embeddings, patches = task(batch.crops)
    # Similarities divided by a low temperature need float32.
    with torch.autocast("cpu", enabled=False):
        embeddings, patches = embeddings.float(), patches.float()
        part_cosines = embeddings @ functional.normalize(task.parts.weight, dim=1).T
        contrast = contrast_loss(
            embeddings, batch.identities, weights.temperature, memories.embeddings
        )
        loss = (
            weights.contrast * contrast
            + weights.patches
            * _patch_loss(embeddings, patches, batch, weights.patch_temperature, memories.patches)
            + weights.label * label_loss(task.encoder.kind_cosines(embeddings), batch.labels)
            + weights.part * label_loss(part_cosines, batch.parts)
        )
    memories.embeddings.add(embeddings, batch.identities)
    return loss


def _patch_loss(
    embeddings: torch.Tensor,
    patches: torch.Tensor,
    batch: Batch,
    temperature: float,
    memory: PatchMemory,
) -> torch.Tensor:
    """Patch loss with second views as queries and first views as candidates."""
    covered = torch.from_numpy(covered_patches(batch.crops))
    count = len(patches) // 2
    query, identities = (patches[count:], covered[count:]), batch.identities[:count]
    scores = patch_similarity(*query, patches[None, :count], covered[None, :count])
    others = memory.hard_negatives(embeddings[count:], identities, HARD_NEGATIVES)
    negatives = patch_similarity(*query, *others) if others else scores[:, :0]
    memory.add(patches[:count], covered[:count], embeddings[:count], identities)
    return patch_loss(scores, identities, negatives, temperature)
