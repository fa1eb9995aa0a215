"""The training loop: schedule, averaging, checkpoint, log, progress.

A run folder has checkpoint.pt (replaced after every epoch; a run resumes from it) and log.csv (one
line per epoch).
"""

import csv
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Final, cast

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

from segmentation.network import SegmentationNetwork

WARM_UP_EPOCHS: Final = 1.0
FIRST_FACTOR: Final = 0.05
FINAL_FACTOR: Final = 0.01
MAX_GRADIENT: Final = 2.0
"""Norm to which gradients are clipped."""

SECONDS_BETWEEN_REPORTS: Final = 8.0

Report = Callable[[str], None]
"""Called with one line of progress."""


LossOf = Callable[[SegmentationNetwork, Any], torch.Tensor]
"""The loss of a network on one batch."""


def no_report(line: str) -> None:
    """Discard progress lines."""


@dataclass(frozen=True)
class Phase:
    """Some epochs at one input size in pixels."""

    epochs: int
    height: int
    width: int


@dataclass(frozen=True)
class Schedule:
    """Epochs, learning rate and weight averaging of a run.

    The learning rate warms up for one epoch, stays constant, and decays linearly over the last
    `decay_epochs` (Hu et al., "MiniCPM", 2024), so that a run can be extended before its decay.

    Attributes:
        decay_epochs: epochs of learning rate decay at the end.
        average_decay: decay of the moving average of weights, which is validated and saved.
        minutes: stop after the epoch that exceeds this time; None: no limit.
        backbone_rate: factor of the learning rate for the pretrained backbone.
    """

    phases: tuple[Phase, ...]
    learning_rate: float
    weight_decay: float
    average_decay: float
    decay_epochs: int
    minutes: float | None = None
    backbone_rate: float = 1.0

    @property
    def epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    def phase_at(self, epoch: int) -> Phase:
        """The phase of an epoch, counted from 0."""
        for phase in self.phases:
            if epoch < phase.epochs:
                return phase
            epoch -= phase.epochs
        return self.phases[-1]

    def pixels_left(self, position: float, views_per_epoch: int) -> float:
        """Pixels of the remaining views after this many epochs, as a measure of time."""
        pixels = 0.0
        for epoch in range(int(position), self.epochs):
            phase = self.phase_at(epoch)
            share = 1 - max(0.0, position - epoch)
            pixels += share * views_per_epoch * phase.height * phase.width
        return pixels

    def factor_at(self, position: float) -> float:
        """Factor of the learning rate after this many epochs, in 0..1."""
        rise = FIRST_FACTOR + (1 - FIRST_FACTOR) * position / WARM_UP_EPOCHS
        fall = (self.epochs - position) / max(1, self.decay_epochs)
        return max(FINAL_FACTOR, min(1.0, rise, fall))


def fast_precision() -> AbstractContextManager[None]:
    """Autocast to bfloat16 where the CPU supports it natively; elsewhere it is slower."""
    flags = Path("/proc/cpuinfo")
    native = flags.is_file() and "avx512_bf16" in flags.read_text()
    return torch.autocast("cpu", torch.bfloat16, enabled=native)


def keep_depthwise_in_float32(network: nn.Module) -> None:
    """Exempt depthwise convolutions from bfloat16, in which their gradients take thrice as long."""
    for module in network.modules():
        if isinstance(module, nn.Conv2d) and module.groups > 1:
            module.forward = partial(_in_float32, module)  # type: ignore[method-assign]


def _in_float32(convolution: nn.Conv2d, maps: torch.Tensor) -> torch.Tensor:
    with torch.autocast("cpu", enabled=False):
        return type(convolution).forward(convolution, maps.float())


def _rated(network: SegmentationNetwork, backbone_rate: float) -> list[dict[str, Any]]:
    """The optimiser's two groups: backbone and the rest, each with its factor of the rate."""
    backbone = list(network.fpn.encoder.parameters())
    pretrained = {id(each) for each in backbone}
    rest = [each for each in network.parameters() if id(each) not in pretrained]
    return [{"params": backbone, "rate": backbone_rate}, {"params": rest, "rate": 1.0}]


class TrainingRun:
    """A network in training; resumes from the folder's checkpoint if there is one."""

    def __init__(
        self,
        network: SegmentationNetwork,
        schedule: Schedule,
        folder: Path,
        report: Report = no_report,
    ) -> None:
        self.network = network
        self._schedule = schedule
        self._folder = folder
        self._report = report
        self._average = AveragedModel(
            network, multi_avg_fn=get_ema_multi_avg_fn(schedule.average_decay), use_buffers=True
        )
        self._optimiser = torch.optim.AdamW(
            _rated(network, schedule.backbone_rate),
            lr=schedule.learning_rate,
            weight_decay=schedule.weight_decay,
        )
        self._epoch = 0
        self._best = -1.0
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    @property
    def averaged(self) -> SegmentationNetwork:
        """The network with averaged weights, in evaluation mode."""
        return cast(SegmentationNetwork, self._average.module.eval())

    def epochs(self) -> Iterator[tuple[int, Phase]]:
        """Iterate over the remaining epochs with their phases; saves a checkpoint after each."""
        started = time.monotonic()
        for epoch in range(self._epoch, self._schedule.epochs):
            yield epoch, self._schedule.phase_at(epoch)
            self._epoch = epoch + 1
            self._save()
            minutes = self._schedule.minutes
            if minutes is not None and time.monotonic() - started > minutes * 60:
                return

    def learn(self, batches: "DataLoader[Any]", loss_of: LossOf) -> float:
        """Train one epoch on the batches and return the mean loss."""
        self.network.train()
        losses: list[float] = []
        started = reported = time.monotonic()
        for step, batch in enumerate(batches):
            self._set_learning_rate(self._epoch + step / len(batches))
            losses.append(self._step(batch, loss_of))
            if time.monotonic() - reported > SECONDS_BETWEEN_REPORTS:
                reported = time.monotonic()
                self._report_step(batches, losses, reported - started)
        return float(np.mean(losses))

    def _step(self, batch: Any, loss_of: LossOf) -> float:
        with fast_precision():
            loss = loss_of(self.network, batch)
        self._optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), MAX_GRADIENT)
        self._optimiser.step()
        self._average.update_parameters(self.network)
        return float(loss.item())

    def _report_step(self, batches: "DataLoader[Any]", losses: list[float], seconds: float) -> None:
        """Report speed, loss and the remaining time of the run."""
        views = (batches.batch_size or 1) * len(batches)
        position = self._epoch + len(losses) / len(batches)
        phase = self._schedule.phase_at(self._epoch)
        views_per_second = (position - self._epoch) * views / seconds
        pixels_per_second = views_per_second * phase.height * phase.width
        minutes = self._schedule.pixels_left(position, views) / pixels_per_second / 60
        self._report(
            f"epoch {self._epoch + 1} of {self._schedule.epochs}, "
            f"batch {len(losses)} of {len(batches)}: {views_per_second:.1f} photos/s, "
            f"loss {np.mean(losses[-50:]):.3f}, about {minutes:.0f} min left"
        )

    def is_best(self, score: float) -> bool:
        """Whether this score is the run's best so far; records it."""
        better = score > self._best
        self._best = max(score, self._best)
        return better

    def log(self, row: Mapping[str, float]) -> None:
        """Add one line to log.csv."""
        path = self._folder / "log.csv"
        fresh = not path.is_file()
        with path.open("a", newline="", encoding="utf-8") as lines:
            writer = csv.DictWriter(lines, list(row))
            if fresh:
                writer.writeheader()
            writer.writerow({name: f"{value:.5g}" for name, value in row.items()})

    def _set_learning_rate(self, position: float) -> None:
        for group in self._optimiser.param_groups:
            rate = self._schedule.learning_rate * group["rate"]
            group["lr"] = rate * self._schedule.factor_at(position)

    def _save(self) -> None:
        """Replace the checkpoint atomically."""
        states = {
            "network": self.network.state_dict(),
            "average": self._average.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "epoch": self._epoch,
            "best": self._best,
        }
        torch.save(states, self._folder / "checkpoint.tmp")
        (self._folder / "checkpoint.tmp").replace(self._folder / "checkpoint.pt")

    def _resume(self) -> None:
        path = self._folder / "checkpoint.pt"
        if path.is_file():
            saved = torch.load(path, weights_only=True)
            self.network.load_state_dict(saved["network"])
            self._average.load_state_dict(saved["average"])
            self._optimiser.load_state_dict(saved["optimiser"])
            self._epoch, self._best = saved["epoch"], saved["best"]
