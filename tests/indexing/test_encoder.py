from pathlib import Path

import numpy as np
import pytest
import torch

from indexing.crop import GROUND
from indexing.encoder import (
    SHIPPED_ENCODER,
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
    build_encoder,
    read_encoder_card,
)
from indexing.errors import EncoderError
from segmentation.weights import save_tensors, write_card

SMALL = EncoderArchitecture("test_resnet", 24)
CROPS = CropPreprocessing(48, (0.5, 0.5, 0.5), (0.25, 0.25, 0.25))


def _save_small(folder: Path) -> Path:
    torch.manual_seed(5)
    weights = folder / "small.safetensors"
    sha256 = save_tensors(build_encoder(SMALL), weights)
    write_card(EncoderCard(SMALL, CROPS, sha256), weights)
    return weights


def test_vectors_are_unit_length_and_do_not_depend_on_the_batch(tmp_path: Path) -> None:
    encoder = Encoder.load(_save_small(tmp_path))
    generator = np.random.default_rng(0)
    crops = [generator.integers(0, 255, (48, 48, 3), np.uint8) for _ in range(40)]
    vectors = encoder.encode(crops)
    assert vectors.shape == (40, 24)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[33], encoder.encode([crops[33]])[0], atol=1e-4)


def test_no_crops_no_vectors(tmp_path: Path) -> None:
    assert Encoder.load(_save_small(tmp_path)).encode([]).shape == (0, 24)


def test_damaged_weights_are_an_encoder_error(tmp_path: Path) -> None:
    weights = _save_small(tmp_path)
    weights.write_bytes(weights.read_bytes()[:-7])
    with pytest.raises(EncoderError, match="SHA-256"):
        Encoder.load(weights)


def test_shipped_encoder_is_what_its_card_says() -> None:
    card = read_encoder_card(SHIPPED_ENCODER)
    assert card.training.licence
    encoder = Encoder.load()
    plain = np.full((encoder.side, encoder.side, 3), GROUND, np.uint8)
    assert encoder.encode([plain]).shape == (1, card.architecture.dimension)
