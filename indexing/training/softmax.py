"""Softmax regression by L-BFGS."""

import numpy as np
import numpy.typing as npt
import torch
from torch.nn import functional

from indexing.evaluation.metrics import Labels
from indexing.types import Vectors

IMPOSSIBLE = -1e4
"""Logit of a value that is not allowed."""


def fit_softmax(
    features: Vectors,
    targets: Labels,
    allowed: npt.NDArray[np.bool_],
    importance: Vectors,
    decay: float,
    smoothing: float = 0.0,
) -> Vectors:
    """Fit weights, shape (d, k), so that `features @ weights` are the logits of the targets.

    Args:
        features: shape (n, d).
        targets: index of each row's value, shape (n,).
        allowed: whether each row may have each value, shape (n, k).
        importance: weight of each row, shape (n,).
        decay: factor of the squared weights.
        smoothing: share of each target that is spread over all values.
    """
    inputs, wanted = torch.from_numpy(features), torch.from_numpy(targets)
    possible, shares = torch.from_numpy(allowed), torch.from_numpy(importance)
    weights = torch.zeros(features.shape[1], allowed.shape[1], requires_grad=True)
    optimiser = torch.optim.LBFGS([weights], max_iter=150, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        logits = (inputs @ weights).masked_fill(~possible, IMPOSSIBLE)
        errors = functional.cross_entropy(
            logits, wanted, reduction="none", label_smoothing=smoothing
        )
        total = (errors * shares).sum() / shares.sum() + decay * weights.square().sum()
        total.backward()
        return total

    optimiser.step(loss)
    return np.asarray(weights.detach().numpy(), np.float32)
