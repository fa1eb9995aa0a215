from pathlib import Path

import pytest
import torch

from indexing.encoder import (
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
    build_encoder,
)
from indexing.mixture import mix_encoders
from segmentation.errors import WeightsError
from segmentation.mixture import mix_segmenters
from segmentation.model import Architecture, build_network
from segmentation.preprocess import MEAN, STD, Preprocessing
from segmentation.weights import SegmenterCard, load_segmenter, save_tensors, write_card


def _segmenter(path: Path, seed: int, channels: int = 32) -> Path:
    torch.manual_seed(seed)
    architecture = Architecture("test_resnet", channels, 32)
    sha256 = save_tensors(build_network(architecture), path)
    card = SegmenterCard(architecture, Preprocessing(64, 64, MEAN, STD), sha256)
    write_card(card, path)
    return path


def test_a_mixture_lies_between_two_segmenters(tmp_path: Path) -> None:
    start = _segmenter(tmp_path / "a.safetensors", 0)
    trained = _segmenter(tmp_path / "b.safetensors", 1)
    mixed, card = load_segmenter(mix_segmenters(start, trained, 0.25, tmp_path / "out.safetensors"))
    assert "0.25 of its end mixed with" in card.training.command
    one, other = load_segmenter(start)[0], load_segmenter(trained)[0]
    for name, weight in mixed.named_parameters():
        expected = 0.75 * one.get_parameter(name) + 0.25 * other.get_parameter(name)
        # Weights are kept in half precision.
        assert torch.allclose(weight, expected, atol=1e-3), name


def test_networks_of_another_shape_are_refused(tmp_path: Path) -> None:
    start = _segmenter(tmp_path / "a.safetensors", 0)
    trained = _segmenter(tmp_path / "b.safetensors", 1, channels=64)
    with pytest.raises(WeightsError, match="not of one network"):
        mix_segmenters(start, trained, 0.5, tmp_path / "out.safetensors")


def test_encoders_are_mixed_too(tmp_path: Path) -> None:
    architecture = EncoderArchitecture("test_resnet", 31)
    paths = [tmp_path / f"{seed}.safetensors" for seed in (0, 1)]
    for seed, path in enumerate(paths):
        torch.manual_seed(seed)
        sha256 = save_tensors(build_encoder(architecture), path)
        write_card(EncoderCard(architecture, CropPreprocessing(48, MEAN, STD), sha256), path)
    ends = {Encoder.load(path).fingerprint for path in paths}
    mixed = Encoder.load(mix_encoders(*paths, 0.5, tmp_path / "out.safetensors"))
    assert mixed.dimension == 31
    assert mixed.fingerprint not in ends
    other = tmp_path / "other.safetensors"
    larger = EncoderArchitecture("test_resnet", 47)
    sha256 = save_tensors(build_encoder(larger), other)
    write_card(EncoderCard(larger, CropPreprocessing(48, MEAN, STD), sha256), other)
    with pytest.raises(WeightsError, match="not of one network"):
        mix_encoders(paths[0], other, 0.5, tmp_path / "out.safetensors")
