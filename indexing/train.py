"""Pairs folders in, an encoder's weights and card out; read top to bottom.

    read garments -> epochs -> two views of each garment
    -> contrast views + name labels + name parts -> validate -> keep the best -> weights + card

What is learnt stands in `encoder_task`. Views change light and colour, so the style half learns
cut and pattern and leaves colour to the colour half. Needs the `train` extra (OpenCV).
"""

import time
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Final

import torch
from torch.utils.data import DataLoader

from indexing.encoder import (
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
    EncoderNetwork,
    load_encoder,
)
from indexing.encoder_task import EncoderTask, Memories, TaskWeights, collate, task_loss
from indexing.encoder_validation import validation_figures
from indexing.training_views import GarmentSample, ViewConfig, ViewPairs, read_garments
from segmentation.errors import DatasetError, WeightsError
from segmentation.preprocess import MEAN, STD
from segmentation.runs import Phase, Schedule, TrainingRun
from segmentation.runtime import RuntimeOptions
from segmentation.weights import (
    load_segmenter,
    save_tensors,
    training_note,
    write_card,
)

AVERAGE_DECAY: Final = 0.998
TILES_WEIGHTS: Final = ("tiles.weight", "tiles.bias")
SECOND_EPOCHS: Final = 12
SECOND_SIDE: Final = 112
SECOND_LEARNING_RATE: Final = 8e-4
SECOND_TASKS: Final = TaskWeights(temperature=0.08, contrast=1.0)


@dataclass(frozen=True)
class EncoderTrainConfig:
    """Everything a run depends on, besides the pairs themselves.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        segmenter: weights whose encoder the backbone starts from; None starts from scratch.
        start: encoder weights to go on from; see `going_on_from`.
        compiled: learn with torch.compile: minutes before the first step, a quarter faster after.
    """

    pairs: tuple[Path, ...]
    out: Path
    segmenter: Path | None = None
    phases: tuple[Phase, ...] = (Phase(19, 96, 96), Phase(8, 112, 112))
    decay_epochs: int = 9
    batch_size: int = 40
    learning_rate: float = 1.0e-3
    weight_decay: float = 0.05
    tasks: TaskWeights = TaskWeights()
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
        tasks=SECOND_TASKS,
        command=f"{config.command} --start {start.name} --epochs {epochs}",
    )


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
    memories = Memories.empty(config.tasks.memory, config.architecture)
    if config.compiled:
        run.network.compile()
    for epoch, phase in run.epochs():
        batches = DataLoader(
            ViewPairs(train_samples, config.views, (config.seed, epoch), phase.height),
            config.batch_size,
            num_workers=1,
            collate_fn=collate,
            drop_last=True,
        )
        loss = run.learn(batches, partial(task_loss, config.tasks, memories))
        _validate(run, train_samples, val_samples, config, epoch, phase, loss)
    return best_weights(config.out)


def _fresh_task(config: EncoderTrainConfig) -> EncoderTask:
    task = EncoderTask(config.architecture)
    if config.segmenter:
        start_from_segmenter(task.encoder, config.segmenter)
    if config.start:
        start_from_encoder(task.encoder, config.start)
    return task


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


def start_from_encoder(network: EncoderNetwork, weights: Path) -> None:
    """Copy another encoder's weights; tiles that it lacks begin afresh."""
    before, _ = load_encoder(weights)
    learnt = before.state_dict()
    fresh = {name: value for name, value in network.state_dict().items() if name in TILES_WEIGHTS}
    try:
        network.load_state_dict(fresh | learnt)
    except RuntimeError as error:
        raise WeightsError(
            f"{weights} does not fit this architecture; start from weights of the same network"
        ) from error


def _validate(
    run: TrainingRun[EncoderTask],
    train_samples: list[GarmentSample],
    val_samples: list[GarmentSample],
    config: EncoderTrainConfig,
    epoch: int,
    phase: Phase,
    loss: float,
) -> None:
    """Measure the averaged weights, log, and keep those with the best sum of kind precision
    and garments found again."""
    preprocessing = CropPreprocessing(phase.height, MEAN, STD)
    network = run.averaged.encoder
    encoder = Encoder(
        network,
        EncoderCard(config.architecture, preprocessing, ""),
        RuntimeOptions("torch", config.threads),
    )
    figures = validation_figures(encoder, train_samples, val_samples, config.views, config.seed)
    row = {"epoch": float(epoch), "loss": loss, "seconds": time.monotonic(), **figures}
    run.log(row)
    if run.is_best(row["val_precision_at_5"] + row["val_same_garment_recall_at_1"]):
        sources = {sample.source for sample in train_samples}
        _save_best(network, preprocessing, config, epoch, len(train_samples), sources, row)


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
