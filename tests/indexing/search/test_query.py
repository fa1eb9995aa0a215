"""Which classes a default query searches."""

from dataclasses import replace
from pathlib import Path

from catalog.feeds.folder import read_folder
from indexing.collection import Collection
from indexing.search.query import SURE_OF_CLASS, Query
from segmentation.classes import GarmentClass
from segmentation.photos import read_photo
from tests.fakes import draw_empty_photo, draw_photo


def _found(collection: Collection, query: Query) -> set[GarmentClass]:
    return {card.garment_class for card in collection.results(replace(query, count=50))}


def test_a_doubtful_class_and_a_whole_photo_are_searched_in_all(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index(read_folder(photos))
    (garment,) = collection.embed(read_photo(draw_photo(tmp_path / "red.png", "red")))
    assert _found(collection, Query.of(garment)) == {GarmentClass.UPPER}
    doubtful = replace(garment.garment, score=SURE_OF_CLASS - 0.01)
    everything = _found(collection, Query.of(replace(garment, garment=doubtful)))
    assert everything > {GarmentClass.UPPER}
    (whole,) = collection.embed(read_photo(draw_empty_photo(tmp_path / "empty.png")))
    assert _found(collection, Query.of(whole)) == everything
