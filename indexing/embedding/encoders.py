"""Open an encoder by name: the shipped one, own weights, or a timm network.

None                         the shipped weights
PATH.safetensors             own weights, with their card beside them
vit_base_patch14_dinov2...   a timm model, whose weights are downloaded
hf-hub:timm/ViT-B-16-SigLIP  the same from a model repository
local-dir:FOLDER             a timm network saved to disk (`timm.models.save_for_hf`)

Only a timm network imports torch and timm.
"""

from pathlib import Path
from typing import Final, Protocol

from indexing.embedding.encoder import Encoder, StyleEncoder
from segmentation.runtime import RuntimeOptions, require_torch

WEIGHTS_SUFFIX: Final = ".safetensors"


class OpenedEncoder(StyleEncoder, Protocol):
    """An encoder with an untrained baseline."""

    @property
    def runtime(self) -> str:
        """Name of the runtime, like "openvino int8"."""
        ...

    def untrained(self) -> StyleEncoder:
        """The same architecture with random weights, as a baseline."""
        ...


def open_encoder(
    name: str | None = None, options: RuntimeOptions = RuntimeOptions()
) -> OpenedEncoder:
    """Open an encoder by name; None means the shipped one.

    Raises:
        EncoderError: unknown, absent, damaged, or not downloadable.
        segmentation.errors.RuntimeAbsent: nothing installed here runs it.
    """
    if name is None:
        return Encoder.load(options=options)
    if name.endswith(WEIGHTS_SUFFIX):
        return Encoder.load(Path(name), options)
    require_torch(f"the encoder {name}")
    from indexing.embedding.timm_encoder import TimmEncoder

    return TimmEncoder.open(name, options)
