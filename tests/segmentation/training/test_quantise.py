"""The 8-bit network beside its weights: made, run in place of the other, refused when altered."""

import logging
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation.data.pairs import write_manifest
from segmentation.errors import DatasetError, WeightsError
from segmentation.network import build_network
from segmentation.photos import Photo
from segmentation.preprocess import MEAN, STD, Preprocessing, canvas_of
from segmentation.runtime import RuntimeOptions
from segmentation.segmenter import Segmenter
from segmentation.torch_runtime import PictureNetwork
from segmentation.training import quantise
from segmentation.training.quantise import quantise_segmenter, tuned_to_rounding
from segmentation.weights import (
    Architecture,
    SegmenterCard,
    quantised_path,
    read_segmenter_card,
    save_quantised_hash,
    save_tensors,
    write_card,
)
from tests.drawn import draw_pair, draw_pairs

OPENVINO = RuntimeOptions("openvino", threads=1)
TORCH = RuntimeOptions("torch", threads=1)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small network with its 8-bit twin, of photos in both orientations."""
    folder = tmp_path_factory.mktemp("quantised")
    draw_pairs(folder / "pairs", 24)
    torch.manual_seed(0)
    trained = folder / "segmenter.safetensors"
    architecture = Architecture("test_resnet", 32, 32)
    sha256 = save_tensors(build_network(architecture), trained)
    write_card(SegmenterCard(architecture, Preprocessing(64, 64, MEAN, STD), sha256), trained)
    assert quantise_segmenter(trained, [folder / "pairs"], photos=12) == quantised_path(trained)
    return trained


def _photos() -> list[Photo]:
    return [draw_pair(seed, 400, 300)[0] for seed in range(6)]


def test_it_runs_instead_of_the_float_network_and_says_the_same(weights: Path) -> None:
    found, reference = Segmenter.load(weights, OPENVINO), Segmenter.load(weights, TORCH)
    assert (found.runtime, reference.runtime) == ("openvino int8", "torch f32")
    assert found.fingerprint == reference.fingerprint
    both = [segmenter.predict(_photos()) for segmenter in (found, reference)]
    apart = [
        np.abs(one.probabilities - other.probabilities).mean()
        for one, other in zip(*both, strict=True)
    ]
    # In so small a network eight bits tell; test_runtime has the shipped one.
    assert 0 < np.mean(apart) <= 0.05


def test_the_tuned_copy_is_nearer_to_the_float_network_when_it_is_rounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    network = build_network(Architecture("test_efficientnet", 32, 32))
    reference = PictureNetwork(network, MEAN, STD).eval()
    pictures = [canvas_of(photo, Preprocessing(64, 64, MEAN, STD))[None] for photo in _photos()]
    before = {name: each.clone() for name, each in reference.state_dict().items()}
    steps: list[tuple[int, int]] = []
    losses: list[float] = []
    distance = quantise._distance

    def measured(outputs: quantise.Outputs, wanted: quantise.Outputs) -> torch.Tensor:
        loss = distance(outputs, wanted)
        losses.append(loss.item())
        return loss

    monkeypatch.setattr(quantise, "_distance", measured)
    tuned = tuned_to_rounding(
        reference, pictures, seed=0, progress=lambda done, total: steps.append((done, total))
    )
    assert all(torch.equal(each, before[name]) for name, each in reference.state_dict().items())
    assert tuned.state_dict().keys() == before.keys()
    assert steps[-1] == (len(steps), len(steps))
    assert losses[-1] < losses[0]


def test_weights_are_rounded_to_half_of_eight_bits_and_learn_as_if_they_were_not() -> None:
    weight = torch.randn(4, 3, 3, 3, requires_grad=True)
    rounded = quantise._RoundedWeight(quantise.LEVELS)(weight)
    assert all(len(channel.unique()) <= 128 for channel in rounded)
    step = weight.detach().abs().amax((1, 2, 3), keepdim=True) / quantise.LEVELS
    assert ((rounded - weight).abs() <= step / 2 + 1e-6).all()
    rounded.sum().backward()
    assert weight.grad is not None
    assert torch.equal(weight.grad, torch.ones_like(weight))


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
    weights: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, card = quantised_path(weights), read_segmenter_card(weights)
    text = path.read_text()
    try:
        path.write_text("<net")
        save_quantised_hash(weights)
        with caplog.at_level(logging.WARNING):
            segmenter = Segmenter.load(weights, OPENVINO)
    finally:
        path.write_text(text)
        write_card(card, weights)
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
