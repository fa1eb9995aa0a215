"""Batches of garments' views in, one number to minimise out: what the encoder is taught.

Three tasks share one backbone. Contrast: two views of one garment, the second mostly a
hard one, must find each other among all others of this and the last batches (NT-Xent; Chen
et al., "SimCLR", ICML 2020); so must a second vector from all stages, which only training
has, so that print and texture are kept. Labels: a cosine classifier names the garment's kind
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
from indexing.losses import Memory, contrast_loss, label_loss
from indexing.training_views import ViewPair
from segmentation.parts import PART_COUNT
from segmentation.preprocess import MEAN, STD, normalise

DETAIL_STAGES: Final = slice(1, None)
DETAIL_HIDDEN: Final = 256
DETAIL_DIMENSION: Final = 96


@dataclass(frozen=True)
class TaskWeights:
    """What counts how much.

    Attributes:
        temperature: of the contrast between views, in the learnt part; contrast: its part.
        detail_temperature, detail: likewise in the detail.
        label: of naming the label.
        part: of naming the part.
        memory: vectors of earlier batches that both are contrasted with.
    """

    temperature: float = 0.12
    contrast: float = 0.5
    detail_temperature: float = 0.07
    detail: float = 0.5
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
    """Earlier batches' vectors of either kind."""

    learnt: Memory
    detail: Memory

    @classmethod
    def empty(cls, size: int, architecture: EncoderArchitecture) -> Self:
        """Room for `size` vectors of either kind."""
        return cls(Memory(size, architecture.learnt), Memory(size, DETAIL_DIMENSION))


class EncoderTask(nn.Module):
    """The encoder with what only its training needs: a classifier over parts, and the detail,
    a second vector that is made of all stages but the first."""

    def __init__(self, architecture: EncoderArchitecture) -> None:
        super().__init__()
        self.encoder = build_encoder(architecture)
        self.parts = nn.Linear(architecture.learnt, PART_COUNT, bias=False)
        stages = [stage["num_chs"] for stage in self.encoder.backbone.feature_info[DETAIL_STAGES]]
        self.detail = nn.Sequential(
            nn.Linear(sum(stages), DETAIL_HIDDEN),
            nn.ReLU(),
            nn.Linear(DETAIL_HIDDEN, DETAIL_DIMENSION),
        )

    def forward(self, crops: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Learnt parts (n, architecture.learnt) and details (n, DETAIL_DIMENSION), unit length."""
        last, stages = self.encoder.backbone.forward_intermediates(crops)
        learnt = self.encoder.learnt_of(self.encoder.backbone.forward_head(last))
        seen = torch.cat([stage.mean((2, 3)) for stage in stages[DETAIL_STAGES]], dim=1)
        return learnt, functional.normalize(self.detail(seen), dim=1)


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
    learnt, detail = task(normalise(batch.crops, MEAN, STD))
    # Similarities over a low temperature need all the digits that bfloat16 lacks.
    with torch.autocast("cpu", enabled=False):
        learnt, detail = learnt.float(), detail.float()
        part_cosines = learnt @ functional.normalize(task.parts.weight, dim=1).T
        loss = (
            weights.contrast
            * contrast_loss(learnt, batch.garments, weights.temperature, memories.learnt)
            + weights.detail
            * contrast_loss(detail, batch.garments, weights.detail_temperature, memories.detail)
            + weights.label * label_loss(task.encoder.kind_cosines(learnt), batch.labels)
            + weights.part * label_loss(part_cosines, batch.parts)
        )
    memories.learnt.keep(learnt, batch.garments)
    memories.detail.keep(detail, batch.garments)
    return loss
