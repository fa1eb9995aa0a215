"""Validation pairs in, the rules and the calibration that measure best on them out.

The network looks at each photo once (and once at its mirror image); every candidate is
then measured on what it said. Products and street photos count alike, and so do finding
a garment, naming it and finding none: `RuleFigures.rank` is what is maximised.
"""

from collections.abc import Iterable, Sequence
from dataclasses import astuple, dataclass
from itertools import product
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from PIL import Image
from scipy import optimize

from segmentation.calibration import Calibration, Parameters
from segmentation.classes import CLASS_COUNT, GARMENT_CLASSES, GarmentClass
from segmentation.errors import DatasetError
from segmentation.evaluate import class_beneath
from segmentation.mask import ClassMask, find_garments, most_probable
from segmentation.metrics import (
    absent_class_false_positive_rate,
    confusion_of,
    expected_calibration_error,
    foreground_mean_iou,
    garment_iou,
    mean_of_present,
    reliability,
)
from segmentation.pairs import Pair, PairsFolder, Progress, load_mask, no_progress, read_pairs
from segmentation.photos import read_photo
from segmentation.predictor import BATCH_SIZE, Segmenter
from segmentation.rules import (
    NO_RULES,
    Judged,
    Prediction,
    Rules,
    gated,
    judge_prediction,
    means_of,
)
from segmentation.splits import Split

GATES: Final = (0.0, 0.1, 0.3, 0.5)
LEAST_GARMENTS: Final = (0.0, 0.5, 0.6, 0.7, 0.8)
STREET: Final = "ccp"
"""Source of street photos; all others show one product."""
TARGETS: Final = (0.7, 0.9, 0.85, 0.97, 0.92, 0.6)
"""What is asked of the figures of `RuleFigures.mean`; beyond it nothing is gained."""
KEPT_IOU: Final = 0.5
"""From this IoU on, a garment counts as found."""
SHRINKAGE: Final = 0.01
"""How strongly a calibration is held at mean probabilities, per garment."""


@dataclass(frozen=True, eq=False)
class Sample:
    """A validation photo: what the network says of it, and of it and its mirror image, and the
    truth, (h, w) on the prediction's grid."""

    source: str
    prediction: Prediction
    flipped: Prediction | None
    truth: ClassMask


@dataclass(frozen=True)
class RuleFigures:
    """How rules do on validation photos.

    `street_miou` and `street_false` (photos where an absent class is found) are of street
    photos; `garment_iou`, `largest_right` and `nothing_right` (no garment where there is
    none) of product photos, and `calibration_error` of all.
    """

    street_miou: float
    street_false: float
    garment_iou: float
    garment_kept: float
    largest_right: float
    nothing_right: float
    calibration_error: float

    @property
    def mean(self) -> float:
        """What is maximised: each figure counts up to its target, so that none is bought dear."""
        return float(np.nanmean(np.minimum(self._judged, TARGETS)))

    @property
    def rank(self) -> tuple[float, float]:
        """The mean to a thousandth, which is less than chance, then what is beyond the targets."""
        return round(self.mean, 3), float(np.nanmean(self._judged))

    @property
    def _judged(self) -> tuple[float, ...]:
        return (
            self.street_miou,
            1 - self.street_false,
            self.garment_iou,
            self.garment_kept,
            self.largest_right,
            self.nothing_right,
        )


@dataclass(frozen=True)
class Candidate:
    """Rules with the calibration fitted for them, and how they do."""

    rules: Rules
    calibration: Calibration
    figures: RuleFigures


def collect_samples(
    segmenter: Segmenter,
    folders: Iterable[Path],
    split: Split = "val",
    limit: int | None = None,
    mirror: bool = False,
    progress: Progress = no_progress,
) -> list[Sample]:
    """What the network says of the pairs of a split.

    Args:
        folders: pairs folders. limit: at most so many pairs of each; None = all.
        mirror: look at each photo's mirror image as well.
    Raises:
        DatasetError: there is no pair of this split.
    """
    chosen = [
        (folder, pair)
        for folder in (read_pairs(each).of_split(split) for each in folders)
        for pair in _spread(folder, limit)
    ]
    if not chosen:
        raise DatasetError(f"no pair of split {split}; make the folders with `apparel dataset`")
    samples: list[Sample] = []
    for start in range(0, len(chosen), BATCH_SIZE):
        batch = chosen[start : start + BATCH_SIZE]
        photos = [read_photo(folder.photo_path(pair)) for folder, pair in batch]
        found = segmenter.predictions(photos)
        flipped = segmenter.predictions(photos, flip=True) if mirror else None
        for place, (folder, pair) in enumerate(batch):
            truth = _on_grid(load_mask(folder.mask_path(pair)), found[place])
            both = flipped[place] if flipped else None
            samples.append(Sample(pair.source, found[place], both, truth))
        progress(len(samples), len(chosen))
    return samples


def _spread(folder: PairsFolder, limit: int | None) -> Sequence[Pair]:
    pairs = folder.pairs
    return pairs[:: max(1, len(pairs) // limit)][:limit] if limit else pairs


def _on_grid(truth: ClassMask, prediction: Prediction) -> ClassMask:
    height, width = prediction.probabilities.shape[1:]
    resized = Image.fromarray(truth).resize((width, height), Image.Resampling.NEAREST)
    return np.asarray(resized, np.uint8)


def choose_rules(
    samples: Sequence[Sample], leasts: Sequence[float] = LEAST_GARMENTS
) -> list[Candidate]:
    """Combinations of rules, each with its own calibration, the best first.

    Where the samples have the mirror image, each is tried with and without it.

    Args:
        leasts: values of `Rules.least_garment` to try.
    """
    flips = (False, True) if all(each.flipped for each in samples) else (False,)
    candidates = []
    for flip, gate in product(flips, GATES):
        calibration = fit_calibration(samples, Rules(presence_gate=gate, flip=flip))
        for least, rename in product(leasts, (False, True)):
            rules = Rules(gate, least, rename, flip)
            figures = measure_rules(samples, rules, calibration)
            candidates.append(Candidate(rules, calibration, figures))
    return sorted(candidates, key=lambda each: each.figures.rank, reverse=True)


def fit_calibration(samples: Sequence[Sample], rules: Rules = NO_RULES) -> Calibration:
    """The calibration under which what the garments truly are is most probable.

    Raises:
        DatasetError: no garment is found on any photo.
    """
    means, presence, areas, truths = _evidence(samples, rules)
    if not len(truths):
        raise DatasetError("no garment is found on these photos; train the segmenter first")
    start: Parameters = np.array(astuple(Calibration()))
    rows = np.arange(len(truths))

    def loss(parameters: Parameters) -> float:
        odds = Calibration(*parameters).odds(means, presence, areas)
        surprise = -np.log(np.maximum(odds[rows, truths], 1e-12)).mean()
        return float(surprise + SHRINKAGE * ((parameters - start) ** 2).sum())

    found = optimize.minimize(loss, start, method="L-BFGS-B")
    return Calibration(*(round(float(each), 4) for each in found.x))


Evidence = tuple[
    npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.int64]
]
"""Of n garments: mean probabilities (n, 4), presence (n, 3), areas (n,), true classes (n,)."""


def _evidence(samples: Sequence[Sample], rules: Rules) -> Evidence:
    means, presence, areas, truths = [], [], [], []
    for sample in samples:
        prediction = _prediction_for(sample, rules)
        probabilities = gated(prediction, rules.presence_gate)
        for garment in find_garments(most_probable(probabilities), probabilities):
            means.append(means_of(garment, prediction.probabilities))
            presence.append(prediction.presence)
            areas.append(garment.area)
            truths.append(int(class_beneath(garment, sample.truth)))
    return (
        np.array(means, np.float64).reshape(-1, CLASS_COUNT),
        np.array(presence, np.float64).reshape(-1, len(GARMENT_CLASSES)),
        np.array(areas, np.float64),
        np.array(truths, np.int64),
    )


def _prediction_for(sample: Sample, rules: Rules) -> Prediction:
    return sample.flipped if rules.flip and sample.flipped else sample.prediction


def measure_rules(samples: Sequence[Sample], rules: Rules, calibration: Calibration) -> RuleFigures:
    """How these rules do on photos that were looked at already."""
    judged = [
        judge_prediction(_prediction_for(sample, rules), rules, calibration) for sample in samples
    ]
    confusions = np.stack(
        [
            confusion_of(sample.truth, most_probable(each.probabilities))
            for sample, each in zip(samples, judged, strict=True)
        ]
    )
    street = np.array([sample.source == STREET for sample in samples])
    ious = garment_iou(confusions[~street])
    false_rates = [
        absent_class_false_positive_rate(confusions[street], each) for each in GARMENT_CLASSES
    ]
    return RuleFigures(
        street_miou=foreground_mean_iou(confusions[street]) if street.any() else float("nan"),
        street_false=mean_of_present(np.array(false_rates)),
        garment_iou=mean_of_present(ious),
        garment_kept=mean_of_present(np.where(np.isnan(ious), np.nan, ious >= KEPT_IOU)),
        largest_right=_share_right(samples, judged, garments=True),
        nothing_right=_share_right(samples, judged, garments=False),
        calibration_error=_calibration_error(samples, judged),
    )


def _share_right(samples: Sequence[Sample], judged: Sequence[Judged], garments: bool) -> float:
    """Of product photos with a garment, or without one: where the largest found is right."""
    right = []
    for sample, each in zip(samples, judged, strict=True):
        truth = int(sample.truth.max())
        if sample.source != STREET and (truth > 0) == garments:
            largest = each.garments[0].garment_class if each.garments else GarmentClass.BACKGROUND
            right.append(float(largest == truth))
    return mean_of_present(np.array(right))


def _calibration_error(samples: Sequence[Sample], judged: Sequence[Judged]) -> float:
    found = [
        (garment, class_beneath(garment, sample.truth))
        for sample, each in zip(samples, judged, strict=True)
        for garment in each.garments
    ]
    scores = [garment.score for garment, _ in found]
    right = [garment.garment_class == beneath for garment, beneath in found]
    return expected_calibration_error(reliability(scores, right))
