"""What a training of the segmenter depends on: the first one, and those that go on from it.

TrainConfig -> going_on_from -> on_bare_ground | for_second_look
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from segmentation.augment import AugmentConfig
from segmentation.model import Architecture
from segmentation.runs import Phase
from segmentation.samples import Mixture

SECOND_EPOCHS: Final = 12
SECOND_CANVAS: Final = (256, 192)
SECOND_LEARNING_RATE: Final = 6e-4
SECOND_MIXTURE: Final = Mixture(
    ccp=0.38,
    clothing=0.40,
    drawn=0.03,
    tagged=0.10,
    unmasked=0.09,
    pasted=0.3,
    recoloured=0.5,
    bare=0.06,
    changed=0.35,
)
SECOND_LOOK_LEARNING_RATE: Final = 5e-4
SECOND_LOOK_MIXTURE: Final = Mixture(
    ccp=0.20,
    clothing=0.62,
    drawn=0.03,
    tagged=0.07,
    unmasked=0.08,
    pasted=0.3,
    recoloured=0.5,
    bare=0.05,
    changed=0.75,
    on_ground=0.5,
)


@dataclass(frozen=True)
class TrainConfig:
    """Everything a run depends on, besides the pairs themselves.

    Attributes:
        pairs: pairs folders (`apparel dataset ...`); their train and val splits are used.
        views_per_epoch: augmented views drawn in one epoch.
        decay_epochs: epochs at the end over which the learning rate falls.
        minutes: stop after the epoch that passes this time, weights kept; None is no limit.
        command: how the run was started, for the card.
        start: weights to go on from; see `going_on_from`.
        compiled: learn with torch.compile: minutes before the first step, a quarter faster after.
    """

    pairs: tuple[Path, ...]
    out: Path
    phases: tuple[Phase, ...] = (Phase(13, 192, 128), Phase(5, 256, 192), Phase(1, 320, 224))
    views_per_epoch: int = 4000
    batch_size: int = 8
    learning_rate: float = 1e-3
    weight_decay: float = 0.05
    decay_epochs: int = 6
    mixture: Mixture = Mixture()
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
    )
    minutes: float | None = None
    command: str = ""
    start: Path | None = None
    compiled: bool = False


def going_on_from(start: Path, config: TrainConfig, epochs: int = SECOND_EPOCHS) -> TrainConfig:
    """A second training: at the full canvas from the first epoch on, more of the phone photos.

    The learning rate falls over the last two thirds of its epochs.
    """
    return replace(
        config,
        start=start,
        phases=(Phase(epochs, *SECOND_CANVAS),),
        decay_epochs=epochs * 2 // 3,
        learning_rate=SECOND_LEARNING_RATE,
        mixture=SECOND_MIXTURE,
        augment=replace(config.augment, jpeg_share=0.25),
        command=f"{config.command} --start {start.name} --epochs {epochs}",
    )


def on_bare_ground(config: TrainConfig, share: float) -> TrainConfig:
    """Of a training that goes on: on this share of the garments seen again bare ground lies behind,
    not another photo."""
    return replace(
        config,
        mixture=replace(config.mixture, on_ground=share),
        command=f"{config.command} --on-ground {share}",
    )


def for_second_look(config: TrainConfig) -> TrainConfig:
    """Of a training that goes on: mostly of garments seen again, half of them on bare ground.

    What comes out sees street photos worse; `indexing.second_look` says what it is for.
    """
    return replace(
        config,
        learning_rate=SECOND_LOOK_LEARNING_RATE,
        mixture=SECOND_LOOK_MIXTURE,
        command=f"{config.command} --second-look",
    )
