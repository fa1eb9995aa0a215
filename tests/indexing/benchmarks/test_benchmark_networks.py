import pytest

from indexing.benchmarks.networks import measure_networks
from segmentation.runtime import RuntimeOptions


def test_the_reference_agrees_with_itself_and_speeds_are_reported() -> None:
    figures = measure_networks(None, RuntimeOptions("torch", 1), 3)
    assert figures.photos == 3
    assert figures.runtime == "torch f32"
    assert figures.agreement == pytest.approx(1, abs=1e-5)
    assert figures.least_cosine == pytest.approx(1, abs=1e-5)
    assert figures.per_second > 0
    assert figures.times_eager == pytest.approx(figures.per_second / figures.eager_per_second)
