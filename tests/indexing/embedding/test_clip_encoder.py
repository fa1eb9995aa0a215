"""A CLIP network as the encoder: its image tower embeds garments, its text tower words."""

from pathlib import Path

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, CLIPModel, SiglipModel

from indexing.embedding.clip_encoder import CAPTION, ClipEncoder
from indexing.embedding.crop import crop_garment
from indexing.embedding.encoder import SegmentedGarment
from indexing.embedding.wiring import open_encoder
from indexing.errors import EncoderError
from segmentation.mask import whole_photo_garment
from segmentation.runtime import REFERENCE, RuntimeOptions
from tests.small_clip import DIMENSION, MEAN, SIDE, STD, save_small_clip, save_small_siglip

PHOTOS = np.random.default_rng(0).integers(0, 255, (3, 90, 70, 3), np.uint8)
GARMENTS = [SegmentedGarment(photo, whole_photo_garment(photo)) for photo in PHOTOS]


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_small_clip(tmp_path_factory.mktemp("hub") / "clip")


def opened(folder: Path, options: RuntimeOptions = REFERENCE) -> ClipEncoder:
    encoder = open_encoder(f"local-dir:{folder}", options)
    assert isinstance(encoder, ClipEncoder)
    return encoder


def test_crops_are_encoded_by_the_image_tower(saved: Path) -> None:
    encoder = opened(saved)
    crops = np.stack([crop_garment(each.photo, each.garment, SIDE) for each in GARMENTS])
    pixels = (torch.tensor(crops / 255.0, dtype=torch.float32) - torch.tensor(MEAN)) / torch.tensor(
        STD
    )
    network = CLIPModel.from_pretrained(saved).eval()
    with torch.inference_mode():
        found = network.vision_model(pixel_values=pixels.permute(0, 3, 1, 2)).pooler_output
        expected = torch.nn.functional.normalize(network.visual_projection(found)).numpy()
    assert encoder.dimension == DIMENSION
    assert np.allclose(encoder.encode(GARMENTS), expected, atol=1e-4)
    assert np.allclose(opened(saved, RuntimeOptions()).encode(GARMENTS), expected, atol=1e-3)


def test_words_are_encoded_by_the_text_tower(saved: Path) -> None:
    vector = opened(saved).encode_text("green hoodie")
    network = CLIPModel.from_pretrained(saved).eval()
    tokens = AutoTokenizer.from_pretrained(saved)(
        [CAPTION.format("green hoodie")], return_tensors="pt"
    )
    with torch.inference_mode():
        found = network.text_projection(network.text_model(**tokens).pooler_output)
    assert vector.shape == (DIMENSION,)
    assert np.allclose(vector, torch.nn.functional.normalize(found).numpy()[0], atol=1e-5)
    assert np.allclose(np.linalg.norm(opened(saved).encode_text("word " * 500)), 1)


def test_a_siglip_needs_no_library_of_its_own(tmp_path: Path) -> None:
    saved = save_small_siglip(tmp_path / "siglip")
    encoder = opened(saved)
    # "a photo of green hoodie" and its end, padded: SigLIP looks at all twelve places.
    tokens = torch.tensor([[2, 3, 4, 5, 6, 0, 0, 0, 0, 0, 0, 0]])
    with torch.inference_mode():
        found = SiglipModel.from_pretrained(saved).eval().text_model(tokens).pooler_output
    expected = torch.nn.functional.normalize(found).numpy()[0]
    assert np.allclose(encoder.encode_text("green hoodie"), expected, atol=1e-5)
    assert encoder.encode(GARMENTS).shape == (len(GARMENTS), encoder.dimension)
    assert encoder.fingerprint.startswith("siglip-16/")


def test_its_fingerprint_names_the_network_and_its_weights(saved: Path) -> None:
    assert opened(saved).fingerprint.startswith(f"clip-{DIMENSION}/")
    assert opened(saved).fingerprint == opened(saved).fingerprint


def test_a_missing_tokenizer_and_a_pickle_are_named(saved: Path, tmp_path: Path) -> None:
    for name in ("config.json", "model.safetensors"):
        (tmp_path / name).write_bytes((saved / name).read_bytes())
    with pytest.raises(EncoderError, match="tokenizer"):
        opened(tmp_path)
    (tmp_path / "model.safetensors").rename(tmp_path / "model.bin")
    with pytest.raises(EncoderError, match="pickle"):
        opened(tmp_path)
