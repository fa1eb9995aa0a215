"""An encoder in training and held-out garments in, how well it finds them out."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from indexing.crop import Crop, crop_garment
from indexing.encoder import Encoded, Encoder
from indexing.metrics import mean_with_interval, precision_at, rank
from indexing.tiles import look_closer
from indexing.training_views import NO_LABEL, GarmentSample, ViewConfig, hard_view

HARD_QUERIES: Final = 400
"""Validation garments that are looked for again after a hard change."""


def validation_figures(
    encoder: Encoder,
    train_samples: Sequence[GarmentSample],
    val_samples: Sequence[GarmentSample],
    views: ViewConfig,
    seed: int,
) -> dict[str, float]:
    """Kind precision of held-out senders against the trained ones, and how many of their
    garments are found again after a hard change; by the names of log and card."""
    gallery = [sample for sample in train_samples if sample.label != NO_LABEL]
    queries = [sample for sample in val_samples if sample.label != NO_LABEL]
    answers, asked = _encoded(encoder, gallery), _encoded(encoder, queries)
    ranking = rank(
        asked.styles @ answers.styles.T,
        np.array([sample.label for sample in queries]),
        np.array([sample.label for sample in gallery]),
        np.array([[one.group == other.group for other in gallery] for one in queries]),
        depth=5,
    )
    again = encoder.encode(_hard_views(queries[:HARD_QUERIES], queries, encoder.side, views, seed))
    scores = again.styles @ np.concatenate([asked.styles, answers.styles]).T
    nearest = scores.argmax(axis=1)
    closer = np.array(
        [
            look_closer(row, 0.0, tiles, [*asked.tiles, *answers.tiles]).argmax()
            for row, tiles in zip(scores, again.tiles, strict=True)
        ]
    )
    names = np.array([sample.name for sample in (*queries, *gallery)])
    own = names[: len(scores)]
    return {
        "val_precision_at_1": mean_with_interval(precision_at(ranking, 1)).value,
        "val_precision_at_5": mean_with_interval(precision_at(ranking, 5)).value,
        "val_same_garment_by_styles": float((names[nearest] == own).mean()),
        "val_same_garment_recall_at_1": float((names[closer] == own).mean()),
    }


def _encoded(encoder: Encoder, samples: Sequence[GarmentSample]) -> Encoded:
    crops = [crop_garment(sample.photo, sample.garment, encoder.side) for sample in samples]
    return encoder.encode(crops)


def _hard_views(
    asked: Sequence[GarmentSample],
    samples: Sequence[GarmentSample],
    side: int,
    config: ViewConfig,
    seed: int,
) -> list[Crop]:
    """Each garment once as the segmenter found it on a changed photo, else a drawn hard view."""
    views: list[Crop] = []
    for place, sample in enumerate(asked):
        if sample.again:
            views.append(crop_garment(sample.again[0].photo, sample.again[0].garment, side))
            continue
        behind = samples[(place + len(samples) // 2) % len(samples)].photo
        generator = np.random.default_rng((seed, place))
        views.append(hard_view(sample, behind, side, config, generator))
    return views
