from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from indexing.embedding.crop import BACKGROUND_GREY
from indexing.embedding.encoder import (
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    read_encoder_card,
)
from indexing.embedding.network import load_encoder
from indexing.training.losses import EmbeddingMemory, contrast_loss
from indexing.training.samples import SAME_GARMENT, link_same_garments, read_garments
from indexing.training.train import HALF, EncoderTrainConfig, train_encoder
from indexing.training.views import ViewConfig, ViewPairs, easy_view, hard_view
from segmentation.errors import DatasetError
from segmentation.runtime import REFERENCE
from segmentation.training.imagenet import load_imagenet
from segmentation.training.loop import no_report
from tests.drawn import draw_pairs

SMALL = EncoderArchitecture(dimension=31, patches=16)


def _config(tmp_path: Path, epochs: int) -> EncoderTrainConfig:
    draw_pairs(tmp_path / "pairs", 32, labels=("T-Shirt", "Dress", "Pants"))
    return EncoderTrainConfig(
        (tmp_path / "pairs",),
        tmp_path / "run",
        architecture=SMALL,
        preprocessing=CropPreprocessing(64, HALF, HALF),
        epochs=epochs,
        batch_size=8,
    )


def test_a_run_starts_from_imagenet_writes_weights_and_resumes(tmp_path: Path) -> None:
    lines: list[str] = []
    train_encoder(_config(tmp_path, 1), lines.append)
    weights = train_encoder(replace(_config(tmp_path, 2), threads=1), lines.append)
    assert torch.get_num_threads() == 1, "validation must not take more threads than training"
    log = (tmp_path / "run" / "log.csv").read_text().splitlines()
    assert [line.split(",")[0] for line in log] == ["epoch", "0", "1"]
    assert Encoder.load(weights, REFERENCE).dimension == SMALL.dimension
    assert read_encoder_card(weights).training.data == ("Garments drawn by segmentation.drawing",)
    assert lines[0] == "24 train garments on 24 photos"
    assert lines[-1].startswith("epoch 2 validated: precision@5 ")
    # The stem is frozen: it is still ImageNet's, to half precision.
    stem = load_encoder(weights)[0].backbone
    before = stem.conv_stem.weight.clone()
    load_imagenet(stem, SMALL.backbone)
    assert torch.allclose(before, stem.conv_stem.weight, atol=1e-3)


def test_too_few_garments_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match="too few"):
        train_encoder(replace(_config(tmp_path, 1), batch_size=40), no_report)


def test_a_second_view_comes_from_another_photo_of_the_same_garment(tmp_path: Path) -> None:
    samples = read_garments(_config(tmp_path, 1).pairs, "train", no_report)
    first, second, third = (sample.name for sample in samples[:3])
    linked = link_same_garments(samples, [f"{first},{third},photo-of-another-folder"])
    assert [each.same_garment for each in linked[:3]] == [(2,), (), (0,)]
    config = ViewConfig(other_photo_share=1.0, hard_share=0.0)
    pairs = ViewPairs([linked[0], linked[1], linked[2]], config, (0, 0), 48, 30)
    drawn = [pairs[position] for position in range(30)]
    assert {each.identity for each in drawn} == {0, 1}
    # Colours differ between the two photos, whose pixels `draw_pairs` draws by number.
    assert linked[1].name == second


def test_the_list_of_same_garments_names_no_photo_twice() -> None:
    names = [name for line in SAME_GARMENT.read_text().split() for name in line.split(",")]
    assert len(names) == len(set(names)) >= 40


def test_views_vary_on_a_plain_background(tmp_path: Path) -> None:
    sample, other = read_garments(_config(tmp_path, 1).pairs, "train", no_report)[:2]
    generator = np.random.default_rng(0)
    views = [easy_view(sample, 48, ViewConfig(), generator) for _ in range(2)]
    views += [hard_view(sample, other.photo, 48, ViewConfig(), generator) for _ in range(2)]
    for view in views:
        assert view.shape == (48, 48, 3)
        assert (view == BACKGROUND_GREY).all(axis=2).any()
        assert not (view == BACKGROUND_GREY).all(axis=2).all()
    assert len({view.tobytes() for view in views}) == 4


def test_contrast_is_low_when_views_of_a_garment_agree() -> None:
    vectors = torch.nn.functional.normalize(torch.randn(8, 16), dim=1)
    garments = torch.arange(8).repeat(2)
    agreeing = contrast_loss(torch.cat([vectors, vectors]), garments, 0.1)
    different = contrast_loss(torch.cat([vectors, vectors.roll(1, 0)]), garments, 0.1)
    assert float(agreeing) < 0.5 * float(different)


def test_other_garments_in_memory_are_negatives_but_not_the_garment_itself() -> None:
    one = torch.nn.functional.normalize(torch.randn(1, 16), dim=1).repeat(2, 1)
    garments, memory = torch.tensor([7, 7]), EmbeddingMemory(3, 16)
    memory.add(one, garments)
    assert float(contrast_loss(one, garments, 0.1, memory)) == pytest.approx(0, abs=1e-6)
    memory.add(one, garments + 1)
    assert memory.identities.tolist() == [8, 8, 7]
    # Two negatives with the very same vector: one chance in three.
    assert float(contrast_loss(one, garments, 0.1, memory)) == pytest.approx(np.log(3), abs=1e-4)
