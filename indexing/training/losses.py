"""Losses of the encoder: contrast between views, patch similarity, labels."""

import torch
from torch.nn import functional

from indexing.training.samples import NO_LABEL

LABEL_SCALE = 16.0


class EmbeddingMemory:
    """Queue of the last batches' embeddings, as additional negatives.

    Wang et al., "Cross-Batch Memory for Embedding Learning", CVPR 2020.
    """

    def __init__(self, size: int, dimension: int) -> None:
        self.embeddings = torch.zeros(0, dimension)
        self.identities = torch.zeros(0, dtype=torch.long)
        self._size = size

    def add(self, embeddings: torch.Tensor, identities: torch.Tensor) -> None:
        """Add embeddings (n, dimension) of garments (n,); the oldest are dropped."""
        self.embeddings = torch.cat([embeddings.detach(), self.embeddings])[: self._size]
        self.identities = torch.cat([identities, self.identities])[: self._size]


class PatchMemory:
    """Queue of patch vectors of the last batches' first views, as a source of hard negatives."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._stored: tuple[torch.Tensor, ...] = ()

    def add(
        self,
        patches: torch.Tensor,
        covered: torch.Tensor,
        embeddings: torch.Tensor,
        identities: torch.Tensor,
    ) -> None:
        """Add n garments; the oldest are dropped.

        Args:
            patches: shape (n, m, d).
            covered: mask of the patches that show the garment, shape (n, m).
            embeddings: shape (n, dimension).
            identities: id of each garment, shape (n,).
        """
        fresh = (patches.detach(), covered, embeddings.detach(), identities)
        old = self._stored or tuple(each[:0] for each in fresh)
        self._stored = tuple(torch.cat(pair)[: self._size] for pair in zip(fresh, old, strict=True))

    def hard_negatives(
        self, embeddings: torch.Tensor, identities: torch.Tensor, count: int
    ) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Patches (n, count, m, d) and masks (n, count, m) of the nearest other garments.

        None until the memory has at least twice as many.
        """
        if not self._stored or len(self._stored[0]) < 2 * count:
            return None
        patches, covered, stored, others = self._stored
        cosines = embeddings.detach() @ stored.T
        cosines = cosines.masked_fill(identities[:, None] == others[None], -torch.inf)
        nearest = cosines.topk(count, dim=1).indices
        return patches[nearest], covered[nearest]


def patch_similarity(
    query: torch.Tensor,
    query_covered: torch.Tensor,
    candidates: torch.Tensor,
    candidates_covered: torch.Tensor,
) -> torch.Tensor:
    """Similarity of each of n garments to its k candidates, shape (n, k).

    The mean of each patch's best cosine, so that every patch gets a gradient; a search uses a
    power mean (`indexing.search.rerank`).

    Args:
        query: patch vectors, shape (n, m, d), with mask `query_covered` (n, m).
        candidates: shape (n, k, m, d), or (1, k, m, d) for candidates shared by all garments.
    """
    cosines = torch.einsum("nid,nkjd->nkij", query, candidates.expand(len(query), -1, -1, -1))
    best = cosines.masked_fill(~candidates_covered[:, :, None], -1.0).amax(dim=3)
    counted = query_covered[:, None].float()
    return (best * counted).sum(dim=2) / counted.sum(dim=2).clamp(min=1.0)


def patch_loss(
    scores: torch.Tensor, identities: torch.Tensor, negatives: torch.Tensor, temperature: float
) -> torch.Tensor:
    """Cross-entropy over each garment's similarity to its own first view.

    Args:
        scores: similarity to the first views of the batch, shape (n, n).
        identities: id of each garment, shape (n,).
        negatives: similarity to other garments, shape (n, k).
    """
    own = torch.arange(len(scores))
    same = identities[:, None] == identities[None]
    same[own, own] = False
    logits = torch.cat([scores.masked_fill(same, -torch.inf), negatives], dim=1)
    return functional.cross_entropy(logits / temperature, own)


def contrast_loss(
    embeddings: torch.Tensor,
    identities: torch.Tensor,
    temperature: float,
    memory: EmbeddingMemory | None = None,
) -> torch.Tensor:
    """NT-Xent over 2n unit vectors, of which i and i + n are views of one garment.

    Other views of the same garment, in the batch or in memory, are not negatives.
    """
    count = len(embeddings)
    positives = (torch.arange(count) + count // 2) % count
    similarity = embeddings @ embeddings.T
    same = identities[:, None] == identities[None]
    same[torch.arange(count), positives] = False
    if memory is not None:
        similarity = torch.cat([similarity, embeddings @ memory.embeddings.T], dim=1)
        same = torch.cat([same, identities[:, None] == memory.identities[None]], dim=1)
    logits = (similarity / temperature).masked_fill(same, -torch.inf)
    return functional.cross_entropy(logits, positives)


def label_loss(cosines: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cosine softmax over labels; rows without a label are ignored."""
    known = labels != NO_LABEL
    if not known.any():
        return cosines.sum() * 0
    return functional.cross_entropy(
        cosines[known] * LABEL_SCALE, labels[known], label_smoothing=0.1
    )
