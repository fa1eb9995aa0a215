"""Retrieval figures of an encoder on held-out garments, during its training."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from indexing.embedding.crop import Crop, crop_garment
from indexing.embedding.encoder import Encoded, StyleEncoder
from indexing.evaluation.metrics import mean_with_interval, precision_at, rank
from indexing.search.defaults import RERANK_DEPTH
from indexing.search.rerank import Scores, blended, patch_similarity
from indexing.training.samples import NO_LABEL, GarmentSample
from indexing.training.views import ViewConfig, hard_view
from indexing.types import Patches

HARD_QUERIES: Final = 400
"""Number of validation garments that are queried by a distorted copy."""


def validation_figures(
    encoder: StyleEncoder,
    train_samples: Sequence[GarmentSample],
    val_samples: Sequence[GarmentSample],
    views: ViewConfig,
    seed: int,
) -> dict[str, float]:
    """Kind precision and same-garment recall, by their names in log and card.

    Kinds: validation garments are the queries, training garments the gallery. Same garment:
    distorted copies of validation garments are the queries, all garments the gallery.
    """
    gallery = [sample for sample in train_samples if sample.label != NO_LABEL]
    queries = [sample for sample in val_samples if sample.label != NO_LABEL]
    in_gallery, in_queries = _encode(encoder, gallery), _encode(encoder, queries)
    ranking = rank(
        in_queries.styles @ in_gallery.styles.T,
        np.array([sample.label for sample in queries]),
        np.array([sample.label for sample in gallery]),
        np.array([[one.group == other.group for other in gallery] for one in queries]),
        depth=5,
    )
    copies = encoder.encode(_hard_views(queries, encoder.side, views, seed))
    scores = copies.styles @ np.concatenate([in_queries.styles, in_gallery.styles]).T
    nearest = scores.argmax(axis=1)
    reranked = np.array(
        [
            _reranked_first(row, patches, [*in_queries.patches, *in_gallery.patches])
            for row, patches in zip(scores, copies.patches, strict=True)
        ]
    )
    names = np.array([sample.name for sample in (*queries, *gallery)])
    own = names[: len(scores)]
    return {
        "val_precision_at_1": mean_with_interval(precision_at(ranking, 1)).value,
        "val_precision_at_5": mean_with_interval(precision_at(ranking, 5)).value,
        "val_same_garment_by_styles": float((names[nearest] == own).mean()),
        "val_same_garment_recall_at_1": float((names[reranked] == own).mean()),
    }


def _reranked_first(scores: Scores, query: Patches, candidates: Sequence[Patches]) -> int:
    """The best candidate after re-ranking the nearest by patch similarity, by style alone."""
    nearest = np.argsort(-scores, kind="stable")[:RERANK_DEPTH]
    similarity = patch_similarity(query, [candidates[each] for each in nearest])
    return int(nearest[blended(scores[nearest], similarity, 0.0).argmax()])


def _encode(encoder: StyleEncoder, samples: Sequence[GarmentSample]) -> Encoded:
    crops = [crop_garment(sample.photo, sample.garment, encoder.side) for sample in samples]
    return encoder.encode(crops)


def _hard_views(
    samples: Sequence[GarmentSample], side: int, config: ViewConfig, seed: int
) -> list[Crop]:
    """One hard view of each of the first garments, with another one's photo as background."""
    views: list[Crop] = []
    for index, sample in enumerate(samples[:HARD_QUERIES]):
        background = samples[(index + len(samples) // 2) % len(samples)].photo
        generator = np.random.default_rng((seed, index))
        views.append(hard_view(sample, background, side, config, generator))
    return views
