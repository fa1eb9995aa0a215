"""Pairs folders in, a segmenter's weights and card out; read top to bottom.

    read samples -> phases of epochs (small canvas first, large last)
    -> between phases: the network labels the photos that have no mask
    -> validate the averaged weights -> keep the best -> weights + card

A run folder holds checkpoint.pt (resumed from when present), log.csv (one line an
epoch), overlays/ (validation photos with their masks, one picture an epoch),
guessed-N.npz (codes of phase N's photos without masks), the best weights so far and those
of the last epoch, so that a stop at any moment loses at most one epoch. Needs the `train`
extra (OpenCV).
"""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from segmentation.classes import GARMENT_CLASSES
from segmentation.losses import segmentation_loss
from segmentation.mask import ClassMask
from segmentation.metrics import (
    absent_class_false_positive_rate,
    confusion_of,
    foreground_mean_iou,
    iou_per_class,
    pixel_accuracy,
)
from segmentation.model import MASK_STRIDE, SegmentationNetwork, build_network
from segmentation.overlays import save_overlay_sheet
from segmentation.paste import View
from segmentation.predictor import mask_runtime, predict
from segmentation.preprocess import MEAN, STD, Preprocessing, normalise, to_mask
from segmentation.pseudo import load_codes, save_codes, with_guessed_codes
from segmentation.runs import Phase, Schedule, TrainingRun, fast_precision
from segmentation.runtime import RuntimeOptions
from segmentation.samples import CODE_STRIDE, Sample, Views, read_samples
from segmentation.train_config import TrainConfig
from segmentation.weights import (
    SegmenterCard,
    load_segmenter,
    load_tensors,
    read_segmenter_card,
    save_tensors,
    training_note,
    write_card,
)

AVERAGE_DECAY: Final = 0.998

Batch = tuple[npt.NDArray[np.uint8], torch.Tensor, torch.Tensor]
"""Photos (n, H, W, 3), codes (n, H / 2, W / 2) and answers (n, PRESENCE_COUNT)."""


def train_segmenter(config: TrainConfig) -> Path:
    """Train and return the path of the best weights; resumes a run folder's checkpoint."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    samples = read_samples(config.pairs, "train", config.mixture.whole)
    val_samples = read_samples(config.pairs, "val", config.mixture.whole)
    sources = {sample.source for sample in samples}
    schedule = Schedule(
        config.phases,
        config.learning_rate,
        config.weight_decay,
        AVERAGE_DECAY,
        config.decay_epochs,
        config.minutes,
    )
    run = TrainingRun(_fresh_network(config), schedule, config.out)
    if config.compiled:
        run.network.fpn.compile()
    for epoch, phase in run.epochs():
        samples = _with_guesses(samples, run, config, phase)
        batches = DataLoader(
            Views(
                samples,
                config.mixture,
                config.augment,
                config.views_per_epoch,
                (phase.height, phase.width),
                (config.seed, epoch),
            ),
            config.batch_size,
            num_workers=1,
            collate_fn=_collate,
            drop_last=True,
        )
        loss = run.learn(batches, _loss_of)
        _validate(run, val_samples, config, epoch, phase, loss, sources)
    return best_weights(config.out)


def _fresh_network(config: TrainConfig) -> SegmentationNetwork:
    network = build_network(config.architecture)
    if config.start:
        load_tensors(network, config.start, read_segmenter_card(config.start).sha256)
    return network


def _collate(views: list[View]) -> Batch:
    photos, codes, answers = zip(*views, strict=True)
    return (
        np.stack(photos),
        torch.from_numpy(np.stack(codes)).long(),
        torch.from_numpy(np.stack(answers)),
    )


def _loss_of(network: SegmentationNetwork, batch: Batch) -> torch.Tensor:
    photos, codes, answers = batch
    parts, presence = network.parts(normalise(photos, MEAN, STD))
    enlarged = functional.interpolate(
        parts.float(), scale_factor=MASK_STRIDE // CODE_STRIDE, mode="bilinear"
    )
    return segmentation_loss(enlarged, presence, codes, answers)


def _with_guesses(
    samples: list[Sample],
    run: TrainingRun[SegmentationNetwork],
    config: TrainConfig,
    phase: Phase,
) -> list[Sample]:
    """Codes for photos without masks, guessed when the phase began: in the first phase by
    the weights that the run starts from, if any, then by the average so far."""
    number = config.phases.index(phase)
    has_guesser = number > 0 or config.start is not None
    if not has_guesser or all(sample.mask is not None for sample in samples):
        return samples
    kept = config.out / f"guessed-{number}.npz"
    if not kept.is_file():
        save_codes(with_guessed_codes(samples, *_guesser(run, config, number)), kept)
    return load_codes(samples, kept)


def _guesser(
    run: TrainingRun[SegmentationNetwork], config: TrainConfig, number: int
) -> tuple[SegmentationNetwork, Preprocessing]:
    """What labels photos in this phase, and how it sees them."""
    if number == 0 and config.start:
        network, card = load_segmenter(config.start)
        return network, card.preprocessing
    before = config.phases[number - 1]
    return run.averaged, Preprocessing(before.height, before.width, MEAN, STD)


def best_weights(run: Path) -> Path:
    """Where a run keeps the weights that validated best."""
    return run / "segmenter.safetensors"


def last_weights(run: Path) -> Path:
    """Where a run keeps the weights of its last epoch: val may be too small to choose by."""
    return run / "last.safetensors"


def _validate(
    run: TrainingRun[SegmentationNetwork],
    samples: Sequence[Sample],
    config: TrainConfig,
    epoch: int,
    phase: Phase,
    loss: float,
    trained_on: set[str],
) -> None:
    """Measure the averaged weights, log, draw, and keep them if they are the best so far."""
    preprocessing = Preprocessing(phase.height, phase.width, MEAN, STD)
    photos = [sample.photo for sample in samples]
    with fast_precision():
        runtime = mask_runtime(run.averaged, preprocessing, RuntimeOptions("torch", config.threads))
        maps = predict(runtime, preprocessing, photos)
    masks = [
        to_mask(probabilities, *photo.shape[:2])
        for photo, probabilities in zip(photos, maps, strict=True)
    ]
    row = {"epoch": float(epoch), "loss": loss, "seconds": time.monotonic()}
    sources = {sample.source for sample in samples}
    for source in sorted(sources):
        own = [index for index, sample in enumerate(samples) if sample.source == source]
        row |= _figures(source, [samples[index] for index in own], [masks[index] for index in own])
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
    kept = [last_weights(config.out)]
    if run.is_best(score):
        kept.append(best_weights(config.out))
    for weights in kept:
        _save(run.averaged, weights, preprocessing, config, epoch, row, trained_on)


def _figures(source: str, samples: list[Sample], masks: list[ClassMask]) -> dict[str, float]:
    """Figures of one source's photos, by the name that log and card give them."""
    confusions = np.stack(
        [
            confusion_of(sample.mask, mask)
            for sample, mask in zip(samples, masks, strict=True)
            if sample.mask is not None
        ]
    )
    iou = iou_per_class(confusions)
    return {
        f"{source}_pixel_accuracy": pixel_accuracy(confusions),
        f"{source}_foreground_miou": foreground_mean_iou(confusions),
        **{f"{source}_iou_{each.label}": float(iou[each]) for each in GARMENT_CLASSES},
        **{
            f"{source}_false_{each.label}": absent_class_false_positive_rate(confusions, each)
            for each in GARMENT_CLASSES
        },
    }


def _save(
    network: SegmentationNetwork,
    weights: Path,
    preprocessing: Preprocessing,
    config: TrainConfig,
    epoch: int,
    figures: dict[str, float],
    sources: set[str],
) -> None:
    sha256 = save_tensors(network, weights)
    views = (epoch + 1) * config.views_per_epoch
    note = training_note(sources, views, config.seed, config.command)
    measured = {f"val_{name}": value for name, value in figures.items() if "_" in name}
    write_card(
        SegmenterCard(config.architecture, preprocessing, sha256, training=note, figures=measured),
        weights,
    )
