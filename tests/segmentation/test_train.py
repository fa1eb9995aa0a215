from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation.classes import GarmentClass
from segmentation.errors import DatasetError
from segmentation.losses import part_loss, presence_loss, segmentation_loss
from segmentation.model import Architecture
from segmentation.pairs import read_pairs, write_manifest
from segmentation.parts import (
    CLASS_CODE,
    PART_COUNT,
    PARTS,
    PRESENCE_COUNT,
    UNKNOWN_CODE,
    UNSAID,
)
from segmentation.predictor import Segmenter
from segmentation.runs import Phase, Schedule
from segmentation.samples import Mixture, Views, read_samples
from segmentation.train import last_weights, train_segmenter
from segmentation.train_config import TrainConfig, for_second_look, going_on_from, on_bare_ground
from segmentation.weights import load_segmenter
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
    train_segmenter(replace(_config(tmp_path, 2), threads=1))
    assert torch.get_num_threads() == 1, "validation must not take more threads than training"
    log = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "0", "1"]
    assert sorted(path.name for path in (tmp_path / "run" / "overlays").iterdir()) == [
        "000.jpg",
        "001.jpg",
    ]
    assert Segmenter.load(weights).card.preprocessing.height == 64
    last, card = load_segmenter(last_weights(tmp_path / "run"))
    assert card.training.views == 2 * _config(tmp_path, 2).views_per_epoch
    kept = torch.load(tmp_path / "run" / "checkpoint.pt", weights_only=True)["average"]
    for name, weight in last.state_dict().items():
        assert torch.allclose(weight.float(), kept[f"module.{name}"].float(), atol=1e-3), name


def test_a_second_run_goes_on_from_weights_and_guesses_with_them(tmp_path: Path) -> None:
    first = _config(tmp_path, 1)
    start = train_segmenter(first)
    folder = read_pairs(tmp_path / "pairs")
    train_pairs = folder.of_split("train").pairs
    tagged = [
        replace(pair, source="ccp-tagged", label="dress") if pair in train_pairs[:3] else pair
        for pair in folder.pairs
    ]
    write_manifest(folder.root, tagged)
    second = going_on_from(start, replace(first, out=tmp_path / "second"))
    assert second.mixture != first.mixture
    assert "--start segmenter.safetensors" in second.command
    on_ground = on_bare_ground(second, 0.5)
    assert on_ground.mixture == replace(second.mixture, on_ground=0.5)
    assert on_ground.command == f"{second.command} --on-ground 0.5"
    looks_again = for_second_look(second)
    assert looks_again.mixture.changed > second.mixture.changed
    assert looks_again.command == f"{second.command} --second-look"
    # Nothing is learnt at this rate: what is kept are the weights it started from.
    still = replace(second, phases=(Phase(1, 64, 64),), learning_rate=1e-12, mixture=Mixture())
    expected, _ = load_segmenter(start)
    found, _ = load_segmenter(train_segmenter(still))
    for name, weight in expected.fpn.decoder.named_parameters():
        assert torch.allclose(weight, found.fpn.decoder.get_parameter(name), atol=1e-3), name
    assert (tmp_path / "second" / "guessed-0.npz").is_file()


def test_views_are_the_same_for_the_same_seed_and_differ_by_epoch(tmp_path: Path) -> None:
    config = _config(tmp_path, 1)
    samples = read_samples(config.pairs, "train", 1.0)
    first, again, next_epoch = (
        Views(samples, Mixture(), config.augment, 24, (64, 64), (0, epoch))[0]
        for epoch in (0, 0, 1)
    )
    assert np.array_equal(first[0], again[0])
    assert not np.array_equal(first[0], next_epoch[0])
    assert first[1].shape == (32, 32)


def _logits_of(codes: torch.Tensor) -> torch.Tensor:
    return 12.0 * torch.nn.functional.one_hot(codes, PART_COUNT).permute(0, 3, 1, 2)


def test_loss_falls_to_near_nothing_when_the_answer_is_right() -> None:
    codes = torch.randint(0, PART_COUNT, (2, 32, 32))
    presence, answers = torch.full((2, PRESENCE_COUNT), 12.0), torch.ones(2, PRESENCE_COUNT)
    good = segmentation_loss(_logits_of(codes), presence, codes, answers)
    bad = segmentation_loss(-_logits_of(codes), -presence, codes, answers)
    assert float(good) < 0.5 < 5 < float(bad)


def test_an_unknown_pixel_teaches_nothing() -> None:
    logits = torch.randn(1, PART_COUNT, 8, 8)
    assert float(part_loss(logits, torch.full((1, 8, 8), UNKNOWN_CODE))) == pytest.approx(0)


def test_a_pixel_whose_class_alone_is_known_accepts_each_part_of_it() -> None:
    dress = torch.full((1, 8, 8), PARTS.index("dress"))
    some_whole = torch.full((1, 8, 8), CLASS_CODE + GarmentClass.WHOLE)
    some_lower = torch.full((1, 8, 8), CLASS_CODE + GarmentClass.LOWER)
    assert float(part_loss(_logits_of(dress), some_whole)) < 0.01
    assert float(part_loss(_logits_of(dress), some_lower)) > 5


def test_what_is_not_said_of_a_photo_does_not_count() -> None:
    logits, answers = torch.randn(2, PRESENCE_COUNT), torch.full((2, PRESENCE_COUNT), UNSAID)
    assert float(presence_loss(logits, answers)) == 0


def test_learning_rate_rises_stays_and_falls_whatever_comes_between() -> None:
    short, long = (Schedule((Phase(count, 1, 1),), 1.0, 0.0, 0.9, 4) for count in (10, 20))
    assert short.factor_at(0) < 0.1
    assert [short.factor_at(epoch) for epoch in (1, 3, 6)] == [1.0, 1.0, 1.0]
    assert [long.factor_at(epoch) for epoch in (0.5, 6, 16)] == [short.factor_at(0.5), 1.0, 1.0]
    assert 1.0 > short.factor_at(8) > short.factor_at(9.9) > 0


def test_photos_without_masks_are_labelled_by_the_network_and_the_guess_is_kept(
    tmp_path: Path,
) -> None:
    config = _config(tmp_path, 1)
    folder = read_pairs(tmp_path / "pairs")
    tagged = [
        replace(pair, source="ccp-tagged", label="dress|skin") if pair.split == "train" else pair
        for pair in folder.pairs
    ]
    write_manifest(folder.root, tagged)
    train_segmenter(replace(config, phases=(Phase(1, 64, 64), Phase(1, 96, 64))))
    with np.load(tmp_path / "run" / "guessed-1.npz") as guessed:
        codes = np.unique(np.concatenate([guessed[name].ravel() for name in guessed.files]))
    allowed = {0, PARTS.index("skin"), PARTS.index("dress"), UNKNOWN_CODE}
    allowed |= {CLASS_CODE + GarmentClass.BACKGROUND, CLASS_CODE + GarmentClass.WHOLE}
    assert set(codes.tolist()) <= allowed


def test_a_folder_that_is_no_pairs_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=r"manifest\.csv"):
        train_segmenter(TrainConfig((tmp_path,), tmp_path / "run"))
