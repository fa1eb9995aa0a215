"""The long run without networks: it indexes what it should and tells how memory grows."""

import pytest

from indexing.benchmarks.soak import growth, measure_soak, windows
from segmentation.runtime import RuntimeOptions


def test_a_short_light_run_indexes_every_photo() -> None:
    figures = measure_soak(None, RuntimeOptions("auto", 2), 60, light=True)
    assert figures.photos == 60
    assert 60 < figures.garments < 120
    assert [done for done, _ in figures.private_mb] == [0, 16, 32, 48, 60]
    assert figures.private_most_mb > 50
    # A new process with the same few garments needs about as much.
    assert 50 < figures.reopened_mb < 2 * figures.private_most_mb


def test_growth_is_of_the_last_two_thirds_and_a_peak_is_none() -> None:
    flat = [(done, 500.0) for done in range(3000, 9000, 10)]
    grown = [(done, done / 10) for done in range(0, 3000, 10)]
    assert growth(windows(grown + flat)) == pytest.approx(0, abs=0.01)
    peak = [(done, 900.0 if done == 6000 else 500.0) for done, _ in flat]
    assert growth(windows(grown + peak)) == pytest.approx(0, abs=0.01)
    leak = [(done, 500 + done / 100) for done in range(0, 9000, 10)]
    assert growth(windows(leak)) == pytest.approx(10, abs=0.1)
