"""Pairs folders in, a segmenter's weights and card out; read top to bottom.

    read pairs -> cache small -> phases of epochs (small canvas first, large last)
    -> validate the averaged weights -> keep the best -> weights + card

A run folder holds checkpoint.pt (resumed from when present), log.csv (one line an
epoch), overlays/ (validation photos with their masks, one picture an epoch) and
the best weights so far, so that a stop at any moment loses at most one epoch.
Needs the `train` extra (OpenCV).
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import DataLoader, Dataset

from segmentation.augment import AugmentConfig, augment
from segmentation.classes import GarmentClass
from segmentation.dataset import PairsFolder, load_mask, read_pairs
from segmentation.errors import DatasetError
from segmentation.losses import segmentation_loss
from segmentation.mask import ClassMask
from segmentation.metrics import confusion_of, foreground_mean_iou, pixel_accuracy
from segmentation.model import Architecture, SegmentationNetwork, build_network
from segmentation.overlays import save_overlay_sheet
from segmentation.photos import Photo, read_photo
from segmentation.predictor import mask_runtime, predict
from segmentation.preprocess import MEAN, STD, Preprocessing, normalise, to_mask
from segmentation.runs import Phase, Schedule, TrainingRun
from segmentation.weights import (
    SegmenterCard,
    load_segmenter,
    save_tensors,
    training_note,
    write_card,
)

CACHE_SIDE: Final = 320
"""Photos are kept in memory at this long side."""
AVERAGE_DECAY: Final = 0.995

Batch = tuple[npt.NDArray[np.uint8], torch.Tensor]
"""Photos (n, H, W, 3) and masks (n, H, W)."""


@dataclass(frozen=True)
class TrainConfig:
    """Everything a run depends on, besides the pairs themselves.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        start: weights to go on from, such as the shipped ones; None starts from scratch.
        views_per_epoch: augmented views drawn in one epoch.
        command: how the run was started, for the card.
        minutes: stop after the epoch that passes this time, weights kept; None is no limit.
    """

    pairs: tuple[Path, ...]
    out: Path
    start: Path | None = None
    phases: tuple[Phase, ...] = (Phase(9, 160, 128), Phase(6, 224, 160))
    views_per_epoch: int = 2800
    batch_size: int = 8
    learning_rate: float = 8e-4
    weight_decay: float = 0.03
    whole_weight: float = 2.5
    ccp_weight: float = 2.0
    seed: int = 0
    threads: int = 2
    architecture: Architecture = Architecture()
    augment: AugmentConfig = AugmentConfig()
    minutes: float | None = None
    command: str = ""


@dataclass(frozen=True, eq=False)
class Sample:
    """A cached pair and how often it is drawn."""

    name: str
    source: str
    photo: Photo
    mask: ClassMask
    weight: float


class Views(Dataset[tuple[Photo, ClassMask]]):
    """The augmented views of one epoch: view i depends on seed, epoch and i only."""

    def __init__(
        self, samples: list[Sample], config: TrainConfig, epoch: int, size: tuple[int, int]
    ) -> None:
        weights = np.array([sample.weight for sample in samples])
        generator = np.random.default_rng((config.seed, epoch))
        self._draws = generator.choice(
            len(samples), config.views_per_epoch, p=weights / weights.sum()
        )
        self._samples, self._config, self._epoch, self._size = samples, config, epoch, size

    def __len__(self) -> int:
        return len(self._draws)

    def __getitem__(self, position: int) -> tuple[Photo, ClassMask]:
        sample = self._samples[self._draws[position]]
        generator = np.random.default_rng((self._config.seed, self._epoch, position))
        return augment(sample.photo, sample.mask, self._size, self._config.augment, generator)


def train_segmenter(config: TrainConfig) -> Path:
    """Train and return the path of the best weights; resumes a run folder's checkpoint."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    train_samples, val_samples = read_samples(config)
    schedule = Schedule(
        config.phases, config.learning_rate, config.weight_decay, AVERAGE_DECAY, config.minutes
    )
    run = TrainingRun(_first_network(config), schedule, config.out)
    for epoch, phase in run.epochs():
        views = Views(train_samples, config, epoch, (phase.height, phase.width))
        batches = DataLoader(
            views, config.batch_size, num_workers=1, collate_fn=_collate, drop_last=True
        )
        loss = run.learn(batches, _loss_of)
        _validate(run, val_samples, config, epoch, phase, loss)
    return best_weights(config.out)


def _first_network(config: TrainConfig) -> SegmentationNetwork:
    network = build_network(config.architecture)
    if config.start:
        started, card = load_segmenter(config.start)
        if card.architecture != config.architecture:
            raise DatasetError(
                f"{config.start} is a {card.architecture}, the run wants {config.architecture}; "
                "start from weights of the same network, or from none"
            )
        network.load_state_dict(started.state_dict())
    return network


def _collate(views: list[tuple[Photo, ClassMask]]) -> Batch:
    photos, masks = zip(*views, strict=True)
    return np.stack(photos), torch.from_numpy(np.stack(masks)).long()


def _loss_of(network: SegmentationNetwork, batch: Batch) -> torch.Tensor:
    photos, masks = batch
    logits, presence = network(normalise(photos, MEAN, STD))
    return segmentation_loss(logits, presence, masks)


def best_weights(run: Path) -> Path:
    """Where a run keeps the weights that validated best."""
    return run / "segmenter.safetensors"


def read_samples(config: TrainConfig) -> tuple[list[Sample], list[Sample]]:
    """All train and val pairs, reduced and in memory."""
    folders = [read_pairs(root) for root in config.pairs]
    train = [sample for folder in folders for sample in _cached(folder.of_split("train"), config)]
    val = [sample for folder in folders for sample in _cached(folder.of_split("val"), config)]
    if not train or not val:
        raise DatasetError("no train or no val pairs; make them with `apparel dataset`")
    return train, val


def _cached(folder: PairsFolder, config: TrainConfig) -> Iterator[Sample]:
    for pair in folder.pairs:
        photo = read_photo(folder.photo_path(pair), CACHE_SIDE)
        mask = load_mask(folder.mask_path(pair))
        size = (photo.shape[1], photo.shape[0])
        small = np.asarray(cv2.resize(mask, size, interpolation=cv2.INTER_NEAREST), np.uint8)
        weight = config.whole_weight if (small == GarmentClass.WHOLE).any() else 1.0
        weight *= config.ccp_weight if pair.source == "ccp" else 1.0
        yield Sample(pair.name, pair.source, photo, small, weight)


def _validate(
    run: TrainingRun[SegmentationNetwork],
    samples: list[Sample],
    config: TrainConfig,
    epoch: int,
    phase: Phase,
    loss: float,
) -> None:
    """Measure the averaged weights, log, draw, and keep them if they are the best so far."""
    preprocessing = Preprocessing(phase.height, phase.width, MEAN, STD)
    photos = [sample.photo for sample in samples]
    masks = [
        to_mask(probabilities, *photo.shape[:2])
        for photo, probabilities in zip(
            photos,
            predict(mask_runtime(run.averaged, preprocessing), preprocessing, photos),
            strict=True,
        )
    ]
    row = {"epoch": float(epoch), "loss": loss, "seconds": time.monotonic()}
    sources = {sample.source for sample in samples}
    for source in sorted(sources):
        confusions = np.stack(
            [
                confusion_of(sample.mask, mask)
                for sample, mask in zip(samples, masks, strict=True)
                if sample.source == source
            ]
        )
        row[f"{source}_pixel_accuracy"] = pixel_accuracy(confusions)
        row[f"{source}_foreground_miou"] = foreground_mean_iou(confusions)
    # Drawn photos are easy to please: they do not choose the checkpoint where others can.
    judges = sources - {"drawn"} or sources
    score = float(np.mean([row[f"{source}_foreground_miou"] for source in judges]))
    run.log({**row, "score": score})
    shown = range(0, len(samples), max(1, len(samples) // 24))
    save_overlay_sheet(
        [photos[index] for index in shown],
        [masks[index] for index in shown],
        config.out / "overlays" / f"{epoch:03d}.jpg",
    )
    if run.is_best(score):
        _save_best(run.averaged, preprocessing, config, epoch, sources, row)


def _save_best(
    network: SegmentationNetwork,
    preprocessing: Preprocessing,
    config: TrainConfig,
    epoch: int,
    sources: set[str],
    figures: dict[str, float],
) -> None:
    weights = best_weights(config.out)
    sha256 = save_tensors(network, weights)
    views = (epoch + 1) * config.views_per_epoch
    note = training_note(sources, views, config.seed, config.command)
    measured = {f"val_{name}": value for name, value in figures.items() if "_" in name}
    write_card(
        SegmenterCard(config.architecture, preprocessing, sha256, training=note, figures=measured),
        weights,
    )
