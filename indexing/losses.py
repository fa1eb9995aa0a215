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


class TileMemory:
    """Tiles of the last batches' first views, to be picked from by what looks alike."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._kept: tuple[torch.Tensor, ...] = ()

    def keep(
        self,
        tiles: torch.Tensor,
        covered: torch.Tensor,
        learnt: torch.Tensor,
        garments: torch.Tensor,
    ) -> None:
        """Add tiles (n, m, d), which of them count (n, m), learnt parts (n, dimension) and what
        garment each is of (n,); the oldest leave."""
        fresh = (tiles.detach(), covered, learnt.detach(), garments)
        old = self._kept or tuple(each[:0] for each in fresh)
        self._kept = tuple(torch.cat(pair)[: self._size] for pair in zip(fresh, old, strict=True))

    def strangers(
        self, learnt: torch.Tensor, garments: torch.Tensor, count: int
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Tiles (n, count, m, d) and cover (n, count, m) of the nearest other garments; None
        until there are enough."""
        if not self._kept or len(self._kept[0]) < 2 * count:
            return None
        tiles, covered, before, others = self._kept
        alike = learnt.detach() @ before.T
        nearest = alike.masked_fill(garments[:, None] == others[None], -torch.inf)
        chosen = nearest.topk(count, dim=1).indices
        return tiles[chosen], covered[chosen]


def tile_agreement(
    asked: torch.Tensor, covered: torch.Tensor, tiles: torch.Tensor, shown: torch.Tensor
) -> torch.Tensor:
    """How well each of n garments finds itself on k candidates of its own, (n, k).

    The plain mean of `indexing.tiles.best_cosines`, so that every tile learns; a search gives
    those that are found more weight.

    Args:
        asked: (n, m, d) tiles, of which those `covered` (n, m) count.
        tiles: (n, k, m, d), of which those `shown` (n, k, m) count; n = 1 serves all alike.
    """
    cosines = torch.einsum("nid,nkjd->nkij", asked, tiles.expand(len(asked), -1, -1, -1))
    best = cosines.masked_fill(~shown[:, :, None], -1.0).amax(dim=3)
    counted = covered[:, None].float()
    return (best * counted).sum(dim=2) / counted.sum(dim=2).clamp(min=1.0)


def tile_loss(
    scores: torch.Tensor, garments: torch.Tensor, strangers: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Cross-entropy of n garments finding themselves among n, scores (n, n), and strangers."""
    places = torch.arange(len(scores))
    same = garments[:, None] == garments[None]
    same[places, places] = False
    logits = torch.cat([scores.masked_fill(same, -torch.inf), strangers], dim=1)
    return functional.cross_entropy(logits / temperature, places)


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
