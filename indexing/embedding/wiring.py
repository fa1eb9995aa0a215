"""Load segmenter and encoder: the only module of indexing that imports the segmenter."""

from pathlib import Path

from indexing.embedding.attributes import heads_for
from indexing.embedding.embedder import PhotoEmbedder
from indexing.embedding.encoders import open_encoder
from indexing.types import PhotoSegmenter
from segmentation.runtime import RuntimeOptions
from segmentation.segmenter import Segmenter


def load_embedder(
    segmenter: str | Path | PhotoSegmenter | None = None,
    encoder: str | None = None,
    options: RuntimeOptions = RuntimeOptions(),
) -> PhotoEmbedder:
    """Load segmenter and encoder; None means the shipped weights.

    Args:
        segmenter: an argument of `Segmenter.load`, or any `PhotoSegmenter`.
        encoder: see `indexing.embedding.encoders.open_encoder`.

    Raises:
        segmentation.errors.WeightsError, indexing.errors.EncoderError: weights are missing,
            damaged or of another network.
        segmentation.errors.RuntimeAbsent: the chosen runtime, or any, does not work here.
    """
    if segmenter is None or isinstance(segmenter, str | Path):
        segmenter = Segmenter.load(segmenter, options)
    threads = segmenter.calls_at_once if isinstance(segmenter, Segmenter) else 1
    opened = open_encoder(encoder, options)
    return PhotoEmbedder(segmenter, opened, threads, heads_for(opened.fingerprint))
