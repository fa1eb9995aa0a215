"""Pairs folders in, an encoder's weights and card out; read top to bottom.

    read garments -> epochs -> two views of each garment
    -> contrast views + name labels + name parts -> validate -> keep the best -> weights + card

Three tasks share one vector. Contrast: two hard views of one garment must find each
other among all others of the batch (NT-Xent; Chen et al., "SimCLR", ICML 2020).
Labels: a cosine classifier names the garment's kind where a label is known (Wang et
al., "NormFace", 2017). Parts: another names the garment's part (`segmentation.parts`),
which phone and street photos share, so that both come to lie side by side. Views change
light and colour, so the style half learns cut and pattern and leaves colour to the
colour half. Needs the `train` extra (OpenCV).
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from indexing.crop import GROUND, Crop, crop_garment
from indexing.encoder import (
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
    EncoderNetwork,
    build_encoder,
    read_encoder_card,
)
from indexing.metrics import mean_with_interval, precision_at, rank
from segmentation.augment import AugmentConfig, augment
from segmentation.classes import CLOTHING_CLASSES
from segmentation.dataset import Pair, PairsFolder, load_mask, read_pairs
from segmentation.errors import DatasetError
from segmentation.mask import Garment, find_garments, one_hot
from segmentation.parts import PART_COUNT, Codes, class_codes
from segmentation.photos import Photo, read_photo
from segmentation.preprocess import MEAN, STD, normalise
from segmentation.runs import Phase, Schedule, TrainingRun
from segmentation.splits import Split
from segmentation.weights import (
    load_segmenter,
    load_tensors,
    save_tensors,
    training_note,
    write_card,
)

LABELS: Final = tuple(sorted(CLOTHING_CLASSES))
NO_LABEL: Final = -1
CACHE_SIDE: Final = 192
MIN_GARMENT_AREA: Final = 0.02
AVERAGE_DECAY: Final = 0.998
LABEL_SCALE: Final = 16.0
SECOND_PHASES: Final = (Phase(7, 128, 128),)
SECOND_LEARNING_RATE: Final = 6e-4

Batch = tuple[npt.NDArray[np.uint8], torch.Tensor, torch.Tensor]
"""First views then second views (2n, side, side, 3), their labels (2n,) and parts (2n,)."""


VIEW_CHANGES: Final = AugmentConfig(
    scale=(0.75, 1.6),
    stretch=0.15,
    shift=0.12,
    turn_degrees=20,
    upside_down_share=0.02,
    gain=0.4,
    contrast=0.4,
    white_balance=0.25,
    saturation=0.7,
    grey_share=0.2,
    blur_share=0.25,
    noise_share=0.15,
)


@dataclass(frozen=True)
class EncoderTrainConfig:
    """Everything a run depends on, besides the pairs themselves.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        segmenter: weights whose encoder the backbone starts from; None starts from scratch.
        start: encoder weights to go on from; see `going_on_from`.
        temperature: of the contrast between views.
        label_weight: of naming the label, against the contrast.
        part_weight: of naming the part, likewise.
        occlusion_share: views with a rectangle hidden.
        ragged_share: views whose mask is a little too large or too small, as masks are.
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
    contrast_weight: float = 0.7
    label_weight: float = 1.0
    part_weight: float = 0.5
    occlusion_share: float = 0.4
    ragged_share: float = 0.5
    seed: int = 0
    threads: int = 2
    architecture: EncoderArchitecture = EncoderArchitecture()
    changes: AugmentConfig = VIEW_CHANGES
    minutes: float | None = None
    command: str = ""
    start: Path | None = None


def going_on_from(start: Path, config: EncoderTrainConfig) -> EncoderTrainConfig:
    """A short second training: a few epochs on larger crops, the learning rate falling."""
    return replace(
        config,
        start=start,
        phases=SECOND_PHASES,
        decay_epochs=sum(phase.epochs for phase in SECOND_PHASES) - 1,
        learning_rate=SECOND_LEARNING_RATE,
        command=f"{config.command} --start {start.name}",
    )


@dataclass(frozen=True, eq=False)
class GarmentSample:
    """A cached garment: its box cut out with its mask; its label and part where known."""

    photo: Photo
    garment: Garment
    label: int
    part: int
    group: str
    source: str


class EncoderTask(nn.Module):
    """The encoder with what only its training needs: a classifier over parts."""

    def __init__(self, architecture: EncoderArchitecture) -> None:
        super().__init__()
        self.encoder = build_encoder(architecture)
        self.parts = nn.Linear(architecture.dimension - architecture.kinds, PART_COUNT, bias=False)


class ViewPairs(Dataset[tuple[Crop, Crop, int, int]]):
    """Two views of each garment of one epoch; they depend on seed, epoch and position only."""

    def __init__(
        self, samples: list[GarmentSample], config: EncoderTrainConfig, epoch: int, side: int
    ) -> None:
        generator = np.random.default_rng((config.seed, epoch))
        self._draws = generator.choice(len(samples), len(samples), p=_draw_shares(samples))
        self._samples, self._config, self._epoch, self._side = samples, config, epoch, side

    def __len__(self) -> int:
        return len(self._draws)

    def __getitem__(self, position: int) -> tuple[Crop, Crop, int, int]:
        sample = self._samples[self._draws[position]]
        generator = np.random.default_rng((self._config.seed, self._epoch, position))
        first = changed_view(sample, self._side, self._config, generator)
        second = changed_view(sample, self._side, self._config, generator)
        return first, second, sample.label, sample.part


def _draw_shares(samples: list[GarmentSample]) -> np.ndarray[Any, np.dtype[np.float64]]:
    """Rare labels are drawn more often than they occur, by the root of their rarity."""
    counts = Counter(sample.label for sample in samples)
    weights = np.array([counts[sample.label] ** -0.5 for sample in samples])
    return np.asarray(weights / weights.sum())


def changed_view(
    sample: GarmentSample,
    side: int,
    config: EncoderTrainConfig,
    generator: np.random.Generator,
) -> Crop:
    """The garment on plain ground as another camera, light and moment would show it."""
    mask = sample.garment.mask.astype(np.uint8)
    if generator.random() < config.ragged_share:
        mask = _ragged(mask, generator)
    view, view_mask = augment(sample.photo, mask, (side, side), config.changes, generator)
    if generator.random() < config.occlusion_share:
        height, width = generator.integers(side // 8, side // 3, 2)
        top, left = generator.integers(0, side - height), generator.integers(0, side - width)
        view_mask[top : top + height, left : left + width] = 0
    return np.where(view_mask[..., None] > 0, view, np.uint8(GROUND))


def _ragged(mask: npt.NDArray[np.uint8], generator: np.random.Generator) -> npt.NDArray[np.uint8]:
    """The mask grown or shrunk by up to 4 % of its side, as a segmenter's may be."""
    reach = 1 + int(generator.integers(1 + max(mask.shape) // 25))
    change = cv2.dilate if generator.random() < 0.5 else cv2.erode
    ragged = np.asarray(change(mask, np.ones((reach, reach), np.uint8)), np.uint8)
    return ragged if ragged.any() else mask


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
    for epoch, phase in run.epochs():
        batches = DataLoader(
            ViewPairs(train_samples, config, epoch, phase.height),
            config.batch_size,
            num_workers=1,
            collate_fn=_collate,
            drop_last=True,
        )
        loss = run.learn(batches, partial(_loss_of, config))
        _validate(run, train_samples, val_samples, config, epoch, phase, loss)
    return best_weights(config.out)


def _fresh_task(config: EncoderTrainConfig) -> EncoderTask:
    task = EncoderTask(config.architecture)
    if config.segmenter:
        start_from_segmenter(task.encoder, config.segmenter)
    if config.start:
        card = read_encoder_card(config.start)
        load_tensors(task.encoder, config.start, card.sha256)
    return task


def _loss_of(config: EncoderTrainConfig, task: EncoderTask, batch: Batch) -> torch.Tensor:
    crops, labels, parts = batch
    learnt = task.encoder.learnt(normalise(crops, MEAN, STD))
    # Similarities over a low temperature need all the digits that bfloat16 lacks.
    with torch.autocast("cpu", enabled=False):
        learnt = learnt.float()
        part_cosines = learnt @ functional.normalize(task.parts.weight, dim=1).T
        return (
            config.contrast_weight * contrast_loss(learnt, config.temperature)
            + config.label_weight * label_loss(task.encoder.kind_cosines(learnt), labels)
            + config.part_weight * label_loss(part_cosines, parts)
        )


def best_weights(run: Path) -> Path:
    """Where a run keeps the weights that validated best."""
    return run / "encoder.safetensors"


def read_garments(roots: tuple[Path, ...], split: Split) -> list[GarmentSample]:
    """All garments of one split of some pairs folders, cut out and in memory."""
    folders = [read_pairs(root).of_split(split).masked() for root in roots]
    return [
        sample
        for folder in folders
        for pair in folder.pairs
        for sample in _garments_of(folder, pair)
    ]


def _garments_of(folder: PairsFolder, pair: Pair) -> Iterator[GarmentSample]:
    photo, mask = read_photo(folder.photo_path(pair)), load_mask(folder.mask_path(pair))
    known = folder.parts_path(pair).is_file()
    codes = load_mask(folder.parts_path(pair)) if known else class_codes(mask, pair.label)
    label = LABELS.index(pair.label) if pair.label in LABELS else NO_LABEL
    for garment in find_garments(mask, one_hot(mask)):
        if garment.area >= MIN_GARMENT_AREA:
            x0, y0, x1, y1 = garment.box
            step = max(1, max(garment.mask.shape) // CACHE_SIDE)
            cut = replace(
                garment,
                mask=garment.mask[::step, ::step],
                box=(0, 0, -(-(x1 - x0) // step), -(-(y1 - y0) // step)),
            )
            yield GarmentSample(
                photo[y0:y1:step, x0:x1:step].copy(),
                cut,
                label,
                _part_of(codes[y0:y1, x0:x1][garment.mask]),
                pair.group,
                pair.source,
            )


def _part_of(codes: Codes) -> int:
    """The commonest part of a garment's pixels (n,); NO_LABEL where only its class is known."""
    code = int(np.bincount(codes).argmax())
    return code if code < PART_COUNT else NO_LABEL


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


def _collate(views: list[tuple[Crop, Crop, int, int]]) -> Batch:
    """All first views, then all second views; labels and parts likewise twice."""
    first, second, labels, parts = zip(*views, strict=True)
    return (
        np.stack([*first, *second]),
        torch.tensor([*labels, *labels]),
        torch.tensor([*parts, *parts]),
    )


def contrast_loss(vectors: torch.Tensor, temperature: float) -> torch.Tensor:
    """NT-Xent over 2n unit vectors of which i and i + n are views of one garment."""
    count = len(vectors)
    similarity = vectors @ vectors.T / temperature
    similarity = similarity.masked_fill(torch.eye(count, dtype=torch.bool), -torch.inf)
    partners = (torch.arange(count) + count // 2) % count
    return functional.cross_entropy(similarity, partners)


def label_loss(cosines: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """Cosine softmax over labels (or parts); vectors without one do not count."""
    known = labels != NO_LABEL
    if not known.any():
        return cosines.sum() * 0
    return functional.cross_entropy(
        cosines[known] * LABEL_SCALE, labels[known], label_smoothing=0.1
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
    """Kind precision of held-out senders against the trained ones; keep the best weights."""
    preprocessing = CropPreprocessing(phase.height, MEAN, STD)
    network = run.averaged.encoder
    encoder = Encoder(network, EncoderCard(config.architecture, preprocessing, ""))
    gallery = [sample for sample in train_samples if sample.label != NO_LABEL]
    queries = [sample for sample in val_samples if sample.label != NO_LABEL]
    ranking = rank(
        _encoded(encoder, queries) @ _encoded(encoder, gallery).T,
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
    }
    run.log(row)
    if run.is_best(row["val_precision_at_5"]):
        sources = {sample.source for sample in train_samples}
        _save_best(network, preprocessing, config, epoch, len(train_samples), sources, row)


def _encoded(encoder: Encoder, samples: list[GarmentSample]) -> np.ndarray[Any, Any]:
    crops = [crop_garment(sample.photo, sample.garment, encoder.side) for sample in samples]
    return encoder.encode(crops)


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
