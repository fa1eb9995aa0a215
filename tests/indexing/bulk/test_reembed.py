"""Another encoder for a whole catalogue: killed in the middle, resumed, switched at once."""

import dataclasses
import signal
import subprocess
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalog.database import open_database
from catalog.feeds.rows import Feed, ProductRow
from catalog.filtering.filters import Filters
from catalog.photos import PhotoStore
from indexing.bulk.reembed import BATCH, ReembedSummary, predict_attributes, reembed
from indexing.collection import open_collection
from indexing.embedding.attributes import ATTRIBUTE_VALUES, AttributeHeads, HeadsCard
from indexing.errors import ModelMismatch
from segmentation.classes import GARMENT_CLASSES
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder, draw_photo

OTHER = dataclasses.replace(FAKE_FINGERPRINT, encoder="fake-encoder/2")
PRODUCTS = 24
KILLED_AFTER_A_BATCH = f"""
import os, signal, sys
from pathlib import Path
from tests.fakes import FakeEmbedder
from tests.indexing.bulk.test_reembed import OTHER, run

class Killed(FakeEmbedder):
    def embed(self, photos):
        if self.photos_embedded >= {BATCH}:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().embed(photos)

run(Path(sys.argv[1]), Killed(OTHER))
"""


def run(data: Path, embedder: FakeEmbedder) -> ReembedSummary:
    database = open_database(data)
    try:
        return reembed(database, PhotoStore(data), embedder, lambda done, total: None)
    finally:
        database.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A catalogue of 24 products in three categories, made by the fake models."""
    rows = []
    for number in range(PRODUCTS):
        garment_class = GARMENT_CLASSES[number % 3]
        draw_photo(tmp_path / f"{number}.png", "red", garment_class, notch=number % 7)
        rows.append(
            ProductRow(f"p{number}", "Red", (f"{number}.png",), category=garment_class.label)
        )
    with closing(open_collection(tmp_path / "data", FakeEmbedder())) as collection:
        collection.index(Feed(rows=tuple(rows), folder=tmp_path))
    return tmp_path / "data"


def test_killed_in_the_middle_the_old_one_serves_and_a_second_run_goes_on(data: Path) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", KILLED_AFTER_A_BATCH, str(data)], check=False, timeout=120
    )
    assert killed.returncode == -signal.SIGKILL
    old = open_collection(data, FakeEmbedder())
    query = replace(old.query_like(1), count=50)
    assert len(old.search(query)) == PRODUCTS // 3
    old.close()

    embedder = FakeEmbedder(OTHER)
    summary = run(data, embedder)
    assert embedder.photos_embedded == summary.photos == PRODUCTS - BATCH
    with pytest.raises(ModelMismatch, match=r"fake-encoder/2.*fake-encoder/1"):
        open_collection(data, FakeEmbedder())
    new = open_collection(data, FakeEmbedder(OTHER))
    assert len(new.search(query)) == PRODUCTS // 3
    assert new.rebuild() == PRODUCTS
    assert new.verify() == []
    new.close()


def test_figures_before_and_after_are_of_the_categories(data: Path) -> None:
    figures = run(data, FakeEmbedder(OTHER)).figures
    assert figures is not None
    assert figures.garments == PRODUCTS
    # Vectors of the same fake: nothing may differ, and within a class all are of its category.
    assert figures.before == figures.after == [1.0, 1.0, 1.0]
    assert figures.difference[0] == 0.0


def test_back_to_the_old_encoder_embeds_nothing(data: Path) -> None:
    run(data, FakeEmbedder(OTHER))
    old = FakeEmbedder()
    assert run(data, old).garments == 0
    assert old.photos_embedded == 0
    open_collection(data, old).close()


def test_another_segmenter_is_refused_by_name(data: Path) -> None:
    other = dataclasses.replace(OTHER, segmenter="fake-segmenter/2")
    with pytest.raises(ModelMismatch, match="fake-segmenter/2"):
        run(data, FakeEmbedder(other))


def test_attributes_are_predicted_anew_from_stored_vectors(data: Path) -> None:
    features = FAKE_FINGERPRINT.dimension + 7
    weights = np.zeros((features, len(ATTRIBUTE_VALUES["length"])), np.float32)
    weights[-1, ATTRIBUTE_VALUES["length"].index("midi")] = 9.0
    heads = AttributeHeads({"length": weights}, HeadsCard("fake-encoder/1", features, ""))
    database = open_database(data)
    assert predict_attributes(database, heads) == PRODUCTS
    database.close()
    collection = open_collection(data, FakeEmbedder())
    hits = collection.find(Filters(length="midi"), 50)
    assert len(hits) == 2 * PRODUCTS // 3
    collection.close()
