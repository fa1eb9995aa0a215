"""Which classes a default query searches."""

from dataclasses import replace
from pathlib import Path

from catalog.feeds.folder import read_folder
from indexing.collection import Collection
from indexing.search.query import Query
from segmentation.classes import GarmentClass
from segmentation.photos import read_photo
from tests.fakes import draw_empty_photo, draw_photo


def _found(collection: Collection, query: Query) -> set[GarmentClass]:
    return {card.garment_class for card in collection.results(replace(query, count=50))}


def test_garments_and_whole_photos_are_searched_in_all_classes_unless_one_is_named(
    collection: Collection, photos: Path, tmp_path: Path
) -> None:
    collection.index(read_folder(photos))
    (garment,) = collection.embed(read_photo(draw_photo(tmp_path / "red.png", "red")))
    named = replace(Query.of(garment), classes=(GarmentClass.UPPER,))
    assert _found(collection, named) == {GarmentClass.UPPER}
    everything = _found(collection, Query.of(garment))
    assert everything > {GarmentClass.UPPER}
    (whole,) = collection.embed(read_photo(draw_empty_photo(tmp_path / "empty.png")))
    assert _found(collection, Query.of(whole)) == everything
