"""Any timm network as the encoder, offline: a small one saved to disk as a user would have it."""

import json
from pathlib import Path

import huggingface_hub
import numpy as np
import pytest
import timm
import torch

from indexing.embedding.crop import crop_garment
from indexing.embedding.encoder import SegmentedGarment
from indexing.embedding.wiring import open_encoder
from indexing.errors import EncoderError
from segmentation.mask import whole_photo_garment
from segmentation.runtime import REFERENCE

PHOTOS = np.random.default_rng(0).integers(0, 255, (3, 90, 70, 3), np.uint8)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(3)
    network = timm.create_model("test_vit", pretrained=False)
    folder = tmp_path_factory.mktemp("hub") / "small"
    timm.models.save_for_hf(
        network,
        folder,
        safe_serialization=True,
        data_config={"mean": [0.1, 0.2, 0.3], "std": [0.4, 0.5, 0.6]},
    )
    return folder


def test_a_saved_network_encodes_with_the_preprocessing_of_its_card(saved: Path) -> None:
    encoder = open_encoder(f"local-dir:{saved}", REFERENCE)
    garments = [SegmentedGarment(photo, whole_photo_garment(photo)) for photo in PHOTOS]
    network = timm.create_model(f"local-dir:{saved}", pretrained=True, num_classes=0).eval()
    config = timm.data.resolve_model_data_config(network)
    assert tuple(config["mean"]) == (0.1, 0.2, 0.3)
    side = config["input_size"][1]
    crops = np.stack([crop_garment(each.photo, each.garment, side) for each in garments])
    pixels = torch.tensor(crops / 255.0, dtype=torch.float32)
    inputs = (pixels - torch.tensor(config["mean"])) / torch.tensor(config["std"])
    with torch.inference_mode():
        expected = torch.nn.functional.normalize(network(inputs.permute(0, 3, 1, 2))).numpy()
    assert np.allclose(encoder.encode(garments), expected, atol=1e-4)
    assert encoder.encode([]).shape == (0, encoder.dimension)


def test_its_fingerprint_names_architecture_and_weights(saved: Path) -> None:
    encoder = open_encoder(f"local-dir:{saved}", REFERENCE)
    assert encoder.fingerprint.startswith("test_vit-")
    assert encoder.fingerprint == open_encoder(f"local-dir:{saved}", REFERENCE).fingerprint


@pytest.mark.parametrize("name", ["no_such_network", "local-dir:/no/such/folder", "no.safetensors"])
def test_an_encoder_that_is_not_there_is_named(name: str) -> None:
    with pytest.raises(EncoderError, match=name.removeprefix("local-dir:")):
        open_encoder(name)


@pytest.mark.parametrize("pickle", ["pytorch_model.bin", "model.pth", "last.pth.tar"])
def test_a_pickle_is_refused_by_name(saved: Path, tmp_path: Path, pickle: str) -> None:
    (tmp_path / "config.json").write_bytes((saved / "config.json").read_bytes())
    torch.save(timm.create_model("test_vit").state_dict(), tmp_path / pickle)
    with pytest.raises(EncoderError, match=rf"{pickle} is a pickle.*safe_serialization"):
        open_encoder(f"local-dir:{tmp_path}")


@pytest.mark.parametrize("pickle", ["pytorch_model.bin", "other.pth"])
def test_a_pickle_of_the_hub_is_refused_by_name(
    saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pickle: str
) -> None:
    # The hub's own cache, as a download leaves it.
    snapshot = tmp_path / "models--someone--net" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (tmp_path / "models--someone--net" / "refs").mkdir()
    (tmp_path / "models--someone--net" / "refs" / "main").write_text("abc")
    config = json.loads((saved / "config.json").read_text())
    if pickle != "pytorch_model.bin":
        config["pretrained_cfg"]["hf_hub_filename"] = pickle
    (snapshot / "config.json").write_text(json.dumps(config))
    torch.save(timm.create_model("test_vit").state_dict(), snapshot / pickle)
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderError, match=rf"{pickle} is a pickle"):
        open_encoder("hf-hub:someone/net")
    (snapshot / "model.safetensors").write_bytes((saved / "model.safetensors").read_bytes())
    if pickle == "pytorch_model.bin":
        assert open_encoder("hf-hub:someone/net").fingerprint.startswith("test_vit-")
