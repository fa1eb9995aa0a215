"""Heads and closeness fitted on tiny pairs whose truth is known, and what they then say."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexing.embedding.attributes import AttributeHeads, heads_for
from indexing.embedding.encoder import SHIPPED_ENCODER, read_encoder_card, weights_folder
from indexing.errors import EncoderError
from indexing.search.results import closeness_for, read_closeness
from indexing.training.closeness_fit import fit_curve
from indexing.training.garments import known_attributes
from indexing.training.heads import train_heads
from segmentation.classes import GarmentClass
from segmentation.data.drawn import create_drawn, drawn_design
from segmentation.data.pairs import Pair, prepare_folder, save_mask, write_manifest
from segmentation.data.splits import SPLITS
from segmentation.errors import DatasetError
from tests.drawn import draw_pair
from tests.indexing.embedding.test_embedder import known_encoder

KINDS = ("T-Shirt", "Dress", "Pants")


@pytest.fixture(scope="module")
def fitted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of heads and closeness fitted on labelled blocks and a few drawn garments."""
    root = tmp_path_factory.mktemp("heads")
    prepare_folder(root / "clothing")
    pairs = []
    for seed in range(36):
        photo, mask = draw_pair(seed)
        name = f"block-{seed}"
        Image.fromarray(photo).save(root / "clothing" / "photos" / f"{name}.jpg", quality=95)
        save_mask(mask, root / "clothing" / "masks" / f"{name}.png")
        split = SPLITS[(seed // 3) % 3]
        pairs.append(Pair(name, "clothing", f"sender-{seed}", split, KINDS[seed % 3]))
    write_manifest(root / "clothing", pairs)
    create_drawn(root / "drawn", 40)
    train_heads((root / "clothing", root / "drawn"), known_encoder(), root / "out")
    return root / "out"


def test_heads_tell_what_they_were_shown_and_how_often_they_are_right(fitted: Path) -> None:
    heads = AttributeHeads.load(fitted / "attributes.safetensors")
    assert set(heads.card.figures) == {"kind", "pattern", "sleeve", "length"}
    kind = heads.card.figures["kind"]
    assert 0 <= kind["low"] <= kind["accuracy"] <= kind["high"] <= 1
    assert heads.card.encoder == known_encoder().fingerprint
    vectors = np.zeros((2, heads.card.features - 7), np.float32)
    classes = (GarmentClass.LOWER, GarmentClass.UPPER)
    lower, upper = heads.predict(vectors, classes, (0.6, 0.5))
    assert lower.kind is None or lower.kind.value in ("Pants", "Shorts", "Skirt")
    assert lower.sleeve is None
    assert upper.length is None
    assert heads.predict(vectors[:0], (), ()) == []


def test_closeness_rises_with_the_cosine_and_knows_what_is_far(fitted: Path) -> None:
    closeness = read_closeness(fitted / "closeness.json")
    chances = [closeness.same_kind(GarmentClass.UPPER, x) for x in (-1.0, 0.2, 0.6, 0.99, 1.0)]
    assert chances == sorted(chances)
    low, area, high = (closeness.figures["roc_area"][place] for place in (1, 0, 2))
    assert 0 <= low <= area <= high <= 1


def test_damaged_heads_and_those_of_another_encoder_are_not_used(
    fitted: Path, tmp_path: Path
) -> None:
    weights = tmp_path / "attributes.safetensors"
    data = bytearray((fitted / "attributes.safetensors").read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    weights.with_suffix(".json").write_text((fitted / "attributes.json").read_text())
    with pytest.raises(EncoderError, match="restore"):
        AttributeHeads.load(weights)
    for folder in (fitted, None):
        assert heads_for("another/encoder", folder) is None
        assert closeness_for("another/encoder", folder).same_kind(GarmentClass.UPPER, 0.5) == 0.5


def test_heads_and_closeness_are_taken_from_the_encoders_folder(fitted: Path) -> None:
    encoder = read_closeness(fitted / "closeness.json").encoder
    heads = heads_for(encoder, fitted)
    assert heads is not None
    assert closeness_for(encoder, fitted) == read_closeness(fitted / "closeness.json")
    assert heads_for(encoder, weights_folder(None)) is None


def test_a_curve_is_the_share_of_right_ones() -> None:
    cosines = np.linspace(0, 1, 2000)
    same = (np.random.default_rng(0).random(2000) < cosines).astype(float)
    curve = fit_curve(cosines, same)
    assert curve.at(0.5) == pytest.approx(0.5, abs=0.1)
    assert curve.at(0.9) == pytest.approx(0.9, abs=0.1)


def test_a_drawn_pair_is_known_by_its_name(tmp_path: Path) -> None:
    create_drawn(tmp_path, 2)
    manifest = (tmp_path / "manifest.csv").read_text()
    assert "drawn2-0-00001" in manifest
    design = drawn_design("drawn2-0-00001")
    known = known_attributes(Pair("drawn2-0-00001", "drawn", "", "train"))
    assert known["pattern"]
    assert ("sleeve" in known) == (design.garment_class is not GarmentClass.LOWER)


def test_a_pair_drawn_by_an_older_version_is_refused() -> None:
    with pytest.raises(DatasetError, match="apparel dataset drawn"):
        known_attributes(Pair("drawn-0-00001", "drawn", "", "train"))


def test_shipped_heads_belong_to_the_shipped_encoder() -> None:
    encoder = read_encoder_card(SHIPPED_ENCODER).fingerprint
    heads = heads_for(encoder, weights_folder(None))
    assert heads is not None, "run `apparel train heads ... --out indexing/weights`"
    assert heads.card.figures["kind"]["accuracy"] > heads.card.figures["kind"]["commonest_value"]
    assert closeness_for(encoder, weights_folder(None)).figures["roc_area"][0] > 0.5
