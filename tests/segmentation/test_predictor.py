import threading
from pathlib import Path

import numpy as np
import pytest
import torch

from segmentation.errors import WeightsError
from segmentation.model import Architecture, build_network
from segmentation.predictor import Segmenter, predictions_of
from segmentation.preprocess import Preprocessing
from segmentation.runtime import Arrays, Pictures
from segmentation.weights import (
    SHIPPED_SEGMENTER,
    SegmenterCard,
    card_path,
    file_sha256,
    read_segmenter_card,
    save_tensors,
    write_card,
)
from tests.drawn import draw_pair

SMALL = Architecture("test_resnet", 32, 32)
CANVAS = Preprocessing(96, 64, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def _save_small(folder: Path) -> Path:
    torch.manual_seed(3)
    weights = folder / "small.safetensors"
    sha256 = save_tensors(build_network(SMALL), weights)
    write_card(SegmenterCard(SMALL, CANVAS, sha256), weights)
    return weights


def test_weights_and_card_come_back_as_they_were_saved(tmp_path: Path) -> None:
    weights = _save_small(tmp_path)
    card = read_segmenter_card(weights)
    assert card.architecture == SMALL
    assert card.preprocessing == CANVAS
    assert card.sha256 == file_sha256(weights)
    assert Segmenter.load(weights).fingerprint.startswith("fpn-test_resnet/")


def test_masks_have_the_size_of_their_photos_in_any_mix(tmp_path: Path) -> None:
    segmenter = Segmenter.load(_save_small(tmp_path))
    photos = [draw_pair(seed, height, width)[0] for seed, (height, width) in enumerate(
        [(200, 150), (90, 160), (64, 64), (300, 40)])]  # fmt: skip
    found = segmenter.segment(photos)
    assert [each.mask.shape for each in found] == [photo.shape[:2] for photo in photos]
    # A batch must not change what a photo alone gets.
    alone = [segmenter.segment([photo])[0] for photo in photos]
    for together, single in zip(found, alone, strict=True):
        assert (together.mask == single.mask).mean() > 0.999


def test_with_the_mirror_image_left_and_right_are_alike(tmp_path: Path) -> None:
    segmenter = Segmenter.load(_save_small(tmp_path))
    photo = draw_pair(0, 192, 128)[0]
    pair = [photo, np.ascontiguousarray(photo[:, ::-1])]

    def difference(flip: bool) -> float:
        straight, mirrored = segmenter.predictions(pair, flip)
        apart = np.abs(straight.probabilities - mirrored.probabilities[:, :, ::-1])
        return float(apart.mean())

    assert difference(flip=True) < 1e-3
    assert difference(flip=True) < difference(flip=False) / 5


class _Meeting:
    """A runtime with room for two calls; the first waits for the second."""

    name = "meeting"
    calls_at_once = 2

    def __init__(self) -> None:
        self._both_inside = threading.Barrier(2, timeout=20)

    def run(self, pictures: Pictures) -> Arrays:
        self._both_inside.wait()
        count, height, width, _ = pictures.shape
        even = np.full((count, 4, height // 4, width // 4), 0.25, np.float32)
        return even, np.zeros((count, 3), np.float32)


def test_a_photo_alone_is_looked_at_both_ways_side_by_side() -> None:
    photo = draw_pair(0, 96, 64)[0]
    (prediction,) = predictions_of(_Meeting(), CANVAS, [photo], flip=True)
    assert prediction.probabilities.shape == (4, 96, 64)


def test_no_photos_no_masks(tmp_path: Path) -> None:
    assert Segmenter.load(_save_small(tmp_path)).segment([]) == []


def test_damaged_or_missing_weights_are_named(tmp_path: Path) -> None:
    weights = _save_small(tmp_path)
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    with pytest.raises(WeightsError, match="SHA-256 differs"):
        Segmenter.load(weights)
    weights.unlink()
    with pytest.raises(WeightsError, match="missing"):
        Segmenter.load(weights)
    card_path(weights).unlink()
    with pytest.raises(WeightsError, match="card"):
        Segmenter.load(weights)


def test_shipped_weights_are_what_their_card_says() -> None:
    card = read_segmenter_card(SHIPPED_SEGMENTER)
    assert card.classes == ("background", "upper", "whole", "lower")
    assert card.training.licence
    assert 0 < card.figures["val_street_miou"] < 1
    photo, _ = draw_pair(1, 360, 270)
    (found,) = Segmenter.load().segment([photo])
    assert found.mask.shape == (360, 270)
    assert set(np.unique(found.mask)) <= {0, 1, 2, 3}


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_photo_shows_no_garment(level: int) -> None:
    (found,) = Segmenter.load().segment([np.full((360, 270, 3), level, np.uint8)])
    assert found.garments == ()
    assert found.mask.shape == (360, 270)
    assert not found.mask.any()
