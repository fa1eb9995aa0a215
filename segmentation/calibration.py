"""What the network says of a garment in, how probable each class is out.

The mean of a network's softmax over a mask is no probability of being right: it is high
wherever the outline is clear. Here a garment's mean log-odds, what the presence head
says of the photo and the garment's size go into a multinomial logistic regression of
nine numbers, fitted on validation photos (`segmentation.fit_rules`) and kept in the
weights card. It generalises the temperature scaling of Guo et al., "On Calibration of
Modern Neural Networks", ICML 2017.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from segmentation.classes import CLASS_COUNT

ClassOdds = npt.NDArray[np.float64]
"""Probability of each class, background first, shape (..., 4)."""
Parameters = npt.NDArray[np.float64]
"""The nine numbers of a `Calibration`, in the order of its fields."""

LEAST: Final = 1e-4
"""Means below this count as this much."""


@dataclass(frozen=True)
class Calibration:
    """Weights of the regression.

    A garment class scores `mean * log(mean probability) + presence * presence logit + its
    offset`, background `ground_mean * log(mean probability) + ground_presence * the highest
    presence logit + ground_area * log(area) + ground_offset`; a softmax makes probabilities.
    """

    mean: float = 1.0
    presence: float = 0.0
    upper: float = 0.0
    whole: float = 0.0
    lower: float = 0.0
    ground_mean: float = 1.0
    ground_presence: float = 0.0
    ground_area: float = 0.0
    ground_offset: float = 0.0

    def odds(
        self,
        means: npt.NDArray[np.float64],
        presence: npt.NDArray[np.float64],
        areas: npt.NDArray[np.float64],
    ) -> ClassOdds:
        """How probable each class is for each of n garments, shape (n, 4).

        Args:
            means: mean class probabilities over the garment, (n, 4).
            presence: presence logits of the garment's photo, (n, 3).
            areas: share of the photo, (n,).
        """
        logs = np.log(np.maximum(means, LEAST))
        scores = np.empty((len(means), CLASS_COUNT))
        offsets = np.array([self.upper, self.whole, self.lower])
        scores[:, 1:] = self.mean * logs[:, 1:] + self.presence * presence + offsets
        scores[:, 0] = (
            self.ground_mean * logs[:, 0]
            + self.ground_presence * presence.max(axis=1)
            + self.ground_area * np.log(np.maximum(areas, LEAST))
            + self.ground_offset
        )
        scores -= scores.max(axis=1, keepdims=True)
        exponents = np.exp(scores)
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), np.float64)


UNCALIBRATED: Final = Calibration()
"""Mean probabilities as they are: what a card without a fit has."""
