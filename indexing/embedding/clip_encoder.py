"""A CLIP or SigLIP network as a style encoder that encodes texts too; imports transformers.

Both towers end in one space, so that a text finds the garments that look like it.
"""

from typing import Any, Final

import numpy as np
import torch
from torch import nn

from indexing.embedding.crop_encoder import CropEncoder, CropPreprocessing
from indexing.embedding.encoder import encoder_errors, unit_length
from indexing.errors import EncoderError
from indexing.types import Vector
from segmentation.hub.files import Channels, normalisation, path_or_name, refuse_pickle
from segmentation.runtime import REFERENCE, RuntimeOptions

CAPTION: Final = "a photo of {}"
"""The words in a sentence as the networks have learnt them."""
_CLIP_MEAN: Final[Channels] = (0.48145466, 0.4578275, 0.40821073)
_CLIP_STD: Final[Channels] = (0.26862954, 0.26130258, 0.27577711)


class ClipEncoder(CropEncoder):
    """Image tower and text tower of one network."""

    def __init__(
        self,
        network: nn.Module,
        tokenizer: Any,
        preprocessing: CropPreprocessing,
        options: RuntimeOptions,
    ) -> None:
        config: Any = network.config
        super().__init__(_ImageTower(network), config.model_type, preprocessing, options)
        self._network: Any = network
        self._tokenizer = tokenizer
        self._tokens = config.text_config.max_position_embeddings

    def encode_text(self, text: str) -> Vector:
        """Encode a text as a vector of unit length, shape (dimension,); a long one is cut."""
        tokens = self._tokenizer(
            [CAPTION.format(text)],
            padding="max_length",
            max_length=self._tokens,
            truncation=True,
            return_token_type_ids=False,
            return_tensors="pt",
        )
        with torch.inference_mode():
            features = _features(self._network.get_text_features(**tokens))
        vector: Vector = unit_length(features.float().numpy().astype(np.float32))[0]
        return vector


class _ImageTower(nn.Module):
    """Pictures (n, 3, side, side) -> features (n, dimension)."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network: Any = network

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        return _features(self.network.get_image_features(pixel_values=pictures.contiguous()))


def _features(answer: Any) -> torch.Tensor:
    """A tower's features, which transformers 5 wraps."""
    features: torch.Tensor = getattr(answer, "pooler_output", answer)
    return features


def open_clip(name: str, options: RuntimeOptions = REFERENCE) -> ClipEncoder:
    """Load `local-dir:DIR` or `hf-hub:NAME` with its tokenizer; EncoderError if that fails."""
    source = path_or_name(name)
    with encoder_errors():
        refuse_pickle(name)
    try:
        from transformers import AutoModel, PreTrainedTokenizerFast
    except ImportError as error:
        raise EncoderError(
            f"{name} needs transformers; run `python -m pip install 'apparel-search[hub]'`"
        ) from error
    try:
        # A folder may bring code of its own; transformers would ask whether to run it.
        network = AutoModel.from_pretrained(source, use_safetensors=True, trust_remote_code=False)
        # By tokenizer.json alone: SigLIP's own class needs a library more for the same tokens.
        tokenizer = PreTrainedTokenizerFast.from_pretrained(source, trust_remote_code=False)
    except (OSError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())[:160]
        raise EncoderError(
            f"cannot open the encoder {name!r} ({reason}); it needs config.json, "
            "model.safetensors and the tokenizer's files"
        ) from error
    if len(tokenizer) < network.config.text_config.vocab_size // 2:
        raise EncoderError(f"{name} lacks its tokenizer; put tokenizer.json beside the weights")
    preprocessing = CropPreprocessing(
        network.config.vision_config.image_size, *normalisation(name, _CLIP_MEAN, _CLIP_STD)
    )
    return ClipEncoder(network, tokenizer, preprocessing, options)
