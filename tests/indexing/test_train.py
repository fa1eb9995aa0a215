from pathlib import Path

import numpy as np
import torch

from indexing.crop import GROUND
from indexing.encoder import Encoder, EncoderArchitecture
from indexing.train import (
    EncoderTrainConfig,
    changed_view,
    contrast_loss,
    read_garments,
    train_encoder,
)
from segmentation.model import Architecture, build_network
from segmentation.preprocess import Preprocessing
from segmentation.runs import Phase
from segmentation.weights import SegmenterCard, save_tensors, write_card
from tests.drawn import draw_pairs


def _config(tmp_path: Path, epochs: int) -> EncoderTrainConfig:
    draw_pairs(tmp_path / "pairs", 32, labels=("T-Shirt", "Dress", "Pants"))
    return EncoderTrainConfig(
        (tmp_path / "pairs",),
        tmp_path / "run",
        segmenter=_small_segmenter(tmp_path),
        phases=(Phase(epochs, 48, 48),),
        batch_size=8,
        architecture=EncoderArchitecture("test_resnet", 16),
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
    train_encoder(_config(tmp_path, 2))
    log = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "0", "1"]
    assert Encoder.load(weights).dimension == 16


def test_views_show_the_garment_on_plain_ground_each_time_another_way(tmp_path: Path) -> None:
    config = _config(tmp_path, 1)
    sample = read_garments(config.pairs, "train")[0]
    generator = np.random.default_rng(0)
    first, second = (changed_view(sample, 48, config, generator) for _ in range(2))
    assert first.shape == (48, 48, 3)
    assert not np.array_equal(first, second)
    assert (first == GROUND).all(axis=2).any()
    assert not (first == GROUND).all(axis=2).all()


def test_contrast_is_low_when_views_of_a_garment_agree() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(8, 16), dim=1)
    agreeing = contrast_loss(torch.cat([vectors, vectors]), 0.1)
    strangers = contrast_loss(torch.cat([vectors, vectors.roll(1, 0)]), 0.1)
    assert float(agreeing) < 0.5 * float(strangers)
