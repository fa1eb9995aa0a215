"""What is picked on a kept photo: the best garment, several together, a drawn region."""

import numpy as np
import pytest

from search_app.errors import PageNotFound
from search_app.query import QueryGarment, QueryPhoto
from search_app.regions import (
    REGIONS_KEPT,
    best_place,
    is_embedded,
    picked_garment,
    settled_pick,
    with_pick,
)
from search_app.state import Region
from search_app.uploads import KeptQuery, shown_jpeg
from segmentation.classes import GarmentClass
from segmentation.mask import Box
from tests.fakes import FAKE_FINGERPRINT, FakeEmbedder

WIDTH, HEIGHT = 120, 160


def garment(garment_class: GarmentClass, box: Box, score: float = 0.9) -> QueryGarment:
    width, height = box[2] - box[0], box[3] - box[1]
    return QueryGarment(
        garment_class, score, box, width * height / (WIDTH * HEIGHT), (), np.zeros(43, np.float32),
        np.ones((height, width), bool), "M0 0Z", (box[0], box[1]),
    )  # fmt: skip


TOP = garment(GarmentClass.UPPER, (30, 20, 90, 70))
BOTTOM = garment(GarmentClass.LOWER, (40, 70, 80, 150))
ASIDE = garment(GarmentClass.UPPER, (0, 0, 30, 120), score=0.5)


def kept(*garments: QueryGarment) -> KeptQuery:
    photo = np.full((HEIGHT, WIDTH, 3), 90, np.uint8)
    return KeptQuery(QueryPhoto(HEIGHT, WIDTH, garments), shown_jpeg(photo), FAKE_FINGERPRINT)


def test_best_garment_is_large_sure_and_in_the_middle() -> None:
    assert best_place((ASIDE, TOP)) == 1
    assert settled_pick(kept(ASIDE, TOP), None) == (1,)
    assert settled_pick(kept(), None) == "photo"
    assert settled_pick(kept(), (3,)) == "photo"


def test_garment_that_is_not_there_is_not_found() -> None:
    with pytest.raises(PageNotFound, match="2 garments"):
        settled_pick(kept(TOP, BOTTOM), (0, 2))


def test_top_and_bottom_together_are_a_one_piece_over_both() -> None:
    query = kept(TOP, BOTTOM)
    assert not is_embedded(query, (0, 1))
    query = with_pick(FakeEmbedder(), query, (0, 1))
    assert is_embedded(query, (0, 1))
    merged = picked_garment(query, (0, 1))
    assert merged.garment_class is GarmentClass.WHOLE
    assert merged.box == (30, 20, 90, 150)
    assert merged.area == pytest.approx(TOP.area + BOTTOM.area)


def test_parts_of_one_class_stay_of_that_class() -> None:
    merged = picked_garment(with_pick(FakeEmbedder(), kept(TOP, ASIDE), (0, 1)), (0, 1))
    assert merged.garment_class is GarmentClass.UPPER


def test_drawn_region_lies_where_it_was_drawn_and_few_are_kept() -> None:
    query = kept(TOP)
    for left in range(REGIONS_KEPT + 2):
        query = with_pick(FakeEmbedder(), query, Region(left, 25, 50, 75))
    assert len(query.regions) == REGIONS_KEPT
    assert not is_embedded(query, Region(0, 25, 50, 75))
    assert picked_garment(query, Region(10, 25, 50, 75)).box == (12, 40, 60, 120)
