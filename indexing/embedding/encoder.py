"""The style encoder, which embeds masked crops as style vectors and patch vectors.

The shipped encoder is trained from ImageNet weights by `indexing.training.train`. The same network
converted for OpenVINO (`indexing.training.quantise`) runs without torch; the torch network
(`indexing.embedding.network`) is the reference and the fallback.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self

import numpy as np

from indexing.embedding.crop import Crop
from indexing.embedding.patches import quantised_patches
from indexing.errors import EncoderError
from indexing.types import NO_PATCHES, Patches, Vectors
from segmentation.errors import WeightsError
from segmentation.runtime import Runtime, RuntimeOptions, open_runtime
from segmentation.weights import (
    TrainingNote,
    checked_openvino,
    fingerprint_of,
    note_of,
    read_card_fields,
)

if TYPE_CHECKING:
    from torch import nn

    from indexing.embedding.network import EncoderNetwork
    from segmentation.torch_runtime import PictureNetwork

SHIPPED_ENCODER: Final = Path(__file__).parent.parent / "weights" / "encoder.safetensors"
BATCH_SIZE: Final = 16
"""Crops in one call; larger batches are not faster per crop with OpenVINO or torch."""


@dataclass(frozen=True)
class EncoderArchitecture:
    """Parameters of the network, read from a weights card.

    Attributes:
        backbone: a timm model name.
        dimension: dimension of a style vector, of which `kinds` are the kinds' probabilities.
        kinds: number of kinds of garment that the network classifies.
        kind_share: share of the kinds in a style score, 0 to 1.
        kind_scale: factor from cosine to logit.
        patches: dimension of a patch vector (`indexing.search.rerank`).
    """

    backbone: str = "tf_efficientnet_lite0"
    dimension: int = 143
    kinds: int = 15
    kind_share: float = 0.3
    kind_scale: float = 24.0
    patches: int = 64

    @property
    def name(self) -> str:
        return f"{self.backbone}-{self.dimension}"

    @property
    def embedding(self) -> int:
        """Dimension of the embedding, the style vector without the kinds."""
        return self.dimension - self.kinds


@dataclass(frozen=True)
class CropPreprocessing:
    """Side of the square crop in pixels; mean and std per RGB channel for values in 0..1."""

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class EncoderCard:
    """Card of an encoder's weights.

    Attributes:
        openvino, openvino_sha256: file beside the weights with the network for OpenVINO, like
            "encoder.int8.xml", and the hash over it and its .bin; empty where there is none.
    """

    architecture: EncoderArchitecture
    preprocessing: CropPreprocessing
    sha256: str
    training: TrainingNote = TrainingNote()
    figures: dict[str, float] = field(default_factory=dict)
    openvino: str = ""
    openvino_sha256: str = ""

    @property
    def fingerprint(self) -> str:
        """The architecture's name and a hash over weights, architecture and preprocessing."""
        made = fingerprint_of(self.sha256, self.architecture, self.preprocessing)
        return f"{self.architecture.name}/{made}"


@dataclass(frozen=True, eq=False)
class Encoded:
    """Embeddings of n crops: style vectors (n, dimension) and the covered patches of each crop.

    Patches are empty for an encoder without patch vectors.
    """

    styles: Vectors
    patches: list[Patches]


class StyleEncoder(Protocol):
    """Interface of an encoder of crops."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def side(self) -> int:
        """Side of the input crops in pixels."""
        ...

    @property
    def dimension(self) -> int: ...

    def encode(self, crops: Sequence[Crop]) -> Encoded:
        """Unit-length vectors, shape (n, dimension), and the patches of each crop."""
        ...


class Encoder:
    """A trained encoder network with its card."""

    def __init__(self, runtime: Runtime, card: EncoderCard) -> None:
        self._runtime = runtime
        self.card = card

    @classmethod
    def load(cls, weights: Path | None = None, options: RuntimeOptions = RuntimeOptions()) -> Self:
        """Load weights with their card; None means the shipped ones.

        Raises:
            EncoderError: a file is missing or does not match the card.
        """
        path = weights or SHIPPED_ENCODER

        def build() -> "PictureNetwork":
            from indexing.embedding.network import load_encoder

            return crop_network(load_encoder(path)[0], card.preprocessing)

        try:
            card = read_encoder_card(path)
            openvino = None
            if card.openvino:
                openvino = checked_openvino(path.with_name(card.openvino), card.openvino_sha256)
            return cls(open_runtime(build, options, card.fingerprint, openvino), card)
        except WeightsError as error:
            raise EncoderError(str(error)) from error

    @classmethod
    def of_network(cls, network: "EncoderNetwork", card: EncoderCard, threads: int = 2) -> Self:
        """Wrap a torch network in memory."""
        pictures = crop_network(network, card.preprocessing)
        return cls(open_runtime(lambda: pictures, RuntimeOptions("torch", threads)), card)

    def untrained(self) -> "Encoder":
        """The same architecture with random weights, as a baseline."""
        import torch

        from indexing.embedding.network import build_encoder

        torch.manual_seed(0)
        network = build_encoder(self.card.architecture)
        return Encoder.of_network(network, replace(self.card, sha256="", figures={}))

    @property
    def fingerprint(self) -> str:
        return self.card.fingerprint

    @property
    def runtime(self) -> str:
        """Name of the runtime, like "openvino int8"."""
        return self._runtime.name

    @property
    def calls_at_once(self) -> int:
        """Number of concurrent calls that increases throughput."""
        return self._runtime.calls_at_once

    @property
    def side(self) -> int:
        return self.card.preprocessing.side

    @property
    def dimension(self) -> int:
        return self.card.architecture.dimension

    def encode(self, crops: Sequence[Crop]) -> Encoded:
        """Encode crops of `side` pixels: unit-length style vectors (n, dimension) and patches."""
        return encode_crops(self._runtime, crops, self.dimension)


def crop_network(network: "nn.Module", preprocessing: CropPreprocessing) -> "PictureNetwork":
    """Put normalisation in front of a torch network over crops."""
    from segmentation.torch_runtime import PictureNetwork

    side = preprocessing.side
    return PictureNetwork(network, preprocessing.mean, preprocessing.std, (side, side))


def encode_crops(runtime: Runtime, crops: Sequence[Crop], dimension: int) -> Encoded:
    """Encode crops of one size: unit-length vectors, shape (n, dimension), and patches."""
    vectors, patches = [np.zeros((0, dimension), np.float32)], list[Patches]()
    for start in range(0, len(crops), BATCH_SIZE):
        batch = crops[start : start + BATCH_SIZE]
        styles, *seen = runtime.run(np.stack(batch))
        vectors.append(styles)
        patches += quantised_patches(seen[0], batch) if seen else [NO_PATCHES] * len(batch)
    stacked = np.concatenate(vectors)
    # Half precision rounds the unit length.
    lengths = np.linalg.norm(stacked, axis=1, keepdims=True)
    return Encoded(np.asarray(stacked / lengths, np.float32), patches)


def read_encoder_card(weights: Path) -> EncoderCard:
    """Read the card beside an encoder's weights."""
    fields = read_card_fields(weights)
    try:
        architecture, preprocessing = fields["architecture"], fields["preprocessing"]
        return EncoderCard(
            architecture=EncoderArchitecture(**architecture),
            preprocessing=CropPreprocessing(
                preprocessing["side"], tuple(preprocessing["mean"]), tuple(preprocessing["std"])
            ),
            sha256=fields["sha256"],
            training=note_of(fields["training"]),
            figures=dict(fields["figures"]),
            openvino=fields.get("openvino", ""),
            openvino_sha256=fields.get("openvino_sha256", ""),
        )
    except (KeyError, TypeError) as error:
        raise WeightsError(f"the card of {weights} lacks {error}; restore the card") from error
