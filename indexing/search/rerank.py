"""Re-ranking of the nearest hits by patch similarity.

Late interaction as in Khattab and Zaharia, "ColBERT", SIGIR 2020: each patch of the query is
matched with its most similar patch of the candidate.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from indexing.search.feedback import LESS_SHARE
from indexing.search.query import Query
from indexing.types import NO_PATCHES, Hit, Patches

Scores = npt.NDArray[np.float32]
"""One score per candidate, shape (n,)."""

UNIT: Final = 127
"""Scale of the int8 quantisation of unit vectors."""
PATCH_SHARE: Final = 0.5
"""Share of patch similarity in the style part of a score."""
BASELINE_SIMILARITY: Final = 0.8
"""Patch similarity that unrelated garments reach, which counts as 0."""
POWER: Final = 6
"""Exponent of the power mean over patches: 1 is the mean, infinity the maximum."""


def patch_similarity(query: Patches, candidates: Sequence[Patches]) -> Scores:
    """Similarity of the query's patches to each candidate's, shape (n,), 0 to 1.

    The power mean, over the query's patches, of the best cosine to any patch of the candidate;
    well matched patches thus count more than occluded ones. 0 where either has no patches.
    """
    similarity = np.zeros(len(candidates), np.float32)
    present = [rank for rank, patches in enumerate(candidates) if len(patches)]
    if not len(query) or not present:
        return similarity
    best = best_cosines(query, [candidates[rank] for rank in present]).clip(0.0, 1.0)
    similarity[present] = (best**POWER).mean(axis=0) ** (1 / POWER)
    return similarity


def best_cosines(query: Patches, candidates: Sequence[Patches]) -> npt.NDArray[np.float32]:
    """Best cosine of each of m patches to any patch of each of n non-empty candidates, (m, n)."""
    starts = np.cumsum([0, *(len(patches) for patches in candidates[:-1])])
    stacked = np.concatenate(candidates).astype(np.float32)
    cosines = query.astype(np.float32) @ stacked.T / UNIT**2
    return np.asarray(np.maximum.reduceat(cosines, starts, axis=1), np.float32)


def first_stage_weight(colour_weight: float) -> float:
    """Colour weight of the vector search before re-ranking.

    Patches take `PATCH_SHARE` of the style part, so colour weighs more in the vector scores. This
    keeps re-ranked hits and those below them on one scale.
    """
    return colour_weight / (1 - PATCH_SHARE * (1 - colour_weight))


def blended(scores: Scores, similarity: Scores, colour_weight: float) -> Scores:
    """Blend scores (n,) by `first_stage_weight` with patch similarities (n,)."""
    share = PATCH_SHARE * (1 - colour_weight)
    return np.asarray((1 - share) * scores + share * above_baseline(similarity), np.float32)


def above_baseline(similarity: Scores) -> Scores:
    """Patch similarities (n,) on a scale from 0 for unrelated garments to 1 for the same."""
    above = (similarity - BASELINE_SIMILARITY) / (1 - BASELINE_SIMILARITY)
    return np.asarray(above.clip(0.0, 1.0), np.float32)


def unlike_penalty(query: Query, candidates: Sequence[Patches]) -> Scores:
    """What the patches that hits should not be like take from each candidate's score, (n,)."""
    penalty = np.zeros(len(candidates), np.float32)
    share = LESS_SHARE * PATCH_SHARE * (1 - query.colour_weight)
    for patches in query.unlike_patches:
        above = above_baseline(patch_similarity(patches, candidates))
        penalty = np.maximum(penalty, share * above)
    return penalty


def rerank(hits: Sequence[Hit], query: Query, patches: Mapping[int, Patches]) -> list[Hit]:
    """Re-rank the first `query.rerank_depth` hits by patch similarity.

    Args:
        hits: in descending order, scored with `first_stage_weight(query.colour_weight)`.
        patches: garment id -> its patches, for hits that have any.
    """
    if not hits:
        return []
    compared = [patches.get(hit.garment_id, NO_PATCHES) for hit in hits[: query.rerank_depth]]
    similarity = np.zeros(len(hits), np.float32)
    similarity[: len(compared)] = patch_similarity(query.patches, compared)
    scores = blended(
        np.array([hit.score for hit in hits], np.float32), similarity, query.colour_weight
    )
    scores[: len(compared)] -= unlike_penalty(query, compared)
    # `dataclasses.replace` takes three times as long, and runs hundreds of times per query.
    reranked = [
        Hit(
            hit.garment_id,
            score,
            hit.style,
            hit.colour,
            own if hit.garment_id in patches else None,
        )
        for hit, score, own in zip(hits, scores.tolist(), similarity.tolist(), strict=True)
    ]
    return sorted(reranked, key=by_descending_score)


def by_descending_score(hit: Hit) -> float:
    """Sort key for hits."""
    return -hit.score
