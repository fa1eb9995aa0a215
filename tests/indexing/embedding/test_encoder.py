from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from indexing.embedding.crop import BACKGROUND_GREY, Crop, crop_garment
from indexing.embedding.encoder import (
    SHIPPED_ENCODER,
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
    read_encoder_card,
)
from indexing.embedding.network import build_encoder
from indexing.embedding.patches import UNIT
from indexing.errors import EncoderError
from segmentation.mask import find_garments, one_hot, whole_photo_garment
from segmentation.photos import read_photo
from segmentation.runtime import REFERENCE, RuntimeOptions
from segmentation.weights import save_tensors, write_card
from tests.drawn import draw_pair

SMALL = EncoderArchitecture("test_efficientnet", 24)
CROPS = CropPreprocessing(48, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def _save_small(folder: Path, architecture: EncoderArchitecture = SMALL) -> Path:
    torch.manual_seed(5)
    weights = folder / "small.safetensors"
    sha256 = save_tensors(build_encoder(architecture), weights)
    write_card(EncoderCard(architecture, CROPS, sha256), weights)
    return weights


def test_vectors_are_unit_length_and_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    encoder = Encoder.load(_save_small(tmp_path), REFERENCE)
    generator = np.random.default_rng(0)
    crops = [generator.integers(0, 255, (48, 48, 3), np.uint8) for _ in range(40)]
    vectors, tiles = (found := encoder.encode(crops)).styles, found.patches
    assert vectors.shape == (40, 24)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alone = encoder.encode([crops[33]])
    assert np.allclose(vectors[33], alone.styles[0], atol=1e-4)
    # Noise leaves no tile out: 3 x 3 of 16 pixels each.
    assert [each.shape for each in tiles] == [(9, SMALL.patches)] * 40
    assert np.abs(tiles[33].astype(int) - alone.patches[0]).max() <= 1
    assert np.allclose(np.linalg.norm(tiles[0] / UNIT, axis=1), 1, atol=0.05)


def test_no_crops_no_vectors(tmp_path: Path) -> None:
    assert Encoder.load(_save_small(tmp_path), REFERENCE).encode([]).styles.shape == (0, 24)


def test_damaged_weights_are_an_encoder_error(tmp_path: Path) -> None:
    weights = _save_small(tmp_path)
    weights.write_bytes(weights.read_bytes()[:-7])
    with pytest.raises(EncoderError, match="SHA-256"):
        Encoder.load(weights, REFERENCE)


def test_shipped_encoder_is_what_its_card_says() -> None:
    card = read_encoder_card(SHIPPED_ENCODER)
    assert card.training.licence
    encoder = Encoder.load()
    plain = np.full((encoder.side, encoder.side, 3), BACKGROUND_GREY, np.uint8)
    assert encoder.encode([plain]).styles.shape == (1, card.architecture.dimension)


def _cosines(crops: list[Crop], fast: RuntimeOptions) -> np.ndarray[Any, Any]:
    expected = Encoder.load(options=REFERENCE).encode(crops).styles
    found = Encoder.load(options=fast).encode(crops).styles
    return np.asarray((expected * found).sum(axis=1))


def test_shipped_vectors_agree_with_the_reference_on_drawn_crops(fast: RuntimeOptions) -> None:
    pairs = [draw_pair(seed) for seed in range(8)]
    side = read_encoder_card(SHIPPED_ENCODER).preprocessing.side
    crops = [
        crop_garment(photo, garment, side)
        for photo, mask in pairs
        for garment in find_garments(mask, one_hot(mask))
    ]
    assert len(crops) >= 6
    assert _cosines(crops, fast).min() >= 0.999


@pytest.mark.datasets
def test_shipped_vectors_agree_with_the_reference_on_real_crops(
    datasets: Path, fast: RuntimeOptions
) -> None:
    side = read_encoder_card(SHIPPED_ENCODER).preprocessing.side
    paths = sorted((datasets / "clothing" / "photos").glob("*.jpg"))[::150]
    photos = [read_photo(path) for path in paths]
    crops = [crop_garment(photo, whole_photo_garment(*photo.shape[:2]), side) for photo in photos]
    assert _cosines(crops, fast).min() >= 0.999
