"""Batches of garments' views in, one number to minimise out: what the encoder is taught.

Four tasks share one backbone. Contrast: two views of one garment, the second mostly a
hard one, must find each other among all others of this and the last batches (NT-Xent; Chen
et al., "SimCLR", ICML 2020). Tiles: the second view's pieces must agree better with the first
view's than with those of other garments, the nearest of the last batches among them, so that
print and texture are kept. Labels: a cosine classifier names the garment's kind
where a label is known (Wang et al., "NormFace", 2017). Parts: another names the garment's part
(`segmentation.parts`), which phone and street photos share, so that both come to lie side by
side.
"""

from dataclasses import dataclass
from typing import Final, Self

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from indexing.encoder import EncoderArchitecture, build_encoder
from indexing.losses import (
    Memory,
    TileMemory,
    contrast_loss,
    label_loss,
    tile_agreement,
    tile_loss,
)
from indexing.tiles import covered_tiles
from indexing.training_views import ViewPair
from segmentation.parts import PART_COUNT
from segmentation.preprocess import MEAN, STD, normalise

STRANGERS: Final = 16
"""Nearest garments of earlier batches whose tiles must agree less."""


@dataclass(frozen=True)
class TaskWeights:
    """What counts how much.

    Attributes:
        temperature: of the contrast between views, in the learnt part; contrast: its part.
        tile_temperature, tiles: likewise of the tiles' agreement.
        label: of naming the label.
        part: of naming the part.
        memory: garments of earlier batches that both are told from.
    """

    temperature: float = 0.12
    contrast: float = 0.5
    tile_temperature: float = 0.05
    tiles: float = 1.0
    label: float = 1.0
    part: float = 0.5
    memory: int = 4096


@dataclass(frozen=True, eq=False)
class Batch:
    """n garments: first views then second views, their labels, parts and places, each 2n long."""

    crops: npt.NDArray[np.uint8]
    labels: torch.Tensor
    parts: torch.Tensor
    garments: torch.Tensor


@dataclass(frozen=True)
class Memories:
    """What is kept of earlier batches."""

    learnt: Memory
    tiles: TileMemory

    @classmethod
    def empty(cls, size: int, architecture: EncoderArchitecture) -> Self:
        """Room for `size` garments."""
        return cls(Memory(size, architecture.learnt), TileMemory(size))


class EncoderTask(nn.Module):
    """The encoder with what only its training needs: a classifier over parts."""

    def __init__(self, architecture: EncoderArchitecture) -> None:
        super().__init__()
        self.encoder = build_encoder(architecture)
        self.parts = nn.Linear(architecture.learnt, PART_COUNT, bias=False)

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Learnt parts (n, architecture.learnt) and tiles (n, m, architecture.tiles)."""
        return self.encoder.learnt_and_tiles(crops)


def collate(pairs: list[ViewPair]) -> Batch:
    """All first views, then all second views; labels, parts and places likewise twice."""
    twice = [*pairs, *pairs]
    return Batch(
        np.stack([*(pair.first for pair in pairs), *(pair.second for pair in pairs)]),
        torch.tensor([pair.label for pair in twice]),
        torch.tensor([pair.part for pair in twice]),
        torch.tensor([pair.garment for pair in twice]),
    )


def task_loss(
    weights: TaskWeights, memories: Memories, task: EncoderTask, batch: Batch
) -> torch.Tensor:
    """All tasks of one batch, weighed; the memories keep its vectors."""
    learnt, tiles = task(normalise(batch.crops, MEAN, STD))
    # Similarities over a low temperature need all the digits that bfloat16 lacks.
    with torch.autocast("cpu", enabled=False):
        learnt, tiles = learnt.float(), tiles.float()
        part_cosines = learnt @ functional.normalize(task.parts.weight, dim=1).T
        loss = (
            weights.contrast
            * contrast_loss(learnt, batch.garments, weights.temperature, memories.learnt)
            + weights.tiles
            * _tiles_found_again(learnt, tiles, batch, weights.tile_temperature, memories.tiles)
            + weights.label * label_loss(task.encoder.kind_cosines(learnt), batch.labels)
            + weights.part * label_loss(part_cosines, batch.parts)
        )
    memories.learnt.keep(learnt, batch.garments)
    return loss


def _tiles_found_again(
    learnt: torch.Tensor,
    tiles: torch.Tensor,
    batch: Batch,
    temperature: float,
    memory: TileMemory,
) -> torch.Tensor:
    """The second views look for the first ones; these are kept in memory."""
    covered = torch.from_numpy(covered_tiles(batch.crops))
    count = len(tiles) // 2
    asked, garments = (tiles[count:], covered[count:]), batch.garments[:count]
    scores = tile_agreement(*asked, tiles[None, :count], covered[None, :count])
    others = memory.strangers(learnt[count:], garments, STRANGERS)
    strangers = tile_agreement(*asked, *others) if others else scores[:, :0]
    memory.keep(tiles[:count], covered[:count], learnt[:count], garments)
    return tile_loss(scores, garments, strangers, temperature)
