"""What every training run keeps in its folder: a log, a checkpoint; and its learning rate.

Used by both trainings, so that they stop, resume and log alike.
"""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

WARM_UP_SHARE: Final = 0.03
FINAL_FACTOR: Final = 0.01


def learning_rate_factor(share_done: float) -> float:
    """Linear warm-up, then half a cosine (Loshchilov, Hutter, ICLR 2017); 1 at its peak."""
    if share_done < WARM_UP_SHARE:
        return 0.05 + 0.95 * share_done / WARM_UP_SHARE
    progress = min(1.0, (share_done - WARM_UP_SHARE) / (1 - WARM_UP_SHARE))
    return float(FINAL_FACTOR + (1 - FINAL_FACTOR) * 0.5 * (1 + np.cos(np.pi * progress)))


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Set the rate of every parameter group."""
    for group in optimiser.param_groups:
        group["lr"] = rate


def averaged(network: nn.Module, decay: float) -> AveragedModel:
    """An exponential moving average of a network, batch-norm statistics included."""
    return AveragedModel(network, multi_avg_fn=get_ema_multi_avg_fn(decay), use_buffers=True)


def append_log(run: Path, row: Mapping[str, float]) -> None:
    """Add one line to the run's log.csv."""
    path = run / "log.csv"
    fresh = not path.is_file()
    with path.open("a", newline="") as lines:
        writer = csv.DictWriter(lines, list(row))
        if fresh:
            writer.writeheader()
        writer.writerow({name: f"{value:.5g}" for name, value in row.items()})


def save_checkpoint(run: Path, states: Mapping[str, Any]) -> None:
    """Replace the run's checkpoint whole: a stop in the middle leaves the old one."""
    torch.save(dict(states), run / "checkpoint.tmp")
    (run / "checkpoint.tmp").replace(run / "checkpoint.pt")


def load_checkpoint(run: Path) -> dict[str, Any] | None:
    """The run's checkpoint, or None where there is none yet."""
    path = run / "checkpoint.pt"
    return dict(torch.load(path, weights_only=True)) if path.is_file() else None
