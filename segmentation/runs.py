"""A network, a schedule and a run folder in; a training that stops and resumes out.

Both trainings go through `TrainingRun`, so that they learn, log, average and resume
alike. The folder keeps checkpoint.pt (after every epoch) and log.csv (a line an epoch).
"""

import csv
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Generic, TypeVar, cast

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader

WARM_UP_EPOCHS: Final = 1.0
FIRST_FACTOR: Final = 0.05
FINAL_FACTOR: Final = 0.01
LARGEST_GRADIENT: Final = 2.0
"""Norm to which a step's gradient is cut."""

Network = TypeVar("Network", bound=nn.Module)
Batch = TypeVar("Batch")


@dataclass(frozen=True)
class Phase:
    """Some epochs at one input size in pixels."""

    epochs: int
    height: int
    width: int


@dataclass(frozen=True)
class Schedule:
    """How long and how fast a network learns.

    The learning rate rises for one epoch, stays, and falls in a line over the last
    `decay_epochs` (Hu et al., "MiniCPM", 2024: warm-up, stable, decay), so that a run can
    be given more epochs before its fall without changing what came before.

    Attributes:
        decay_epochs: epochs at the end over which the learning rate falls.
        average_decay: of the moving average of weights that is measured and kept.
        minutes: stop after the epoch that passes this time; None is no limit.
    """

    phases: tuple[Phase, ...]
    learning_rate: float
    weight_decay: float
    average_decay: float
    decay_epochs: int
    minutes: float | None = None

    @property
    def epochs(self) -> int:
        return sum(phase.epochs for phase in self.phases)

    def phase_at(self, epoch: int) -> Phase:
        """The phase that an epoch, counted from 0, lies in."""
        for phase in self.phases:
            if epoch < phase.epochs:
                return phase
            epoch -= phase.epochs
        return self.phases[-1]

    def factor_at(self, position: float) -> float:
        """Share of the learning rate after this many epochs, in 0..1."""
        rise = FIRST_FACTOR + (1 - FIRST_FACTOR) * position / WARM_UP_EPOCHS
        fall = (self.epochs - position) / max(1, self.decay_epochs)
        return max(FINAL_FACTOR, min(1.0, rise, fall))


def fast_precision() -> AbstractContextManager[None]:
    """bfloat16 where the processor computes in it; elsewhere it is slower than float32."""
    flags = Path("/proc/cpuinfo")
    native = flags.is_file() and "avx512_bf16" in flags.read_text()
    return torch.autocast("cpu", torch.bfloat16, enabled=native)


class TrainingRun(Generic[Network]):
    """A network in training: resumes the folder's checkpoint where there is one."""

    def __init__(self, network: Network, schedule: Schedule, folder: Path) -> None:
        self.network = network
        self._schedule = schedule
        self._folder = folder
        self._average = AveragedModel(
            network, multi_avg_fn=get_ema_multi_avg_fn(schedule.average_decay), use_buffers=True
        )
        self._optimiser = torch.optim.AdamW(
            network.parameters(), lr=schedule.learning_rate, weight_decay=schedule.weight_decay
        )
        self._epoch = 0
        self._best = -1.0
        folder.mkdir(parents=True, exist_ok=True)
        self._resume()

    @property
    def averaged(self) -> Network:
        """The moving average of the weights, ready to predict."""
        return cast(Network, self._average.module.eval())

    def epochs(self) -> Iterator[tuple[int, Phase]]:
        """Epochs that are left, with their phase; each is saved when the next is asked for."""
        started = time.monotonic()
        for epoch in range(self._epoch, self._schedule.epochs):
            yield epoch, self._schedule.phase_at(epoch)
            self._epoch = epoch + 1
            self._save()
            minutes = self._schedule.minutes
            if minutes is not None and time.monotonic() - started > minutes * 60:
                return

    def learn(
        self, batches: "DataLoader[Any]", loss_of: Callable[[Network, Batch], torch.Tensor]
    ) -> float:
        """One epoch over the batches; the mean loss."""
        self.network.train()
        losses = []
        for step, batch in enumerate(batches):
            self._set_learning_rate(self._epoch + step / len(batches))
            with fast_precision():
                loss = loss_of(self.network, batch)
            self._optimiser.zero_grad(set_to_none=True)
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), LARGEST_GRADIENT)
            self._optimiser.step()
            self._average.update_parameters(self.network)
            losses.append(loss.item())
        return float(np.mean(losses))

    def is_best(self, score: float) -> bool:
        """Whether this score beats all earlier ones of the run; it is remembered."""
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
            group["lr"] = self._schedule.learning_rate * self._schedule.factor_at(position)

    def _save(self) -> None:
        """Replace the checkpoint whole: a stop in the middle leaves the old one."""
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
