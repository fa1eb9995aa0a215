"""The encoder: pooled features, its weights file, and the shipped one on both runtimes."""

from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from indexing.embedding.encoder import (
    SHIPPED_ENCODER,
    Encoder,
    EncoderCard,
    SegmentedGarment,
    read_encoder_card,
)
from indexing.errors import EncoderError
from segmentation.classes import GarmentClass
from segmentation.mask import find_garments, one_hot, region_garment
from segmentation.photos import read_photo
from segmentation.runtime import REFERENCE, RuntimeOptions
from segmentation.segmenter import Segmenter
from segmentation.weights import file_sha256, write_card
from tests.drawn import draw_pair
from tests.fakes import PixelBackbone, random_encoder


def _garments(seeds: range) -> list[SegmentedGarment]:
    return [
        SegmentedGarment(photo, garment)
        for photo, mask in (draw_pair(seed) for seed in seeds)
        for garment in find_garments(mask, one_hot(mask))
    ]


def test_vectors_are_unit_length_and_do_not_depend_on_the_batch() -> None:
    encoder = random_encoder(PixelBackbone())
    garments = _garments(range(5))
    vectors = encoder.encode(garments)
    assert vectors.shape == (len(garments), encoder.dimension) == (5, 24)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert np.allclose(vectors[3], encoder.encode([garments[3]])[0], atol=1e-6)
    assert encoder.encode([]).shape == (0, 24)


def test_features_of_a_segmentation_are_not_computed_again() -> None:
    backbone = PixelBackbone()
    encoder = random_encoder(backbone)
    (garment,) = _garments(range(1))
    (features,) = backbone.features([garment.photo])
    with_features = replace(garment, features=features)
    assert np.allclose(encoder.encode([with_features]), encoder.encode([garment]))
    assert backbone.photos == 2
    # Nor are those of the last photo.
    encoder.encode([garment])
    assert backbone.photos == 2
    # Features of other weights do not serve.
    photo = garment.photo.copy()
    encoder.encode([replace(garment, photo=photo, features=replace(features, source="other/2"))])
    assert backbone.photos == 3


def test_pooling_takes_the_mask_alone_and_its_halves() -> None:
    photo = np.zeros((96, 64, 3), np.uint8)
    photo[:, :32] = (255, 0, 0)
    photo[24:48, :32] = (0, 255, 0)
    mask = np.zeros((96, 64), bool)
    mask[24:72, :32] = True
    (features,) = PixelBackbone().features([photo])
    pooled = features.pooled(region_garment(mask, GarmentClass.UPPER))
    upper, lower, deviation = pooled.reshape(3, 3)
    assert np.allclose(upper, (0, 1, 0), atol=0.1)
    assert np.allclose(lower, (1, 0, 0), atol=0.1)
    assert np.allclose(deviation, (0.5, 0.5, 0), atol=0.1)


def _saved(folder: Path, **changes: object) -> Path:
    weights = folder / "small.safetensors"
    encoder = random_encoder(PixelBackbone())
    save_file(encoder._tensors, weights)
    card = EncoderCard(**{**asdict(encoder.card), "sha256": file_sha256(weights), **changes})
    write_card(card, weights)
    return weights


def test_weights_are_loaded_as_saved(tmp_path: Path) -> None:
    loaded = Encoder.load(_saved(tmp_path), PixelBackbone())
    garments = _garments(range(3))
    expected = random_encoder(PixelBackbone()).encode(garments)
    assert np.allclose(loaded.encode(garments), expected, atol=1e-6)


def test_damaged_weights_are_an_encoder_error(tmp_path: Path) -> None:
    weights = _saved(tmp_path)
    weights.write_bytes(weights.read_bytes()[:-7])
    with pytest.raises(EncoderError, match="SHA-256"):
        Encoder.load(weights, PixelBackbone())


def test_an_encoder_of_other_features_is_refused(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"fitted on the features of other/1.*train encoder"):
        Encoder.load(_saved(tmp_path, backbone="other/1"), PixelBackbone())


def test_the_card_of_an_older_encoder_says_what_to_do(tmp_path: Path) -> None:
    weights = _saved(tmp_path)
    weights.with_suffix(".json").write_text('{"architecture": {"backbone": "regnety_004"}}')
    with pytest.raises(EncoderError, match=r"embedding: Field required.*apparel train"):
        Encoder.load(weights, PixelBackbone())


def test_shipped_encoder_is_what_its_card_says() -> None:
    card = read_encoder_card(SHIPPED_ENCODER)
    assert card.training.licence
    encoder = Encoder.load(SHIPPED_ENCODER, Segmenter.load())
    assert encoder.encode(_garments(range(1))).shape == (1, card.dimension)


@pytest.mark.datasets
def test_shipped_vectors_agree_with_the_reference_on_real_photos(
    datasets: Path, fast: RuntimeOptions
) -> None:
    photos = [
        read_photo(path) for path in sorted((datasets / "clothing" / "photos").glob("*.jpg"))[::250]
    ]
    segmenter = Segmenter.load(options=fast)
    garments = [
        SegmentedGarment(photo, each.garments[0])
        for photo, each in zip(photos, segmenter.segment(photos), strict=True)
        if each.garments
    ]
    found, expected = (
        Encoder.load(SHIPPED_ENCODER, each).encode(garments)
        for each in (segmenter, Segmenter.load(options=REFERENCE))
    )
    cosines = (found * expected).sum(axis=1)
    assert len(garments) >= 12
    # One photo of the sample has .899, the others .96 or more.
    assert cosines.mean() >= 0.975
    assert cosines.min() >= 0.89
