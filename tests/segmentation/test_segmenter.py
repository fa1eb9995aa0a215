import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from timm.layers import Conv2dSame

from segmentation.errors import WeightsError
from segmentation.network import build_network
from segmentation.preprocess import Preprocessing
from segmentation.runtime import REFERENCE
from segmentation.segmenter import Segmenter
from segmentation.weights import (
    SHIPPED_SEGMENTER,
    Architecture,
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
    assert Segmenter.load(weights, REFERENCE).fingerprint.startswith("fpn-test_resnet/")


def test_masks_have_the_size_of_their_photos_in_any_mix(tmp_path: Path) -> None:
    segmenter = Segmenter.load(_save_small(tmp_path), REFERENCE)
    photos = [draw_pair(seed, height, width)[0] for seed, (height, width) in enumerate(
        [(200, 150), (90, 160), (64, 64), (300, 40)])]  # fmt: skip
    found = segmenter.segment(photos)
    assert [each.mask.shape for each in found] == [photo.shape[:2] for photo in photos]
    # A batch must not change what a photo alone gets.
    alone = [segmenter.segment([photo])[0] for photo in photos]
    for together, single in zip(found, alone, strict=True):
        assert (together.mask == single.mask).mean() > 0.999


@pytest.mark.parametrize("size", [(96, 64), (64, 96)])
def test_constant_padding_is_what_timm_computes(size: tuple[int, int]) -> None:
    network = build_network(Architecture("tf_efficientnet_lite0", 32, 32)).eval()
    photos = torch.rand(1, 3, *size)
    padded = [each for each in network.modules() if isinstance(each, Conv2dSame)]
    assert len(padded) == 5
    with torch.inference_mode():
        constant = network(photos)
        for each in padded:
            del each.forward  # the instance's; timm's stays
        assert all(map(torch.equal, constant, network(photos)))


def test_no_photos_no_masks(tmp_path: Path) -> None:
    assert Segmenter.load(_save_small(tmp_path), REFERENCE).segment([]) == []


def test_damaged_or_missing_weights_are_named(tmp_path: Path) -> None:
    weights = _save_small(tmp_path)
    data = bytearray(weights.read_bytes())
    data[-5] ^= 1
    weights.write_bytes(data)
    with pytest.raises(WeightsError, match="SHA-256 differs"):
        Segmenter.load(weights, REFERENCE)
    weights.unlink()
    with pytest.raises(WeightsError, match="missing"):
        Segmenter.load(weights, REFERENCE)
    card_path(weights).unlink()
    with pytest.raises(WeightsError, match="card"):
        Segmenter.load(weights, REFERENCE)


def test_shipped_weights_are_what_their_card_says() -> None:
    card = read_segmenter_card(SHIPPED_SEGMENTER)
    assert card.classes == ("background", "upper", "whole", "lower")
    assert card.training.licence
    assert 0 < card.figures["val_street_miou"] < 1
    photo, _ = draw_pair(1, 360, 270)
    (found,) = Segmenter.load().segment([photo])
    assert found.mask.shape == (360, 270)
    assert set(np.unique(found.mask)) <= {0, 1, 2, 3}


def test_the_shipped_segmenter_runs_without_torch() -> None:
    code = (
        "import sys, numpy as np\n"
        "from segmentation.runtime import RuntimeOptions\n"
        "from segmentation.segmenter import Segmenter\n"
        "segmenter = Segmenter.load(options=RuntimeOptions('openvino', 1))\n"
        "(found,) = segmenter.segment([np.full((90, 60, 3), 128, np.uint8)])\n"
        "assert found.mask.shape == (90, 60)\n"
        "heavy = {'torch', 'timm', 'segmentation_models_pytorch', 'transformers', 'cv2'}\n"
        "sys.exit(', '.join(heavy & set(sys.modules)) or 0)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_plain_photo_shows_no_garment(level: int) -> None:
    (found,) = Segmenter.load().segment([np.full((360, 270, 3), level, np.uint8)])
    assert found.garments == ()
    assert not found.mask.any()
