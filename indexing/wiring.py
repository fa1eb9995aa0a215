"""Weights in, a ready embedder out: the one module that joins the segmenter to indexing."""

from pathlib import Path

import torch

from indexing.embed import PhotoEmbedder
from indexing.encoders import open_encoder
from segmentation.predictor import Segmenter


def load_embedder(
    segmenter_weights: Path | None = None,
    encoder: str | None = None,
    threads: int = 2,
) -> PhotoEmbedder:
    """The path from photos to vectors; None means the weights shipped with the package.

    Args:
        encoder: what `indexing.encoders.open_encoder` takes.

    Raises:
        segmentation.errors.WeightsError, indexing.errors.EncoderError: weights that
            are missing, damaged or of another network.
    """
    # torch and faiss each bring an OpenMP; without a bound both take every core.
    torch.set_num_threads(threads)
    return PhotoEmbedder(Segmenter.load(segmenter_weights), open_encoder(encoder))
