"""`apparel train segmenter`: train a segmenter from ImageNet weights.

    read samples -> phases of epochs (small canvas first, large last)
    -> validate the averaged weights -> save the best with their card

A run folder has checkpoint.pt (a run resumes from it), log.csv (one line per epoch), overlays/
(validation photos with their masks, one sheet per epoch), the best weights and those of the last
epoch, so that an interruption loses at most one epoch.
Needs the `train` extra (OpenCV).
"""

import math
import time
from collections.abc import Sequence
from copy import deepcopy
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional
from torch.utils.data import DataLoader

from segmentation.classes import GARMENT_CLASSES, GarmentClass
from segmentation.data.labels import parts_of
from segmentation.data.splits import Split
from segmentation.evaluation.metrics import (
    absent_class_false_positive_rate,
    confusion_of,
    foreground_mean_iou,
    iou_per_class,
    pixel_accuracy,
)
from segmentation.evaluation.overlays import save_overlay_sheet
from segmentation.mask import ClassMask
from segmentation.network import MASK_STRIDE, SegmentationNetwork, build_network
from segmentation.preprocess import MEAN, STD, Preprocessing, to_mask
from segmentation.segmenter import predict
from segmentation.torch_runtime import PictureNetwork, TorchRuntime, normalise
from segmentation.training.config import TrainConfig
from segmentation.training.dataset import CODE_STRIDE, TrainingSample, Views, read_samples
from segmentation.training.imagenet import load_imagenet
from segmentation.training.loop import (
    Phase,
    Report,
    Schedule,
    TrainingRun,
    fast_precision,
    keep_depthwise_in_float32,
    no_report,
)
from segmentation.training.losses import segmentation_loss
from segmentation.training.paste import View
from segmentation.weights import SegmenterCard, save_tensors, training_note, write_card

AVERAGE_DECAY: Final = 0.998

Batch = tuple[npt.NDArray[np.uint8], torch.Tensor, torch.Tensor]
"""Photos (n, H, W, 3), codes (n, H / 2, W / 2), image labels (n, IMAGE_LABEL_COUNT)."""


def train_segmenter(config: TrainConfig, report: Report = no_report) -> Path:
    """Train and return the path of the best weights; resumes from the run folder's checkpoint."""
    torch.set_num_threads(config.threads)
    torch.manual_seed(config.seed)
    samples = _read(config, "train", report)
    val_samples = _read(config, "val", report)
    sources = {sample.source for sample in samples}
    run = TrainingRun(_fresh_network(config), _schedule(config), config.out, report)
    for epoch, phase in run.epochs():
        loss = run.learn(_batches(samples, config, epoch, phase), _loss_of)
        network = without_oversampling(run.averaged, config.shares.whole_weight)
        figures = _validate(network, val_samples, config, epoch, phase, loss)
        run.log(figures)
        report(_epoch_line(epoch, figures))
        _save_weights(
            network, run.is_best(figures["score"]), config, epoch, phase, figures, sources
        )
    return best_weights(config.out)


def _read(config: TrainConfig, split: Split, report: Report) -> list[TrainingSample]:
    weight = config.shares.whole_weight
    return read_samples(config.pairs, split, weight, config.photos_per_folder, report)


def _schedule(config: TrainConfig) -> Schedule:
    return Schedule(
        phases=config.phases,
        learning_rate=config.learning_rate,
        weight_decay=config.weight_decay,
        average_decay=AVERAGE_DECAY,
        decay_epochs=config.decay_epochs,
        minutes=config.minutes,
        backbone_rate=config.backbone_rate,
    )


def _fresh_network(config: TrainConfig) -> SegmentationNetwork:
    network = build_network(config.architecture)
    load_imagenet(network.fpn.encoder.model, config.architecture.encoder)
    network.freeze_stages(network.fpn.encoder.model, config.frozen_stages)
    keep_depthwise_in_float32(network)
    return network


def _batches(
    samples: list[TrainingSample], config: TrainConfig, epoch: int, phase: Phase
) -> "DataLoader[View]":
    views = Views(
        samples,
        shares=config.shares,
        augmentation=config.augment,
        count=config.views_per_epoch,
        size=(phase.height, phase.width),
        seed=(config.seed, epoch),
    )
    return DataLoader(views, config.batch_size, num_workers=1, collate_fn=_collate, drop_last=True)


def _collate(views: list[View]) -> Batch:
    photos, codes, image_labels = zip(*views, strict=True)
    return (
        np.stack(photos),
        torch.from_numpy(np.stack(codes)).long(),
        torch.from_numpy(np.stack(image_labels)),
    )


def _loss_of(network: SegmentationNetwork, batch: Batch) -> torch.Tensor:
    photos, codes, image_labels = batch
    parts, presence = network.parts(normalise(photos, MEAN, STD))
    enlarged = functional.interpolate(
        parts.float(), scale_factor=MASK_STRIDE // CODE_STRIDE, mode="bilinear"
    )
    return segmentation_loss(enlarged, presence, codes, image_labels)


def best_weights(run: Path) -> Path:
    """Path of the weights that validated best."""
    return run / "segmenter.safetensors"


def last_weights(run: Path) -> Path:
    """Path of the weights of the last epoch."""
    return run / "last.safetensors"


def without_oversampling(network: SegmentationNetwork, weight: float) -> SegmentationNetwork:
    """A copy that takes it back that photos with a one-piece were drawn `weight` times as often.

    Menon et al., "Long-tail learning via logit adjustment", ICLR 2021.
    """
    adjusted = deepcopy(network)
    bias = adjusted.fpn.segmentation_head[0].bias
    with torch.no_grad():
        bias[parts_of(GarmentClass.WHOLE)] -= math.log(weight)
    return adjusted


def _validate(
    network: SegmentationNetwork,
    samples: Sequence[TrainingSample],
    config: TrainConfig,
    epoch: int,
    phase: Phase,
    loss: float,
) -> dict[str, float]:
    """Validate the averaged weights and save an overlay sheet."""
    preprocessing = Preprocessing(phase.height, phase.width, MEAN, STD)
    photos = [sample.photo for sample in samples]
    runtime = TorchRuntime(PictureNetwork(network, MEAN, STD), config.threads)
    with fast_precision():
        predictions = predict(runtime, preprocessing, photos)
    masks = [
        to_mask(prediction.probabilities, *photo.shape[:2])
        for photo, prediction in zip(photos, predictions, strict=True)
    ]
    figures = {"epoch": float(epoch), "loss": loss, "seconds": time.monotonic()}
    sources = {sample.source for sample in samples}
    for source in sorted(sources):
        own = [index for index, sample in enumerate(samples) if sample.source == source]
        chosen = [samples[index] for index in own]
        figures |= _figures(source, chosen, [masks[index] for index in own])
    # Drawn photos are easy: they select the checkpoint only where there are no others.
    choosing = sources - {"drawn"} or sources
    score = float(np.mean([figures[f"{source}_foreground_miou"] for source in choosing]))
    figures["score"] = score
    shown = range(0, len(samples), max(1, len(samples) // 24))
    save_overlay_sheet(
        [photos[index] for index in shown],
        [masks[index] for index in shown],
        config.out / "overlays" / f"{epoch:03d}.jpg",
    )
    return figures


def _figures(
    source: str, samples: list[TrainingSample], masks: list[ClassMask]
) -> dict[str, float]:
    """Figures of one source's photos, by their names in log and card."""
    confusions = np.stack(
        [confusion_of(sample.mask, mask) for sample, mask in zip(samples, masks, strict=True)]
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


def _epoch_line(epoch: int, figures: dict[str, float]) -> str:
    measured = ", ".join(
        f"{name.removesuffix('_foreground_miou')} {value:.3f}"
        for name, value in figures.items()
        if name.endswith("_foreground_miou")
    )
    return f"epoch {epoch + 1} validated, foreground mIoU: {measured}"


def _save_weights(
    network: SegmentationNetwork,
    is_best: bool,
    config: TrainConfig,
    epoch: int,
    phase: Phase,
    figures: dict[str, float],
    sources: set[str],
) -> None:
    """Save the averaged weights as the last, and as the best if their score is."""
    paths = [last_weights(config.out)]
    if is_best:
        paths.append(best_weights(config.out))
    views = (epoch + 1) * config.views_per_epoch
    note = training_note(sources, views, config.seed, config.command)
    preprocessing = Preprocessing(phase.height, phase.width, MEAN, STD)
    measured = {f"val_{name}": value for name, value in figures.items() if "_" in name}
    for path in paths:
        sha256 = save_tensors(network, path)
        card = SegmenterCard(
            config.architecture, preprocessing, sha256, training=note, figures=measured
        )
        write_card(card, path)
