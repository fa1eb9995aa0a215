from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from indexing.crop import GROUND
from indexing.encoder import (
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
    build_encoder,
    read_encoder_card,
)
from indexing.losses import Memory, contrast_loss
from indexing.train import EncoderTrainConfig, going_on_from, train_encoder
from indexing.training_views import ViewConfig, easy_view, hard_view, read_garments
from segmentation.errors import WeightsError
from segmentation.model import Architecture, build_network
from segmentation.preprocess import MEAN, STD, Preprocessing
from segmentation.runs import Phase
from segmentation.weights import SegmenterCard, load_tensors, save_tensors, write_card
from tests.drawn import draw_pairs


def _config(tmp_path: Path, epochs: int) -> EncoderTrainConfig:
    draw_pairs(tmp_path / "pairs", 32, labels=("T-Shirt", "Dress", "Pants"))
    return EncoderTrainConfig(
        (tmp_path / "pairs",),
        tmp_path / "run",
        segmenter=_small_segmenter(tmp_path),
        phases=(Phase(epochs, 48, 48),),
        batch_size=8,
        architecture=EncoderArchitecture("test_resnet", 31),
    )


def _small_segmenter(folder: Path) -> Path:
    weights = folder / "segmenter.safetensors"
    architecture = Architecture("test_resnet", 32, 32)
    sha256 = save_tensors(build_network(architecture), weights)
    canvas = Preprocessing(64, 64, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))
    write_card(SegmenterCard(architecture, canvas, sha256), weights)
    return weights


def test_a_run_starts_from_the_segmenter_writes_weights_and_resumes(tmp_path: Path) -> None:
    weights = train_encoder(_config(tmp_path, 1))
    train_encoder(replace(_config(tmp_path, 2), threads=1))
    assert torch.get_num_threads() == 1, "validation must not take more threads than training"
    log = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "0", "1"]
    assert Encoder.load(weights).dimension == 31


def test_a_second_run_goes_on_from_an_encoder(tmp_path: Path) -> None:
    config = _config(tmp_path, 1)
    start = tmp_path / "start.safetensors"
    sha256 = save_tensors(build_encoder(config.architecture), start)
    write_card(EncoderCard(config.architecture, CropPreprocessing(48, MEAN, STD), sha256), start)
    second = going_on_from(start, replace(config, segmenter=None))
    assert "--start start.safetensors" in second.command
    # Nothing is learnt at this rate: what is kept are the weights it started from.
    still = replace(second, phases=(Phase(1, 48, 48),), learning_rate=1e-12)
    again = train_encoder(still)
    expected, found = build_encoder(config.architecture), build_encoder(config.architecture)
    load_tensors(expected, start, sha256)
    load_tensors(found, again, read_encoder_card(again).sha256)
    for name, weight in expected.named_parameters():
        assert torch.allclose(weight, found.get_parameter(name), atol=1e-3), name
    # Weights from before there were tiles serve as well.
    old = tmp_path / "old.safetensors"
    without = replace(config.architecture, tiles=0)
    sha256 = save_tensors(build_encoder(without), old)
    write_card(EncoderCard(without, CropPreprocessing(48, MEAN, STD), sha256), old)
    later = train_encoder(replace(still, out=tmp_path / "later", start=old))
    assert read_encoder_card(later).architecture.tiles == config.architecture.tiles
    other = replace(still, out=tmp_path / "other", architecture=EncoderArchitecture("test_vit"))
    with pytest.raises(WeightsError, match="architecture"):
        train_encoder(other)


def test_views_show_the_garment_on_plain_ground_each_time_another_way(tmp_path: Path) -> None:
    sample, other = read_garments(_config(tmp_path, 1).pairs, "train")[:2]
    generator = np.random.default_rng(0)
    views = [easy_view(sample, 48, ViewConfig(), generator) for _ in range(2)]
    views += [hard_view(sample, other.photo, 48, ViewConfig(), generator) for _ in range(2)]
    for view in views:
        assert view.shape == (48, 48, 3)
        assert (view == GROUND).all(axis=2).any()
        assert not (view == GROUND).all(axis=2).all()
    assert len({view.tobytes() for view in views}) == 4


def test_contrast_is_low_when_views_of_a_garment_agree() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(8, 16), dim=1)
    garments = torch.arange(8).repeat(2)
    agreeing = contrast_loss(torch.cat([vectors, vectors]), garments, 0.1)
    strangers = contrast_loss(torch.cat([vectors, vectors.roll(1, 0)]), garments, 0.1)
    assert float(agreeing) < 0.5 * float(strangers)


def test_strangers_in_the_memory_count_but_not_the_garment_itself() -> None:
    one = torch.nn.functional.normalize(torch.randn(1, 16), dim=1).repeat(2, 1)
    garments, memory = torch.tensor([7, 7]), Memory(3, 16)
    memory.keep(one, garments)
    assert float(contrast_loss(one, garments, 0.1, memory)) == pytest.approx(0, abs=1e-6)
    memory.keep(one, garments + 1)
    assert memory.garments.tolist() == [8, 8, 7]
    # Two strangers in the very same place: one chance in three.
    assert float(contrast_loss(one, garments, 0.1, memory)) == pytest.approx(np.log(3), abs=1e-4)
