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
from typing import Any, Final

import cv2
import numpy as np
import torch
from torch.optim.swa_utils import AveragedModel
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
from segmentation.predictor import predict
from segmentation.preprocess import Preprocessing, normalise, to_mask
from segmentation.runs import (
    append_log,
    averaged,
    learning_rate_factor,
    load_checkpoint,
    save_checkpoint,
    set_learning_rate,
)
from segmentation.weights import SegmenterCard, save_tensors, training_note, write_card

CACHE_SIDE: Final = 320
"""Photos are kept in memory at this long side."""
MEAN: Final = (0.485, 0.456, 0.406)
STD: Final = (0.229, 0.224, 0.225)
EMA_DECAY: Final = 0.995


@dataclass(frozen=True)
class Phase:
    """Some epochs at one canvas size."""

    epochs: int
    height: int
    width: int


@dataclass(frozen=True)
class TrainConfig:
    """Everything a run depends on, besides the pairs themselves.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        views_per_epoch: augmented views drawn in one epoch.
        command: how the run was started, for the card.
        minutes: stop after the epoch that passes this time, weights kept; None is no limit.
    """

    pairs: tuple[Path, ...]
    out: Path
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


@dataclass
class RunState:
    """What changes during a run and lies in its checkpoint."""

    network: SegmentationNetwork
    average: AveragedModel
    optimiser: torch.optim.Optimizer
    epoch: int = 0
    best: float = -1.0


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
    config.out.mkdir(parents=True, exist_ok=True)
    state = _start_or_resume(config)
    started = time.monotonic()
    for epoch in range(state.epoch, sum(phase.epochs for phase in config.phases)):
        phase = _phase_of(config, epoch)
        loss = _train_epoch(state, train_samples, config, epoch, phase)
        _validate(state, val_samples, config, epoch, phase, loss)
        state.epoch = epoch + 1
        _save_state(state, config.out)
        if config.minutes and time.monotonic() - started > config.minutes * 60:
            break
    return best_weights(config.out)


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


def _start_or_resume(config: TrainConfig) -> RunState:
    network = build_network(config.architecture)
    average = averaged(network, EMA_DECAY)
    optimiser = torch.optim.AdamW(
        network.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay
    )
    state = RunState(network, average, optimiser)
    saved = load_checkpoint(config.out)
    if saved:
        network.load_state_dict(saved["network"])
        average.load_state_dict(saved["average"])
        optimiser.load_state_dict(saved["optimiser"])
        state.epoch, state.best = saved["epoch"], saved["best"]
    return state


def _save_state(state: RunState, run: Path) -> None:
    save_checkpoint(
        run,
        {
            "network": state.network.state_dict(),
            "average": state.average.state_dict(),
            "optimiser": state.optimiser.state_dict(),
            "epoch": state.epoch,
            "best": state.best,
        },
    )


def _phase_of(config: TrainConfig, epoch: int) -> Phase:
    for phase in config.phases:
        if epoch < phase.epochs:
            return phase
        epoch -= phase.epochs
    return config.phases[-1]


def _train_epoch(
    state: RunState, samples: list[Sample], config: TrainConfig, epoch: int, phase: Phase
) -> float:
    """One epoch of views; the mean loss."""
    views = Views(samples, config, epoch, (phase.height, phase.width))
    loader = DataLoader(
        views, config.batch_size, num_workers=1, collate_fn=_collate, drop_last=True
    )
    state.network.train()
    epochs = sum(phase.epochs for phase in config.phases)
    losses = []
    for step, (photos, masks) in enumerate(loader):
        share_done = (epoch + step / len(loader)) / epochs
        set_learning_rate(state.optimiser, config.learning_rate * learning_rate_factor(share_done))
        logits, presence = state.network(normalise(photos, MEAN, STD))
        loss = segmentation_loss(logits, presence, masks)
        state.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(state.network.parameters(), 2.0)
        state.optimiser.step()
        state.average.update_parameters(state.network)
        losses.append(loss.item())
    return float(np.mean(losses))


def _collate(views: list[tuple[Photo, ClassMask]]) -> tuple[np.ndarray[Any, Any], torch.Tensor]:
    photos, masks = zip(*views, strict=True)
    return np.stack(photos), torch.from_numpy(np.stack(masks)).long()


def _validate(
    state: RunState,
    samples: list[Sample],
    config: TrainConfig,
    epoch: int,
    phase: Phase,
    loss: float,
) -> None:
    """Measure the averaged weights, log, draw, and keep them if they are the best so far."""
    network: SegmentationNetwork = state.average.module  # type: ignore[assignment]
    network.eval()
    preprocessing = Preprocessing(phase.height, phase.width, MEAN, STD)
    photos = [sample.photo for sample in samples]
    masks = [
        to_mask(probabilities, *photo.shape[:2])
        for photo, probabilities in zip(
            photos, predict(network, preprocessing, photos), strict=True
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
    score = float(np.mean([value for name, value in row.items() if name.endswith("miou")]))
    append_log(config.out, {**row, "score": score})
    shown = range(0, len(samples), max(1, len(samples) // 24))
    save_overlay_sheet(
        [photos[index] for index in shown],
        [masks[index] for index in shown],
        config.out / "overlays" / f"{epoch:03d}.jpg",
    )
    if score > state.best:
        state.best = score
        _save_best(network, preprocessing, config, epoch, sources, row)


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
