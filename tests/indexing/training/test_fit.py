"""Fitting an encoder on the features of a backbone, on drawn pairs."""

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from indexing.embedding.encoder import Encoder, encoded, read_encoder_card, unit_length
from indexing.errors import IndexingError
from indexing.training import views
from indexing.training.clicks import judged_features
from indexing.training.fit import FitConfig, fit_encoder, projection
from indexing.training.views import read_views
from segmentation.data.pairs import read_pairs
from segmentation.photos import Photo
from segmentation.segmented_photo import Segmentation
from tests.drawn import draw_pairs
from tests.fakes import FakeEmbedder, PixelBackbone, draw_empty_photo, draw_photo


class PixelSegmenter(PixelBackbone):
    """Finds the block of a drawn photo, none on a blank one."""

    fingerprint = "pixels/1"

    def segment(self, photos: list[Photo]) -> list[Segmentation]:
        found = FakeEmbedder().embed(photos)
        return [
            replace(
                each.segmentation,
                garments=tuple(garment.garment for garment in each.garments),
                features=self.features([photo])[0],
            )
            for photo, each in zip(photos, found, strict=True)
        ]


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


def test_street_garments_teach_kinds_and_are_measured_apart(tmp_path: Path) -> None:
    config = _config(tmp_path)
    draw_pairs(tmp_path / "street", 16, labels=("Hoodie|Shorts|Blouse", "Pants"), source="ccp")
    street = read_pairs(tmp_path / "street")
    found = read_views([street], "train", PixelBackbone())
    seen = {(pair.name, pair.label) for pair in found.pairs}
    assert {label for _, label in seen} <= {"Hoodie", "Shorts", "Pants"}, "Blouse is the smaller"
    assert len(seen) == len(found.pairs) > 0
    both = replace(config, pairs=(*config.pairs, tmp_path / "street"))
    card = read_encoder_card(fit_encoder(both, PixelBackbone()))
    assert {"Hoodie", "Dress"} <= set(card.kinds)
    assert {"val_precision_at_1", "val_street_precision_at_1"} <= set(card.figures)


def test_the_street_never_outnumbers_the_products(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "STREET_PHOTOS", 4)
    folders = [draw_pairs(tmp_path / source, 24, source=source) for source in ("ccp", "clothing")]
    found = read_views(folders, "train", PixelBackbone())
    counts = Counter(pair.source for pair in found.pairs)
    assert counts["ccp"] == 4
    assert counts["clothing"] == len(folders[1].of_split("train").pairs)


def test_a_split_without_garments_is_named(tmp_path: Path) -> None:
    config = _config(tmp_path)
    manifest = config.pairs[0] / "manifest.csv"
    manifest.write_text(manifest.read_text().replace(",val,", ",train,"))
    with pytest.raises(IndexingError, match="no val garments"):
        fit_encoder(replace(config, photos=40), PixelBackbone())


def test_clicks_say_which_differences_count() -> None:
    generator = np.random.default_rng(1)
    plain = unit_length(generator.normal(size=(300, 6)).astype(np.float32))
    distorted = unit_length(plain + 0.3 * generator.normal(size=plain.shape).astype(np.float32))
    # Customers click on what differs along the first axis, and pass over what does along another.
    judged = np.repeat(plain[:, None], 3, axis=1)
    judged[:, 1, 0] += generator.normal(size=300)
    judged[:, 2, 1] += generator.normal(size=300)
    before = projection(plain, (distorted,), 6)
    after = projection(plain, (distorted,), 6, judged)

    def weight(matrix: np.ndarray, axis: int) -> float:
        return float(np.linalg.norm(matrix[:, axis]) / np.linalg.norm(matrix))

    assert weight(after, 0) < 0.8 * weight(before, 0)
    assert weight(after, 1) > 1.1 * weight(before, 1)


def test_pairs_with_three_garments_are_pooled(tmp_path: Path) -> None:
    for number, colour in enumerate(("red", "blue", "green")):
        draw_photo(tmp_path / f"{number}.png", colour)
    draw_empty_photo(tmp_path / "none.png")
    lines = [
        "query,candidate_a,candidate_b,better",
        "0.png,1.png,2.png,b",
        "0.png,none.png,1.png,b",
    ]
    (tmp_path / "clicks.csv").write_text("\n".join(lines))
    found = judged_features(tmp_path / "clicks.csv", tmp_path, PixelSegmenter())
    assert found.shape[:2] == (1, 3)
    assert not np.allclose(found[0, 1], found[0, 2])
    (tmp_path / "clicks.csv").write_text("\n".join((lines[0], lines[2])))
    with pytest.raises(IndexingError, match="has three garments"):
        judged_features(tmp_path / "clicks.csv", tmp_path, PixelSegmenter())


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
