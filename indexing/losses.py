"""Vectors of two views of many garments in, numbers to minimise out."""

import torch
from torch.nn import functional

from indexing.training_views import NO_LABEL

LABEL_SCALE = 16.0


class Memory:
    """Vectors of the last batches: more strangers to tell a garment from than a batch holds.

    Source: Wang et al., "Cross-Batch Memory for Embedding Learning", CVPR 2020.
    """

    def __init__(self, size: int, dimension: int) -> None:
        self.vectors = torch.zeros(0, dimension)
        self.garments = torch.zeros(0, dtype=torch.long)
        self._size = size

    def keep(self, vectors: torch.Tensor, garments: torch.Tensor) -> None:
        """Add (n, dimension) vectors and what garment each is of (n,); the oldest leave."""
        self.vectors = torch.cat([vectors.detach(), self.vectors])[: self._size]
        self.garments = torch.cat([garments, self.garments])[: self._size]


def contrast_loss(
    vectors: torch.Tensor,
    garments: torch.Tensor,
    temperature: float,
    memory: Memory | None = None,
) -> torch.Tensor:
    """NT-Xent over 2n unit vectors of which i and i + n are views of one garment.

    Other views of the same garment, in the batch or the memory, do not count as strangers.
    """
    count = len(vectors)
    partners = (torch.arange(count) + count // 2) % count
    similarity = vectors @ vectors.T
    same = garments[:, None] == garments[None]
    same[torch.arange(count), partners] = False
    if memory is not None:
        similarity = torch.cat([similarity, vectors @ memory.vectors.T], dim=1)
        same = torch.cat([same, garments[:, None] == memory.garments[None]], dim=1)
    logits = (similarity / temperature).masked_fill(same, -torch.inf)
    return functional.cross_entropy(logits, partners)


def label_loss(cosines: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cosine softmax over labels (or parts); vectors without one do not count."""
    known = labels != NO_LABEL
    if not known.any():
        return cosines.sum() * 0
    return functional.cross_entropy(
        cosines[known] * LABEL_SCALE, labels[known], label_smoothing=0.1
    )
