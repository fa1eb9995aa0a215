"""Fit the encoder: a whitened projection and a softmax regression of the kind.

    pairs -> pooled features in three views -> standardise -> whiten -> principal axes -> validate

The whitening divides by what differs between two views of one garment, so that directions that
light, crop and background change count little (Mikolajczyk, Matas, "Improving Descriptors for Fast
Tree Matching by Optimal Linear Projection", ICCV 2007). Everything is fitted in closed form but
the kinds. The segmenter stays unchanged; its features are those of the runtime that searches use.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from safetensors.numpy import save_file

from indexing.embedding.encoder import Backbone, EncoderCard, encoded, standardised
from indexing.evaluation.metrics import Labels, precision_at, rank
from indexing.training.softmax import fit_softmax
from indexing.training.views import GarmentViews, read_views
from indexing.types import Vectors
from segmentation.data.pairs import STREET, read_pairs
from segmentation.progress import Progress, no_progress
from segmentation.weights import file_sha256, training_note, write_card

DEVIATION_FLOOR: Final = 1e-3
"""Added to each channel's standard deviation."""
RIDGE: Final = 0.1
"""Share of the mean variance between views that is added to every direction's."""
JUDGED_SHARE: Final = 0.5
"""Weight of judged pairs beside views; chosen by judgement, without clicks to measure on."""
SHRINKAGE: Final = 0.5
"""Power of its own deviation that each principal axis is divided by."""
KIND_SCALE: Final = 20.0
"""Factor of the features in the regression of the kinds."""
KIND_DECAY: Final = 1e-3
KIND_SMOOTHING: Final = 0.1


@dataclass(frozen=True)
class FitConfig:
    """Configuration of a fit; the defaults are the documented recipe.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        photos: maximum number of pairs of each folder, for a trial run; None: all.
        command: command line of the run, for the card.
    """

    pairs: tuple[Path, ...]
    out: Path
    embedding: int = 128
    kind_share: float = 0.3
    photos: int | None = None
    command: str = ""


def fit_encoder(
    config: FitConfig,
    backbone: Backbone,
    progress: Progress = no_progress,
    judged: Vectors | None = None,
) -> Path:
    """Fit an encoder on a segmenter's features and return the path of its weights.

    Args:
        judged: features of judged pairs (`indexing.training.clicks`), shape (n, 3, d).

    Raises:
        IndexingError: a split has no garments.
    """
    folders = [read_pairs(root) for root in config.pairs]
    train = read_views(folders, "train", backbone, config.photos, progress)
    val = read_views(folders, "val", backbone, config.photos, progress)
    kinds = tuple(sorted({pair.label for pair in train.pairs if pair.label}))
    tensors = _fitted(config, train, kinds, judged)
    weights = config.out / "encoder.safetensors"
    config.out.mkdir(parents=True, exist_ok=True)
    # Of an array in another memory order safetensors saves the bytes as they lie.
    save_file({name: np.ascontiguousarray(each) for name, each in tensors.items()}, weights)
    card = EncoderCard(
        embedding=len(tensors["projection"]),
        kinds=kinds,
        kind_share=config.kind_share,
        backbone=backbone.backbone,
        sha256=file_sha256(weights),
        training=training_note(
            {pair.source for pair in train.pairs}, 3 * len(train.pairs), 0, config.command
        ),
        figures=_figures(config, tensors, train, val),
    )
    write_card(card, weights)
    return weights


def _fitted(
    config: FitConfig, train: GarmentViews, kinds: tuple[str, ...], judged: Vectors | None
) -> dict[str, Vectors]:
    mean = train.plain.mean(axis=0)
    deviation = train.plain.std(axis=0) + DEVIATION_FLOOR
    plain, distorted, close = (
        standardised(each, mean, deviation) for each in (train.plain, train.distorted, train.close)
    )
    if judged is not None:
        judged = standardised(judged, mean, deviation)
    labelled = np.array([bool(pair.label) for pair in train.pairs])
    labels = np.array([kinds.index(pair.label) for pair in train.pairs if pair.label])
    weights = _kind_weights(plain[labelled], labels, len(kinds))
    return {
        "mean": mean,
        "deviation": deviation,
        "projection": projection(plain, (distorted, close), config.embedding, judged),
        "kinds": weights[:-1].T * KIND_SCALE,
        "kind_offsets": weights[-1],
    }


def projection(
    plain: Vectors, others: Sequence[Vectors], dimension: int, judged: Vectors | None = None
) -> Vectors:
    """Fit the projection from standardised features to embeddings, at most (dimension, d).

    Args:
        plain: features of n garments, shape (n, d).
        others: features of other views of the same garments, likewise.
        judged: features of query, better and worse product of m pairs, shape (m, 3, d). What
            differs more from the better one than from the worse counts less, and the other way
            round.
    """
    spread = _spread(np.concatenate([plain - each for each in others]))
    if judged is not None:
        better, worse = (_spread(judged[:, 0] - judged[:, place]) for place in (1, 2))
        spread += JUDGED_SHARE * (better - worse)
    variances, axes = np.linalg.eigh(spread)
    variances = np.maximum(variances, 0)
    scale = np.sqrt(variances + RIDGE * variances.mean())
    whitening = (axes / scale) @ axes.T
    whitened = plain @ whitening
    powers, directions = np.linalg.eigh(whitened.T @ whitened / len(plain))
    first = np.argsort(-powers)[: min(dimension, len(plain))]
    rows = (whitening @ directions[:, first]).T
    return np.asarray(rows / powers[first, None] ** (SHRINKAGE / 2), np.float32)


def _spread(differences: Vectors) -> npt.NDArray[np.float64]:
    """Half the mean outer product of differences (n, d), shape (d, d)."""
    exact = differences.astype(np.float64)
    return np.asarray(exact.T @ exact / (2 * len(exact)))


def _kind_weights(features: Vectors, labels: Labels, kinds: int) -> Vectors:
    """Weights and offsets of the kinds' logits, shape (d + 1, kinds)."""
    ones = np.ones((len(features), 1), np.float32)
    return fit_softmax(
        np.concatenate([features * KIND_SCALE, ones], axis=1),
        labels,
        np.ones((len(features), kinds), bool),
        np.ones(len(features), np.float32),
        KIND_DECAY,
        KIND_SMOOTHING,
    )


def _figures(
    config: FitConfig, tensors: dict[str, Vectors], train: GarmentViews, val: GarmentViews
) -> dict[str, float]:
    """Kind precision of val garments among train garments of products, recall from other views."""
    gallery, queries, distorted, close = (
        encoded(each, tensors, config.kind_share)
        for each in (train.plain, val.plain, val.distorted, val.close)
    )
    both, own = np.concatenate([queries, gallery]), np.arange(len(queries))
    products = _labelled(gallery, train, is_street=False)
    figures = {
        f"val_{name}_recall_at_1": float(((each @ both.T).argmax(axis=1) == own).mean())
        for name, each in (("distorted", distorted), ("close_up", close))
    }
    for name, is_street in (("val", False), ("val_street", True)):
        precisions = _kind_precision(_labelled(queries, val, is_street), products)
        figures |= {f"{name}_precision_at_{depth}": each for depth, each in precisions.items()}
    return {name: round(value, 4) for name, value in figures.items()}


_Labelled = tuple[Vectors, npt.NDArray[np.str_]]


def _labelled(vectors: Vectors, views: GarmentViews, is_street: bool) -> _Labelled:
    """Vectors and labels of the labelled garments of street photos, or of the others."""
    labels = np.array([pair.label for pair in views.pairs])
    rows = (labels != "") & (np.array([pair.source == STREET for pair in views.pairs]) == is_street)
    return vectors[rows], labels[rows]


def _kind_precision(queries: _Labelled, gallery: _Labelled) -> dict[int, float]:
    """Precision by depth; empty without queries or gallery."""
    if not (len(queries[0]) and len(gallery[0])):
        return {}
    _, codes = np.unique(np.concatenate([queries[1], gallery[1]]), return_inverse=True)
    cut, scores = len(queries[0]), queries[0] @ gallery[0].T
    apart = np.zeros(scores.shape, bool)
    ranking = rank(scores, codes[:cut], codes[cut:], apart, depth=5)
    return {depth: float(precision_at(ranking, depth).mean()) for depth in (1, 5)}
