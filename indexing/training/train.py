"""Train the encoder from ImageNet weights.

    read garments -> epochs of view pairs -> losses -> validate the averaged weights
    -> save the best with their card

For the losses see `task`. Views vary illumination and colour, so the style vector encodes cut and
pattern and leaves colour to the colour half. Needs the `train` extra (OpenCV, ImageNet weights).
"""

import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import torch
from torch.utils.data import DataLoader

from indexing.embedding.encoder import (
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
)
from indexing.training.samples import GarmentSample, read_garments
from indexing.training.task import EncoderTask, Memories, TaskWeights, collate, task_loss
from indexing.training.validation import validation_figures
from indexing.training.views import ViewConfig, ViewPairs
from segmentation.errors import DatasetError
from segmentation.training.imagenet import load_imagenet
from segmentation.training.loop import Phase, Report, Schedule, TrainingRun
from segmentation.weights import save_tensors, training_note, write_card

AVERAGE_DECAY: Final = 0.998
HALF: Final = (0.5, 0.5, 0.5)
"""Mean and standard deviation in the preprocessing of EfficientNet-Lite's ImageNet weights."""


@dataclass(frozen=True)
class EncoderTrainConfig:
    """Configuration of a run; the defaults are the documented recipe.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        decay_epochs: epochs of learning rate decay at the end.
        frozen_stages: number of first backbone stages to freeze.
        garments: garments per epoch, and pairs to read of each folder; None: all.
        minutes: stop after the epoch that exceeds this time.
        command: command line of the run, for the card.
    """

    pairs: tuple[Path, ...]
    out: Path
    architecture: EncoderArchitecture = EncoderArchitecture()
    preprocessing: CropPreprocessing = CropPreprocessing(128, HALF, HALF)
    epochs: int = 5
    decay_epochs: int = 3
    frozen_stages: int = 2
    batch_size: int = 40
    learning_rate: float = 4e-4
    weight_decay: float = 0.05
    tasks: TaskWeights = TaskWeights()
    views: ViewConfig = ViewConfig()
    garments: int | None = None
    minutes: float | None = None
    seed: int = 0
    threads: int = 2
    command: str = ""


def train_encoder(config: EncoderTrainConfig, report: Report) -> Path:
    """Train and return the path of the best weights; resumes from the run folder's checkpoint.

    Raises:
        segmentation.errors.DatasetError: a split has no garments, or fewer than a batch.
    """
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    train_samples = read_garments(config.pairs, "train", report, config.garments)
    val_samples = read_garments(config.pairs, "val", report, config.garments)
    count = config.garments or len(train_samples)
    if count < config.batch_size or not train_samples or not val_samples:
        raise DatasetError(
            f"{len(train_samples)} train and {len(val_samples)} val garments are too few for "
            f"batches of {config.batch_size}; make more pairs with `apparel dataset`"
        )
    side = config.preprocessing.side
    run = TrainingRun(_start(config), _schedule(config), config.out, report)
    memories = Memories.empty(config.tasks.memory, config.architecture.embedding)
    for epoch, _ in run.epochs():
        batches = DataLoader(
            ViewPairs(train_samples, config.views, (config.seed, epoch), side, count),
            config.batch_size,
            num_workers=1,
            collate_fn=collate,
            drop_last=True,
        )
        loss = run.learn(batches, partial(task_loss, config.tasks, memories))
        _validate(run, config, (train_samples, val_samples), epoch, loss, report)
    return best_weights(config.out)


def _start(config: EncoderTrainConfig) -> EncoderTask:
    task = EncoderTask(config.architecture, config.preprocessing)
    load_imagenet(task.encoder.backbone, config.architecture.backbone)
    task.freeze_stages(task.encoder.backbone, config.frozen_stages)
    return task


def _schedule(config: EncoderTrainConfig) -> Schedule:
    side = config.preprocessing.side
    return Schedule(
        phases=(Phase(config.epochs, side, side),),
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        average_decay=AVERAGE_DECAY,
        decay_epochs=config.decay_epochs,
        minutes=config.minutes,
    )


def best_weights(run: Path) -> Path:
    """Path of a run's best weights."""
    return run / "encoder.safetensors"


def _validate(
    run: TrainingRun[EncoderTask],
    config: EncoderTrainConfig,
    samples: tuple[list[GarmentSample], list[GarmentSample]],
    epoch: int,
    loss: float,
    report: Report,
) -> None:
    """Validate the averaged weights, and save them if kind precision plus same-garment recall is
    the best so far."""
    network = run.averaged.encoder
    card = EncoderCard(config.architecture, config.preprocessing, "")
    encoder = Encoder.of_network(network, card, config.threads)
    figures = validation_figures(encoder, *samples, config.views, config.seed)
    report(
        f"epoch {epoch + 1} validated: precision@5 {figures['val_precision_at_5']:.3f}, "
        f"same garment recall@1 {figures['val_same_garment_recall_at_1']:.3f}"
    )
    run.log({"epoch": float(epoch), "loss": loss, "seconds": time.monotonic(), **figures})
    if run.is_best(figures["val_precision_at_5"] + figures["val_same_garment_recall_at_1"]):
        weights = best_weights(config.out)
        views = (epoch + 1) * 2 * (config.garments or len(samples[0]))
        sources = {sample.source for sample in samples[0]}
        note = training_note(sources, views, config.seed, config.command)
        sha256 = save_tensors(network, weights)
        write_card(
            EncoderCard(
                config.architecture,
                config.preprocessing,
                sha256,
                note,
                {**figures, "epoch": epoch},
            ),
            weights,
        )
