"""Rules and calibration are chosen on what a network said of validation photos."""

from dataclasses import replace

import numpy as np

from segmentation.classes import GarmentClass
from segmentation.fit_rules import RuleFigures, Sample, choose_rules, fit_calibration, measure_rules
from segmentation.rules import Prediction, Rules

GRID = (64, 48)


def _sample(seed: int) -> Sample:
    """A block whose mask says upper and whose presence head knows better; shoes every sixth."""
    generator = np.random.default_rng(seed)
    nothing = seed % 6 == 4
    truth_class = 0 if nothing else 1 + seed % 3
    truth = np.zeros(GRID, np.uint8)
    truth[10:50, 10:38] = truth_class
    probabilities = np.full((4, *GRID), 0.02, np.float32)
    probabilities[0] = 0.94
    sure = generator.uniform(0.45, 0.9)
    probabilities[:, 10:50, 10:38] = (1 - sure) / 3
    probabilities[GarmentClass.UPPER, 10:50, 10:38] = sure
    presence = generator.normal(-3, 0.5, 3)
    if truth_class:
        presence[truth_class - 1] += 6
    source = "ccp" if seed % 2 else "clothing"
    prediction = Prediction(probabilities, presence.astype(np.float32))
    return Sample(source, prediction, None, truth)


def test_calibration_makes_scores_honest() -> None:
    samples = [_sample(seed) for seed in range(60)]
    plain = measure_rules(samples, Rules(), fit_calibration(samples[:0] or samples[:1]))
    fitted = measure_rules(samples, Rules(), fit_calibration(samples))
    assert fitted.calibration_error < 0.08 < plain.calibration_error


def test_the_best_rules_trust_a_presence_head_that_is_right() -> None:
    samples = [_sample(seed) for seed in range(60)]
    candidates = choose_rules(samples)
    best, figures = candidates[0].rules, candidates[0].figures
    assert best.rename or best.presence_gate
    assert figures.largest_right == 1
    assert figures.nothing_right >= 0.6
    plain = next(each for each in candidates if each.rules == Rules())
    assert plain.figures.largest_right < 0.6
    assert figures.mean > plain.figures.mean


def test_a_garment_that_the_rules_drop_is_not_kept() -> None:
    samples = [_sample(seed) for seed in range(60)]
    calibration = fit_calibration(samples)
    kept, dropped = (
        measure_rules(samples, Rules(least_garment=least, rename=True), calibration)
        for least in (0.0, 1.1)
    )
    assert kept.garment_kept > 0.9
    assert dropped.garment_kept == dropped.garment_iou == 0
    assert kept.mean > dropped.mean


def test_what_goes_beyond_the_targets_decides_between_equals() -> None:
    equal = RuleFigures(0.5, 0.3, 0.8, 0.9, 0.92, 0.6, 0.05)
    beyond, below = replace(equal, nothing_right=0.9), replace(equal, largest_right=0.91)
    assert equal.mean == beyond.mean > below.mean
    assert beyond.rank > equal.rank > below.rank
