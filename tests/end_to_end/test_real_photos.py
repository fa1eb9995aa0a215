"""The shipped weights on real photos they were not trained on: floors, not the cards' figures.

Validation photos: the test photos are looked at only for the cards.
"""

from pathlib import Path

import pytest

from catalog.feeds.reader import read_feed
from catalog.feeds.rows import Feed
from indexing.collection import open_collection
from indexing.embedding.wiring import load_embedder
from indexing.search.query import SURE_OF_CLASS
from search_app.search.search import SearchOptions
from search_app.search.search_document import search_photo
from segmentation.data.sources import CCP_TEST_PHOTOS, CCP_VAL_PHOTOS
from segmentation.data.splits import split_groups
from segmentation.evaluation.masks import evaluate_folder, report_of
from segmentation.photos import find_photos, read_photo
from segmentation.segmenter import Segmenter

pytestmark = pytest.mark.datasets


def _held_out(datasets: Path) -> list[str]:
    stems = [path.stem for path in find_photos(datasets / "ccp" / "photos")]
    splits = split_groups(stems, CCP_TEST_PHOTOS, CCP_VAL_PHOTOS)
    return [stem for stem in stems if splits[stem] == "val"]


def test_masks_of_held_out_street_photos_beat_background_alone(datasets: Path) -> None:
    ccp = datasets / "ccp"
    names = set(_held_out(datasets)[:24])
    segmenter = Segmenter.load()
    evaluated = evaluate_folder(segmenter, ccp / "photos", ccp / "masks", "ccp", names)
    report = report_of(evaluated, segmenter.fingerprint)
    assert report.photos == 24
    background_alone = sum(report.confusion[0]) / sum(map(sum, report.confusion))
    assert report.pixel_accuracy > background_alone + 0.02
    assert report.foreground_miou > 0.3


def test_a_feed_of_phone_photos_is_indexed_and_a_street_photo_finds_neighbours(
    datasets: Path, tmp_path: Path
) -> None:
    clothing = datasets / "clothing"
    feed = read_feed(clothing / "images.csv")
    kinds = ("T-Shirt", "Pants", "Dress", "Shirt", "Skirt", "Longsleeve")
    rows = tuple(row for row in feed.rows if row.category in kinds)[:60]
    collection = open_collection(tmp_path, load_embedder())
    summary = collection.index(Feed(rows), clothing / "photos", lambda progress: None)
    assert summary.indexed >= 50
    street = read_photo(datasets / "ccp" / "photos" / f"{_held_out(datasets)[0]}.jpg")
    document = search_photo(collection, street, SearchOptions(k=5))
    collection.close()
    assert document.garments
    for garment in document.garments:
        scores = [result.score for result in garment.results]
        assert scores == sorted(scores, reverse=True)
        if garment.score >= SURE_OF_CLASS:
            assert {result.garment_class for result in garment.results} <= {garment.garment_class}
    assert any(garment.results for garment in document.garments)
