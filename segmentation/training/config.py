"""The configuration of `apparel train segmenter`."""

from dataclasses import dataclass
from pathlib import Path

from segmentation.training.augment import AugmentConfig
from segmentation.training.dataset import SamplingShares
from segmentation.training.loop import Phase
from segmentation.weights import Architecture


@dataclass(frozen=True)
class TrainConfig:
    """Configuration of a run; the defaults give the shipped segmenter.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        out: the run folder.
        views_per_epoch: augmented views per epoch.
        photos_per_folder: maximum number of photos per folder and split; None: all.
        backbone_rate: factor of the learning rate for the pretrained backbone.
        frozen_stages: number of first backbone stages to freeze.
        decay_epochs: epochs of learning rate decay at the end.
        minutes: stop after the epoch that exceeds this time; None: no limit.
        command: command line of the run, for the card.
    """

    pairs: tuple[Path, ...]
    out: Path
    phases: tuple[Phase, ...] = (Phase(6, 256, 192), Phase(18, 384, 256))
    views_per_epoch: int = 2400
    photos_per_folder: int | None = None
    batch_size: int = 12
    learning_rate: float = 6e-4
    backbone_rate: float = 0.3
    frozen_stages: int = 2
    weight_decay: float = 0.05
    decay_epochs: int = 6
    shares: SamplingShares = SamplingShares()
    seed: int = 0
    threads: int = 2
    architecture: Architecture = Architecture()
    augment: AugmentConfig = AugmentConfig(
        scale=(0.7, 1.55),
        shift=0.1,
        turn_degrees=10.0,
        gain=0.3,
        white_balance=0.15,
        blur_share=0.12,
        noise_share=0.08,
        jpeg_share=0.2,
        thumbnail_share=0.15,
    )
    minutes: float | None = None
    command: str = ""
