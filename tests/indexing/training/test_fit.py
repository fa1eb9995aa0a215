"""Fitting an encoder on the features of a backbone, on drawn pairs."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexing.embedding.encoder import Encoder, encoded, read_encoder_card, unit_length
from indexing.errors import IndexingError
from indexing.training.fit import FitConfig, fit_encoder, projection
from indexing.training.views import read_views
from segmentation.data.pairs import read_pairs
from tests.drawn import draw_pairs
from tests.fakes import PixelBackbone

LABELS = ("T-Shirt", "Dress", "Pants")


def _config(tmp_path: Path) -> FitConfig:
    draw_pairs(tmp_path / "pairs", 32, labels=LABELS, source="clothing")
    return FitConfig((tmp_path / "pairs",), tmp_path / "run", embedding=6, command="apparel ...")


def test_a_fit_writes_weights_and_their_card(tmp_path: Path) -> None:
    config = _config(tmp_path)
    weights = fit_encoder(config, PixelBackbone())
    card = read_encoder_card(weights)
    assert card.kinds == ("Dress", "Pants", "T-Shirt")
    assert card.training.data == ("Clothing dataset (A. Grigorev, 2020), masks by GrabCut",)
    assert card.training.command == "apparel ..."
    names = ("distorted_recall_at_1", "close_up_recall_at_1", "precision_at_1", "precision_at_5")
    assert set(card.figures) == {f"val_{name}" for name in names}
    encoder = Encoder.load(weights, PixelBackbone())
    assert encoder.dimension == 9
    # What was saved encodes as what was fitted.
    val = read_views([read_pairs(config.pairs[0])], "val", PixelBackbone())
    train = read_views([read_pairs(config.pairs[0])], "train", PixelBackbone())
    garments = np.concatenate([val.plain, train.plain])
    tensors, share = encoder._tensors, card.kind_share
    scores = encoded(val.distorted, tensors, share) @ encoded(garments, tensors, share).T
    recall = (scores.argmax(axis=1) == np.arange(len(val.pairs))).mean()
    assert card.figures["val_distorted_recall_at_1"] == pytest.approx(recall, abs=1e-4)


def test_a_split_without_garments_is_named(tmp_path: Path) -> None:
    config = _config(tmp_path)
    manifest = config.pairs[0] / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",val,", ",train,"))
    with pytest.raises(IndexingError, match="no val garments"):
        fit_encoder(replace(config, photos=40), PixelBackbone())


def test_what_differs_between_views_of_a_garment_counts_little() -> None:
    generator = np.random.default_rng(0)
    garments = generator.normal(size=(400, 8)).astype(np.float32)
    # The first four directions differ between two views as much as between garments.
    noise = np.zeros_like(garments)
    noise[:, :4] = generator.normal(size=(400, 4))
    plain, distorted = unit_length(garments), unit_length(garments + 2 * noise)
    fitted = projection(plain, (distorted,), 4)

    def found(matrix: np.ndarray) -> float:
        queries, gallery = (unit_length(each @ matrix.T) for each in (distorted, plain))
        return float(((queries @ gallery.T).argmax(axis=1) == np.arange(400)).mean())

    assert found(fitted) > 0.8 > 2 * found(np.eye(8, dtype=np.float32))
