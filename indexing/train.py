"""Pairs folders in, an encoder's weights and card out; read top to bottom.

    read garments -> epochs -> two views of each garment
    -> contrast views + name labels + name parts -> validate -> keep the best -> weights + card

Three tasks share one backbone. Contrast: two views of one garment, the second mostly a
hard one, must find each other among all others of this and the last batches (NT-Xent; Chen
et al., "SimCLR", ICML 2020); so must a second vector from all stages, which only training
has, so that print and texture are kept. Labels: a cosine
classifier names the garment's kind where a label is known (Wang et al., "NormFace", 2017).
Parts: another names the garment's part (`segmentation.parts`), which phone and street
photos share, so that both come to lie side by side. Views change light and colour, so the
style half learns cut and pattern and leaves colour to the colour half. Needs the `train`
extra (OpenCV).
"""

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader

from indexing.crop import Crop, crop_garment
from indexing.encoder import (
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
    EncoderNetwork,
    build_encoder,
    read_encoder_card,
)
from indexing.losses import Memory, contrast_loss, label_loss
from indexing.metrics import mean_with_interval, precision_at, rank
from indexing.training_views import (
    NO_LABEL,
    GarmentSample,
    ViewConfig,
    ViewPair,
    ViewPairs,
    hard_view,
    read_garments,
)
from segmentation.errors import DatasetError
from segmentation.parts import PART_COUNT
from segmentation.preprocess import MEAN, STD, normalise
from segmentation.runs import Phase, Schedule, TrainingRun
from segmentation.runtime import RuntimeOptions
from segmentation.weights import (
    load_segmenter,
    load_tensors,
    save_tensors,
    training_note,
    write_card,
)

AVERAGE_DECAY: Final = 0.998
SECOND_EPOCHS: Final = 12
SECOND_SIDE: Final = 112
SECOND_LEARNING_RATE: Final = 8e-4
SECOND_CONTRAST_WEIGHT: Final = 1.0
SECOND_TEMPERATURE: Final = 0.08
DETAIL_STAGES: Final = slice(1, None)
DETAIL_HIDDEN: Final = 256
DETAIL_DIMENSION: Final = 96
HARD_QUERIES: Final = 400
"""Validation garments that are looked for again after a hard change."""


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


@dataclass(frozen=True)
class EncoderTrainConfig:
    """Everything a run depends on, besides the pairs themselves.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        segmenter: weights whose encoder the backbone starts from; None starts from scratch.
        start: encoder weights to go on from; see `going_on_from`.
        temperature: of the contrast between views, in the learnt part; contrast_weight: its part.
        detail_temperature, detail_weight: likewise in the detail.
        label_weight: of naming the label.
        part_weight: of naming the part.
        compiled: learn with torch.compile: minutes before the first step, a quarter faster after.
        memory: vectors of earlier batches that both are contrasted with.
    """

    pairs: tuple[Path, ...]
    out: Path
    segmenter: Path | None = None
    phases: tuple[Phase, ...] = (Phase(19, 96, 96), Phase(8, 112, 112))
    decay_epochs: int = 9
    batch_size: int = 40
    learning_rate: float = 1.0e-3
    weight_decay: float = 0.05
    temperature: float = 0.12
    contrast_weight: float = 0.5
    detail_temperature: float = 0.07
    detail_weight: float = 0.5
    label_weight: float = 1.0
    part_weight: float = 0.5
    memory: int = 4096
    seed: int = 0
    threads: int = 2
    architecture: EncoderArchitecture = EncoderArchitecture()
    views: ViewConfig = ViewConfig()
    minutes: float | None = None
    command: str = ""
    start: Path | None = None
    compiled: bool = False


def going_on_from(
    start: Path, config: EncoderTrainConfig, epochs: int = SECOND_EPOCHS
) -> EncoderTrainConfig:
    """A second training on larger crops, the learning rate falling over its last two thirds;
    telling garments apart weighs more than before."""
    return replace(
        config,
        start=start,
        phases=(Phase(epochs, SECOND_SIDE, SECOND_SIDE),),
        decay_epochs=epochs * 2 // 3,
        learning_rate=SECOND_LEARNING_RATE,
        contrast_weight=SECOND_CONTRAST_WEIGHT,
        temperature=SECOND_TEMPERATURE,
        command=f"{config.command} --start {start.name} --epochs {epochs}",
    )


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


def train_encoder(config: EncoderTrainConfig) -> Path:
    """Train and return the path of the best weights; resumes a run folder's checkpoint."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    train_samples = read_garments(config.pairs, "train")
    val_samples = read_garments(config.pairs, "val")
    if not train_samples or not val_samples:
        raise DatasetError("no train or no val garments; make pairs with `apparel dataset`")
    schedule = Schedule(
        config.phases,
        config.learning_rate,
        config.weight_decay,
        AVERAGE_DECAY,
        config.decay_epochs,
        config.minutes,
    )
    run = TrainingRun(_fresh_task(config), schedule, config.out)
    memories = Memories(
        Memory(config.memory, config.architecture.learnt), Memory(config.memory, DETAIL_DIMENSION)
    )
    if config.compiled:
        run.network.compile()
    for epoch, phase in run.epochs():
        batches = DataLoader(
            ViewPairs(train_samples, config.views, (config.seed, epoch), phase.height),
            config.batch_size,
            num_workers=1,
            collate_fn=_collate,
            drop_last=True,
        )
        loss = run.learn(batches, partial(_loss_of, config, memories))
        _validate(run, train_samples, val_samples, config, epoch, phase, loss)
    return best_weights(config.out)


def _fresh_task(config: EncoderTrainConfig) -> EncoderTask:
    task = EncoderTask(config.architecture)
    if config.segmenter:
        start_from_segmenter(task.encoder, config.segmenter)
    if config.start:
        load_tensors(task.encoder, config.start, read_encoder_card(config.start).sha256)
    return task


def _loss_of(
    config: EncoderTrainConfig, memories: Memories, task: EncoderTask, batch: Batch
) -> torch.Tensor:
    learnt, detail = task(normalise(batch.crops, MEAN, STD))
    # Similarities over a low temperature need all the digits that bfloat16 lacks.
    with torch.autocast("cpu", enabled=False):
        learnt, detail = learnt.float(), detail.float()
        part_cosines = learnt @ functional.normalize(task.parts.weight, dim=1).T
        loss = (
            config.contrast_weight
            * contrast_loss(learnt, batch.garments, config.temperature, memories.learnt)
            + config.detail_weight
            * contrast_loss(detail, batch.garments, config.detail_temperature, memories.detail)
            + config.label_weight * label_loss(task.encoder.kind_cosines(learnt), batch.labels)
            + config.part_weight * label_loss(part_cosines, batch.parts)
        )
    memories.learnt.keep(learnt, batch.garments)
    memories.detail.keep(detail, batch.garments)
    return loss


def best_weights(run: Path) -> Path:
    """Where a run keeps the weights that validated best."""
    return run / "encoder.safetensors"


def start_from_segmenter(network: EncoderNetwork, weights: Path) -> None:
    """Copy a segmenter's encoder into the backbone: it has already seen every garment."""
    segmenter, _ = load_segmenter(weights)
    learnt = segmenter.fpn.encoder.model.state_dict()
    missing, _ = network.backbone.load_state_dict(learnt, strict=False)
    if missing:
        raise DatasetError(
            f"{weights} has another backbone ({len(missing)} tensors differ); "
            "name a segmenter with the encoder's backbone, or none"
        )


def _collate(pairs: list[ViewPair]) -> Batch:
    """All first views, then all second views; labels, parts and places likewise twice."""
    twice = [*pairs, *pairs]
    return Batch(
        np.stack([*(pair.first for pair in pairs), *(pair.second for pair in pairs)]),
        torch.tensor([pair.label for pair in twice]),
        torch.tensor([pair.part for pair in twice]),
        torch.tensor([pair.garment for pair in twice]),
    )


def _validate(
    run: TrainingRun[EncoderTask],
    train_samples: list[GarmentSample],
    val_samples: list[GarmentSample],
    config: EncoderTrainConfig,
    epoch: int,
    phase: Phase,
    loss: float,
) -> None:
    """Kind precision of held-out senders against the trained ones, and how many of their
    garments are found again after a hard change; keep the weights with the best sum."""
    preprocessing = CropPreprocessing(phase.height, MEAN, STD)
    network = run.averaged.encoder
    encoder = Encoder(
        network,
        EncoderCard(config.architecture, preprocessing, ""),
        RuntimeOptions("torch", config.threads),
    )
    gallery = [sample for sample in train_samples if sample.label != NO_LABEL]
    queries = [sample for sample in val_samples if sample.label != NO_LABEL]
    answers, asked = _encoded(encoder, gallery), _encoded(encoder, queries)
    ranking = rank(
        asked @ answers.T,
        np.array([sample.label for sample in queries]),
        np.array([sample.label for sample in gallery]),
        np.array([[one.group == other.group for other in gallery] for one in queries]),
        depth=5,
    )
    row = {
        "epoch": float(epoch),
        "loss": loss,
        "seconds": time.monotonic(),
        "val_precision_at_1": mean_with_interval(precision_at(ranking, 1)).value,
        "val_precision_at_5": mean_with_interval(precision_at(ranking, 5)).value,
        "val_same_garment_recall_at_1": _found_again(encoder, queries, asked, answers, config),
    }
    run.log(row)
    if run.is_best(row["val_precision_at_5"] + row["val_same_garment_recall_at_1"]):
        sources = {sample.source for sample in train_samples}
        _save_best(network, preprocessing, config, epoch, len(train_samples), sources, row)


def _encoded(encoder: Encoder, samples: list[GarmentSample]) -> npt.NDArray[np.float32]:
    crops = [crop_garment(sample.photo, sample.garment, encoder.side) for sample in samples]
    return encoder.encode(crops)


def _found_again(
    encoder: Encoder,
    samples: list[GarmentSample],
    own: npt.NDArray[np.float32],
    others: npt.NDArray[np.float32],
    config: EncoderTrainConfig,
) -> float:
    """Recall@1 of hard views of the first samples among all garments."""
    count = min(HARD_QUERIES, len(samples))
    views: list[Crop] = []
    for place, sample in enumerate(samples[:count]):
        if sample.again:
            views.append(crop_garment(sample.again[0].photo, sample.again[0].garment, encoder.side))
            continue
        behind = samples[(place + len(samples) // 2) % len(samples)].photo
        generator = np.random.default_rng((config.seed, place))
        views.append(hard_view(sample, behind, encoder.side, config.views, generator))
    scores = encoder.encode(views) @ np.concatenate([own, others]).T
    return float((scores.argmax(axis=1) == np.arange(count)).mean())


def _save_best(
    network: EncoderNetwork,
    preprocessing: CropPreprocessing,
    config: EncoderTrainConfig,
    epoch: int,
    garments: int,
    sources: set[str],
    row: dict[str, float],
) -> None:
    weights = best_weights(config.out)
    sha256 = save_tensors(network, weights)
    views = (epoch + 1) * 2 * garments
    note = training_note(sources, views, config.seed, config.command)
    measured = {name: value for name, value in row.items() if name.startswith("val_")}
    write_card(
        EncoderCard(config.architecture, preprocessing, sha256, note, {**measured, "epoch": epoch}),
        weights,
    )
