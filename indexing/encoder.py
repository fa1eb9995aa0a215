"""Masked crops in, style vectors out: a small timm network with a linear head.

A style vector joins a learnt part and the roots of the probabilities of the garment's kind,
so that neighbours are alike and mostly of the same kind: a product of two of those roots is
the Bhattacharyya coefficient of the two opinions, as in the colour half (`colour.py`).
The shipped encoder was trained here from scratch; `train.py` makes another one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final, Protocol, Self

import numpy as np
import timm
import torch
from torch import nn
from torch.nn import functional

from indexing.crop import Crop
from indexing.errors import EncoderError
from indexing.stages import Vectors
from indexing.tiles import NO_TILES, TILE_SIDE, Tiles, kept_tiles
from segmentation.errors import WeightsError
from segmentation.inference import PictureNetwork, open_runtime
from segmentation.runtime import REFERENCE, Runtime, RuntimeOptions
from segmentation.weights import (
    TrainingNote,
    fingerprint_of,
    load_tensors,
    note_of,
    read_card_fields,
)

SHIPPED_ENCODER: Final = Path(__file__).parent / "weights" / "encoder.safetensors"
BATCH_SIZE: Final = 16
"""Crops in one call: more are not faster by the piece, neither with OpenVINO nor with torch."""


@dataclass(frozen=True)
class EncoderArchitecture:
    """What is needed to build the network; read from a weights card.

    Attributes:
        dimension: numbers of a style vector, `kinds` of them probabilities.
        kinds: labels that the network names; 0 leaves the learnt part alone.
        kind_share: of a score, how much the kinds' agreement counts, 0 to 1.
        kind_scale: cosine to logit.
        mirrored: look at each crop and its mirror image, and take the mean.
        tiles: numbers of each of a crop's tiles (`indexing.tiles`); 0 leaves them out.
    """

    backbone: str = "regnety_004"
    dimension: int = 143
    kinds: int = 15
    kind_share: float = 0.3
    kind_scale: float = 24.0
    mirrored: bool = True
    tiles: int = 64

    @property
    def name(self) -> str:
        return f"{self.backbone}-{self.dimension}"

    @property
    def learnt(self) -> int:
        """Numbers of the learnt part."""
        return self.dimension - self.kinds


@dataclass(frozen=True)
class CropPreprocessing:
    """Side of the square crop in pixels; mean and std per RGB channel of values in 0..1."""

    side: int
    mean: tuple[float, float, float]
    std: tuple[float, float, float]


@dataclass(frozen=True)
class EncoderCard:
    """What an encoder's weights are."""

    architecture: EncoderArchitecture
    preprocessing: CropPreprocessing
    sha256: str
    training: TrainingNote = TrainingNote()
    figures: dict[str, float] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Architecture's name and a hash over weights, architecture and preprocessing."""
        made = fingerprint_of(self.sha256, self.architecture, self.preprocessing)
        return f"{self.architecture.name}/{made}"


class EncoderNetwork(nn.Module):
    """Crops (n, 3, side, side) in; unit-length style vectors (n, dimension) out and, if the
    architecture has tiles, these, (n, (side / 16)^2, architecture.tiles), unit length too."""

    def __init__(self, architecture: EncoderArchitecture) -> None:
        super().__init__()
        # pretrained=False: nothing is ever fetched.
        self.backbone = timm.create_model(architecture.backbone, pretrained=False, num_classes=0)
        self.head = nn.Linear(self.backbone.num_features, architecture.learnt)
        self.kinds = nn.Linear(architecture.learnt, architecture.kinds, bias=False)
        if architecture.tiles:
            stages = self.backbone.feature_info
            self._tile_stage = [stage["reduction"] for stage in stages].index(TILE_SIDE)
            channels = stages[self._tile_stage]["num_chs"]
            self.tiles = nn.Linear(channels, architecture.tiles)
        self.architecture = architecture

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
        learnt, *tiles = self.learnt_and_tiles(crops)
        if self.architecture.mirrored:
            mirrored = self._learnt_of(self.backbone.forward_features(crops.flip(3)))
            learnt = functional.normalize(learnt + mirrored, dim=1)
        if not self.architecture.kinds:
            return learnt, *tiles
        share = self.architecture.kind_share
        kinds = (self.architecture.kind_scale * self.kind_cosines(learnt)).softmax(dim=1)
        return torch.cat([learnt * (1 - share) ** 0.5, (kinds * share).sqrt()], dim=1), *tiles

    def learnt_and_tiles(self, crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """The learnt part alone (n, architecture.learnt), and the tiles, if any; unit length."""
        last, stages = self.backbone.forward_intermediates(crops)
        if not self.architecture.tiles:
            return (self._learnt_of(last),)
        seen = self.tiles(stages[self._tile_stage].flatten(2).transpose(1, 2))
        return self._learnt_of(last), functional.normalize(seen, dim=2)

    def _learnt_of(self, last: torch.Tensor) -> torch.Tensor:
        return functional.normalize(self.head(self.backbone.forward_head(last)), dim=1)

    def kind_cosines(self, learnt: torch.Tensor) -> torch.Tensor:
        """Cosine of each learnt part to each kind, shape (n, kinds)."""
        return learnt @ functional.normalize(self.kinds.weight, dim=1).T


@dataclass(frozen=True, eq=False)
class Encoded:
    """What an encoder makes of n crops: style vectors (n, dimension) and each crop's tiles;
    of an encoder without any, each is empty."""

    styles: Vectors
    tiles: list[Tiles]


class StyleEncoder(Protocol):
    """What turns crops into style vectors; the shipped network is one of them."""

    @property
    def fingerprint(self) -> str: ...

    @property
    def side(self) -> int:
        """Side of the crops it wants, in pixels."""
        ...

    @property
    def dimension(self) -> int: ...

    def encode(self, crops: Sequence[Crop]) -> Encoded:
        """Unit-length vectors, shape (n, dimension), and the tiles of each crop."""
        ...


class Encoder:
    """A trained encoder network with its card."""

    def __init__(
        self, network: EncoderNetwork, card: EncoderCard, options: RuntimeOptions = REFERENCE
    ) -> None:
        # Weights without a hash were never saved: nothing names them in the cache.
        key = card.fingerprint if card.sha256 else None
        self._runtime = crop_runtime(network, card.preprocessing, options, key)
        self._threads = options.threads
        self.card = card

    @classmethod
    def load(cls, weights: Path | None = None, options: RuntimeOptions = REFERENCE) -> Self:
        """Read weights with their card; None means those shipped with the package."""
        path = weights or SHIPPED_ENCODER
        try:
            network, card = load_encoder(path)
        except WeightsError as error:
            raise EncoderError(str(error)) from error
        return cls(network, card, options)

    def untrained(self) -> "Encoder":
        """The same architecture with fresh weights: what training has to beat."""
        torch.manual_seed(0)
        return Encoder(
            build_encoder(self.card.architecture),
            replace(self.card, sha256="", figures={}),
            replace(REFERENCE, threads=self._threads),
        )

    @property
    def fingerprint(self) -> str:
        return self.card.fingerprint

    @property
    def runtime(self) -> str:
        """What runs the network, like "openvino bf16"."""
        return self._runtime.name

    @property
    def calls_at_once(self) -> int:
        """Calls worth making side by side, from as many threads."""
        return self._runtime.calls_at_once

    @property
    def side(self) -> int:
        return self.card.preprocessing.side

    @property
    def dimension(self) -> int:
        return self.card.architecture.dimension

    def encode(self, crops: Sequence[Crop]) -> Encoded:
        """Unit-length style vectors (n, dimension), and tiles, of crops of `side` pixels."""
        return encode_crops(self._runtime, crops, self.dimension)


def crop_runtime(
    network: nn.Module, preprocessing: CropPreprocessing, options: RuntimeOptions, key: str | None
) -> Runtime:
    """Any network over crops, ready for `encode_crops`; `key` names it in the cache."""
    side = preprocessing.side
    pictures = PictureNetwork(network, preprocessing.mean, preprocessing.std, (side, side))
    return open_runtime(pictures, options, key)


def encode_crops(runtime: Runtime, crops: Sequence[Crop], dimension: int) -> Encoded:
    """Unit-length vectors, shape (n, dimension), and the tiles, of crops of one size."""
    vectors, tiles = [np.zeros((0, dimension), np.float32)], list[Tiles]()
    for start in range(0, len(crops), BATCH_SIZE):
        batch = crops[start : start + BATCH_SIZE]
        styles, *seen = runtime.run(np.stack(batch))
        vectors.append(styles)
        tiles += kept_tiles(seen[0], batch) if seen else [NO_TILES] * len(batch)
    stacked = np.concatenate(vectors)
    # Half precision rounds the length that the network gave them.
    lengths = np.linalg.norm(stacked, axis=1, keepdims=True)
    return Encoded(np.asarray(stacked / lengths, np.float32), tiles)


def build_encoder(architecture: EncoderArchitecture) -> EncoderNetwork:
    """A network with fresh weights, channels last in memory."""
    network = EncoderNetwork(architecture)
    return network.to(memory_format=torch.channels_last)


def load_encoder(weights: Path) -> tuple[EncoderNetwork, EncoderCard]:
    """A network in evaluation mode with its card; WeightsError if either is missing or damaged."""
    card = read_encoder_card(weights)
    network = build_encoder(card.architecture)
    load_tensors(network, weights, card.sha256)
    return network.eval(), card


def read_encoder_card(weights: Path) -> EncoderCard:
    """The card beside an encoder's weights."""
    fields = read_card_fields(weights)
    try:
        architecture, preprocessing = fields["architecture"], fields["preprocessing"]
        return EncoderCard(
            EncoderArchitecture(**{"kinds": 0, "mirrored": False, "tiles": 0, **architecture}),
            CropPreprocessing(
                preprocessing["side"], tuple(preprocessing["mean"]), tuple(preprocessing["std"])
            ),
            fields["sha256"],
            note_of(fields["training"]),
            dict(fields["figures"]),
        )
    except (KeyError, TypeError) as error:
        raise WeightsError(f"the card of {weights} lacks {error}; restore the card") from error
