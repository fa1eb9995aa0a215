import pytest

from indexing.benchmarks.networks import measure_networks
from segmentation.runtime import RuntimeOptions


def test_the_reference_agrees_with_itself_and_speeds_are_reported() -> None:
    figures = measure_networks(None, RuntimeOptions("torch", 1), 3)
    assert figures.photos == 3
    for each in (figures.segmenter, figures.encoder):
        assert each.runtime == "torch f32"
        assert each.agreement == pytest.approx(1, abs=1e-5)
        assert each.per_second > 0
        assert each.times_eager == pytest.approx(each.per_second / each.eager_per_second)
