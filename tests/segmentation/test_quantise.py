"""The 8-bit network beside its weights: made, run in place of the other, refused when altered."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from segmentation.errors import DatasetError, WeightsError
from segmentation.model import Architecture
from segmentation.pairs import write_manifest
from segmentation.photos import Photo
from segmentation.predictor import Segmenter
from segmentation.quantise import quantise_segmenter
from segmentation.runs import Phase
from segmentation.runtime import RuntimeOptions
from segmentation.train import train_segmenter
from segmentation.train_config import TrainConfig
from segmentation.weights import quantised_path, read_segmenter_card, write_card
from tests.drawn import draw_pair, draw_pairs

OPENVINO = RuntimeOptions("openvino", threads=1)
TORCH = RuntimeOptions("torch", threads=1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network with its 8-bit twin, of photos in both orientations."""
    folder = tmp_path_factory.mktemp("quantised")
    draw_pairs(folder / "pairs", 24)
    trained = train_segmenter(
        TrainConfig(
            (folder / "pairs",),
            folder / "run",
            phases=(Phase(4, 64, 64),),
            views_per_epoch=48,
            architecture=Architecture("test_resnet", 32, 32),
            threads=1,
        )
    )
    assert quantise_segmenter(trained, [folder / "pairs"], photos=12) == quantised_path(trained)
    return trained


def _photos() -> list[Photo]:
    return [draw_pair(seed, 400, 300)[0] for seed in range(6)]


def test_it_runs_instead_of_the_float_network_and_says_the_same(weights: Path) -> None:
    found, reference = Segmenter.load(weights, OPENVINO), Segmenter.load(weights, TORCH)
    assert (found.runtime, reference.runtime) == ("openvino int8", "torch f32")
    assert found.fingerprint == reference.fingerprint
    both = [segmenter.predictions(_photos()) for segmenter in (found, reference)]
    apart = [
        np.abs(one.probabilities - other.probabilities).mean()
        for one, other in zip(*both, strict=True)
    ]
    # In so small a network eight bits tell; test_inference has the shipped one.
    assert 0 < np.mean(apart) <= 0.05


def test_a_network_that_its_card_does_not_describe_is_refused(
    weights: Path, tmp_path: Path
) -> None:
    numbers = quantised_path(weights).with_suffix(".bin")
    whole = numbers.read_bytes()
    try:
        numbers.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
        with pytest.raises(WeightsError, match="not the network its card describes"):
            Segmenter.load(weights, OPENVINO)
        numbers.unlink()
        with pytest.raises(WeightsError, match="missing"):
            Segmenter.load(weights, OPENVINO)
    finally:
        numbers.write_bytes(whole)


def test_the_float_network_stands_in_where_the_8_bit_one_does_not_run(
    weights: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("segmentation.inference._LEAST_QUANTISED_COSINE", 1.1)
    with caplog.at_level(logging.WARNING):
        segmenter = Segmenter.load(weights, OPENVINO)
    assert segmenter.runtime in ("openvino bf16", "openvino f32")
    assert "does not run here" in caplog.text


def test_weights_without_it_run_as_floats(weights: Path) -> None:
    card = read_segmenter_card(weights)
    write_card(replace(card, quantised_sha256=""), weights)
    try:
        assert Segmenter.load(weights, OPENVINO).runtime != "openvino int8"
    finally:
        write_card(card, weights)


def test_train_photos_are_needed(weights: Path, tmp_path: Path) -> None:
    folder = draw_pairs(tmp_path / "pairs", 24)
    write_manifest(folder.root, folder.of_split("val").pairs)
    with pytest.raises(DatasetError, match="no train photos"):
        quantise_segmenter(weights, [folder.root])
