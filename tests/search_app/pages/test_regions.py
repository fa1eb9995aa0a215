"""What is picked on a kept photo: the best garment, several together, a drawn region."""

from dataclasses import replace

import numpy as np
import pytest

from indexing.types import Attribute, EmbeddedGarment, GarmentAttributes
from search_app.errors import PageNotFound
from search_app.pages.garments import kind_name
from search_app.pages.photo_picker import photo_pick
from search_app.pages.regions import (
    MAX_REGIONS,
    best_garment,
    picked_garment,
    resolved_pick,
    with_pick,
)
from search_app.pages.state import PageState
from search_app.search.query_photo import QueryPhoto, Region
from search_app.search.uploads import StoredQuery, shown_jpeg
from segmentation.classes import GarmentClass
from segmentation.mask import Box, Garment
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder

WIDTH, HEIGHT = 120, 160


def garment(garment_class: GarmentClass, box: Box, score: float = 0.9) -> EmbeddedGarment:
    width, height = box[2] - box[0], box[3] - box[1]
    area = width * height / (WIDTH * HEIGHT)
    return EmbeddedGarment(
        Garment(garment_class, score, box, np.ones((height, width), bool), area),
        colours=(),
        vector=np.zeros(43, np.float32),
    )


TOP = garment(GarmentClass.UPPER, (30, 20, 90, 70))
BOTTOM = garment(GarmentClass.LOWER, (40, 70, 80, 150))
ASIDE = garment(GarmentClass.UPPER, (0, 0, 30, 120), score=0.5)


def kept(*garments: EmbeddedGarment) -> StoredQuery:
    photo = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    return StoredQuery(QueryPhoto(HEIGHT, WIDTH, garments), shown_jpeg(photo), FAKE_FINGERPRINT)


def test_best_garment_is_large_sure_and_in_the_middle() -> None:
    assert best_garment((ASIDE, TOP)) == 1
    assert resolved_pick(kept(ASIDE, TOP), None) == (1,)
    assert resolved_pick(kept(), None) == "photo"
    assert resolved_pick(kept(), (3,)) == "photo"


def test_garment_that_is_not_there_is_not_found() -> None:
    with pytest.raises(PageNotFound, match="2 garments"):
        resolved_pick(kept(TOP, BOTTOM), (0, 2))


def test_top_and_bottom_together_are_a_one_piece_over_both() -> None:
    query = kept(TOP, BOTTOM)
    assert picked_garment(query, (0, 1)) is None
    query = with_pick(FakeEmbedder(), query, (0, 1))
    merged = picked_garment(query, (0, 1)).garment
    assert merged.garment_class is GarmentClass.WHOLE
    assert merged.box == (30, 20, 90, 150)
    assert merged.area == pytest.approx(TOP.garment.area + BOTTOM.garment.area)


def test_parts_of_one_class_stay_of_that_class() -> None:
    merged = picked_garment(with_pick(FakeEmbedder(), kept(TOP, ASIDE), (0, 1)), (0, 1)).garment
    assert merged.garment_class is GarmentClass.UPPER


def test_drawn_region_lies_where_it_was_drawn_and_few_are_kept() -> None:
    query = kept(TOP)
    for left in range(MAX_REGIONS + 2):
        query = with_pick(FakeEmbedder(), query, Region(left, 25, 50, 75))
    assert len(query.regions) == MAX_REGIONS
    assert picked_garment(query, Region(0, 25, 50, 75)) is None
    assert picked_garment(query, Region(10, 25, 50, 75)).garment.box == (12, 40, 60, 120)


def test_other_classes_are_offered_only_for_an_unsure_garment() -> None:
    def doubts(query: StoredQuery, state: PageState = PageState()) -> list[str]:
        photo = query.query
        return [
            each.value for each in photo_pick(photo, (0,), photo.garments[0], "/q/x", state).doubts
        ]

    assert doubts(kept(TOP)) == []
    assert doubts(kept(ASIDE)) == ["whole", "lower"]
    assert doubts(kept(ASIDE), PageState(among=GarmentClass.WHOLE)) == []


def test_garment_is_named_by_its_kind_where_that_is_certain() -> None:
    blazer = replace(TOP, attributes=GarmentAttributes(kind=Attribute("Blazer", 0.9)))
    unsure = replace(TOP, attributes=GarmentAttributes(kind=Attribute("Blazer", 0.5)))
    assert kind_name(blazer) == "Blazer"
    assert kind_name(unsure) == "Top"
