"""Load segmenter and encoder: the only module of indexing that imports the segmenter.

An encoder is opened by name:

    None                         the shipped weights
    PATH.safetensors             own weights, with their card, heads and closeness beside them
    vit_base_patch14_dinov2...   a timm model, whose weights are downloaded
    hf-hub:timm/ViT-B-16-SigLIP  the same from a model repository
    local-dir:FOLDER             a timm network saved to disk (`timm.models.save_for_hf`)
    hf-hub:openai/clip-vit-base-patch32, local-dir:FOLDER
                                 a CLIP or SigLIP of transformers, which encodes texts too

Only the last four import torch.
"""

from pathlib import Path

from indexing.embedding.attributes import heads_for
from indexing.embedding.embedder import PhotoEmbedder
from indexing.embedding.encoder import (
    SHIPPED_ENCODER,
    WEIGHTS_SUFFIX,
    Encoder,
    StyleEncoder,
    encoder_errors,
    read_encoder_card,
    weights_folder,
)
from indexing.types import PhotoSegmenter
from segmentation.hub.files import has_text_tower
from segmentation.runtime import RuntimeOptions, require_torch
from segmentation.segmenter import Segmenter


def load_embedder(
    segmenter: str | Path | PhotoSegmenter | None = None,
    encoder: str | None = None,
    options: RuntimeOptions = RuntimeOptions(),
) -> PhotoEmbedder:
    """Load segmenter and encoder; None means the shipped weights.

    Args:
        segmenter: an argument of `Segmenter.load`, or any `PhotoSegmenter`.
        encoder: see `open_encoder`.

    Raises:
        segmentation.errors.WeightsError, indexing.errors.EncoderError: weights are missing,
            damaged or of another network.
        segmentation.errors.RuntimeAbsent: the chosen runtime, or any, does not work here.
    """
    if segmenter is None or isinstance(segmenter, str | Path):
        segmenter = Segmenter.load(segmenter, options)
    threads = segmenter.calls_at_once if isinstance(segmenter, Segmenter) else 1
    opened = open_encoder(encoder, options, segmenter)
    folder = weights_folder(encoder)
    heads = heads_for(opened.fingerprint, folder)
    return PhotoEmbedder(segmenter, opened, threads, heads, folder)


def open_encoder(
    name: str | None = None,
    options: RuntimeOptions = RuntimeOptions(),
    segmenter: PhotoSegmenter | None = None,
) -> StyleEncoder:
    """Open an encoder by name; None means the shipped one.

    Args:
        segmenter: the one in use. An encoder that was not fitted on its features takes those of
            the shipped segmenter.

    Raises:
        EncoderError: unknown, absent, damaged, or not downloadable.
        segmentation.errors.RuntimeAbsent: nothing installed here runs it.
    """
    if name is None or name.endswith(WEIGHTS_SUFFIX):
        weights = SHIPPED_ENCODER if name is None else Path(name)
        return Encoder.load(weights, _backbone_for(weights, options, segmenter))
    require_torch(f"the encoder {name}")
    if has_text_tower(name):
        from indexing.embedding.clip_encoder import open_clip

        return open_clip(name, options)
    from indexing.embedding.timm_encoder import open_timm

    return open_timm(name, options)


def _backbone_for(
    weights: Path, options: RuntimeOptions, segmenter: PhotoSegmenter | None
) -> Segmenter:
    """The segmenter in use if the encoder was fitted on its features, else the shipped one."""
    with encoder_errors():
        fitted_on = read_encoder_card(weights).backbone
    if isinstance(segmenter, Segmenter) and segmenter.backbone == fitted_on:
        return segmenter
    return Segmenter.load(None, options)
