"""The encoder for OpenVINO: it agrees with the reference and runs without torch."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from indexing.embedding.encoder import (
    CropPreprocessing,
    Encoder,
    EncoderArchitecture,
    EncoderCard,
    read_encoder_card,
)
from indexing.embedding.network import build_encoder
from indexing.errors import EncoderError
from indexing.training.quantise import quantise_encoder
from segmentation.runtime import REFERENCE, RuntimeOptions
from segmentation.weights import save_tensors, write_card
from tests.drawn import draw_pairs

HALF = (0.5, 0.5, 0.5)
_ENCODE_WITHOUT_TORCH = """
import sys
import numpy as np
from pathlib import Path
from indexing.embedding.encoders import open_encoder
from segmentation.runtime import RuntimeOptions
encoder = open_encoder(sys.argv[1], RuntimeOptions("openvino", 1))
assert encoder.runtime.startswith("openvino "), encoder.runtime
assert encoder.encode([np.zeros((encoder.side, encoder.side, 3), np.uint8)]).styles.shape[0] == 1
heavy = {"torch", "timm", "segmentation_models_pytorch"} & set(sys.modules)
assert not heavy, heavy
"""


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(2)
    architecture = EncoderArchitecture("test_efficientnet", 31, patches=16)
    path = folder / "encoder.safetensors"
    sha256 = save_tensors(build_encoder(architecture), path)
    write_card(EncoderCard(architecture, CropPreprocessing(48, HALF, HALF), sha256), path)
    draw_pairs(folder / "pairs", 32, labels=("T-Shirt", "Dress"))
    quantise_encoder(path, [folder / "pairs"])
    return path


def test_the_card_names_the_network_and_how_well_it_agrees(weights: Path) -> None:
    card = read_encoder_card(weights)
    assert card.openvino in ("encoder.int8.xml", "encoder.f16.xml")
    assert card.figures["openvino_cosine"] >= 0.995
    fast = Encoder.load(weights, RuntimeOptions("openvino", 1))
    assert fast.runtime == f"openvino {card.openvino.split('.')[1]}"
    assert fast.fingerprint == Encoder.load(weights, REFERENCE).fingerprint


def test_encoding_imports_no_torch(weights: Path) -> None:
    code = [sys.executable, "-c", _ENCODE_WITHOUT_TORCH, str(weights)]
    done = subprocess.run(code, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_another_network_than_the_card_describes_is_refused(weights: Path, tmp_path: Path) -> None:
    for file in weights.parent.glob("encoder.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    network = tmp_path / read_encoder_card(weights).openvino
    network.write_text(network.read_text() + " ")
    with pytest.raises(EncoderError, match="SHA-256"):
        Encoder.load(tmp_path / weights.name)
