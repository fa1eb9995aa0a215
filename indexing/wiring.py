"""Weights in, a ready embedder out: the one module that joins the segmenter to indexing."""

from pathlib import Path

from indexing.attributes import heads_for
from indexing.embed import PhotoEmbedder
from indexing.encoders import open_encoder
from indexing.second_look import NO_SECOND_LOOK, SecondLook
from segmentation.predictor import Segmenter
from segmentation.runtime import REFERENCE, RuntimeOptions


def load_embedder(
    segmenter_weights: Path | None = None,
    encoder: str | None = None,
    options: RuntimeOptions = REFERENCE,
    second_look: bool = True,
) -> PhotoEmbedder:
    """The path from photos to vectors; None means the weights shipped with the package.

    Args:
        encoder: what `indexing.encoders.open_encoder` takes.
        second_look: photos that somebody searches with are looked at by a second segmenter.

    Raises:
        segmentation.errors.WeightsError, indexing.errors.EncoderError: weights that
            are missing, damaged or of another network.
        segmentation.errors.RuntimeAbsent: the runtime asked for does not work here.
    """
    segmenter, opened = Segmenter.load(segmenter_weights, options), open_encoder(encoder, options)
    return PhotoEmbedder(
        segmenter,
        opened,
        segmenter.calls_at_once,
        heads_for(opened.fingerprint),
        load_second_look(options, second_look),
    )


def load_second_look(options: RuntimeOptions = REFERENCE, wanted: bool = True) -> SecondLook:
    """The second segmenter that is shipped with the package, where it is wanted."""
    return SecondLook(Segmenter.for_second_look(options)) if wanted else NO_SECOND_LOOK
