from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation.errors import DatasetError
from segmentation.losses import segmentation_loss
from segmentation.model import Architecture
from segmentation.predictor import Segmenter
from segmentation.runs import Phase, learning_rate_factor
from segmentation.train import TrainConfig, Views, read_samples, train_segmenter
from tests.drawn import draw_pairs


def _config(tmp_path: Path, epochs: int) -> TrainConfig:
    draw_pairs(tmp_path / "pairs", 24)
    return TrainConfig(
        (tmp_path / "pairs",),
        tmp_path / "run",
        phases=(Phase(epochs, 64, 64),),
        views_per_epoch=24,
        batch_size=8,
        architecture=Architecture("test_resnet", 32, 32),
    )


def test_a_run_writes_weights_log_and_overlays_and_resumes(tmp_path: Path) -> None:
    weights = train_segmenter(_config(tmp_path, 1))
    train_segmenter(_config(tmp_path, 2))
    log = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "0", "1"]
    assert sorted(path.name for path in (tmp_path / "run" / "overlays").iterdir()) == [
        "000.jpg",
        "001.jpg",
    ]
    assert Segmenter.load(weights).card.preprocessing.height == 64


def test_views_are_the_same_for_the_same_seed_and_differ_by_epoch(tmp_path: Path) -> None:
    config = _config(tmp_path, 1)
    samples, _ = read_samples(config)
    first, again, next_epoch = (Views(samples, config, epoch, (64, 64))[0] for epoch in (0, 0, 1))
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], next_epoch[0])
    assert first[1].shape == (64, 64)


def test_loss_falls_to_near_nothing_when_the_answer_is_right() -> None:
    masks = torch.randint(0, 4, (2, 32, 32))
    right = 12.0 * torch.nn.functional.one_hot(masks, 4).permute(0, 3, 1, 2)
    presence = torch.full((2, 3), 12.0)
    good = segmentation_loss(right, presence, masks)
    bad = segmentation_loss(-right, presence, masks)
    assert float(good) < 0.5 < 5 < float(bad)


def test_learning_rate_warms_up_then_falls() -> None:
    factors = [learning_rate_factor(share) for share in (0.0, 0.03, 0.5, 1.0)]
    assert factors[0] < 0.1
    assert factors[1] == 1.0
    assert factors[1] > factors[2] > factors[3] > 0


def test_a_folder_that_is_no_pairs_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"manifest\.csv"):
        train_segmenter(TrainConfig((tmp_path,), tmp_path / "run"))
