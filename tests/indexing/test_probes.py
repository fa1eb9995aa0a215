"""A query whose mask is in doubt is asked with other ones, too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalog.feeds import Feed, ProductRow
from indexing.collection import Collection, open_collection
from indexing.probes import other_masks
from indexing.records import Probe
from indexing.second_look import NO_SECOND_LOOK
from segmentation.classes import GarmentClass
from segmentation.mask import Garment, Segmentation
from segmentation.photos import Photo
from tests.fakes import FakeEmbedder, draw_photo, drawn_photo
from tests.indexing.test_details import TiledEmbedder

UPPER = GarmentClass.UPPER
REDS = (200, 201, 202, 203)


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Collection]:
    for red in REDS:
        draw_photo(tmp_path / f"{red}.png", (red, 20, 20))
    rows = tuple(ProductRow(f"p{red}", "Red", (f"{red}.png",)) for red in REDS)
    collection = open_collection(tmp_path / "data", TiledEmbedder())
    collection.index(Feed(rows=rows, folder=tmp_path))
    yield collection
    collection.close()


def _probe(red: int) -> Probe:
    garment = TiledEmbedder().embed([_photo(red)])[0].garments[0]
    return Probe(garment.vector, garment.tiles)


def _photo(red: int) -> Photo:
    return np.asarray(drawn_photo((red, 20, 20), notch=12))


def test_each_product_answers_once_with_its_best_score(shop: Collection) -> None:
    first, second = _probe(201), _probe(203)

    def scores(own: Probe, *also: Probe, weight: float = 0.5) -> dict[str, float]:
        hits = shop.search(own.vector, UPPER, 9, colour_weight=weight, tiles=own.tiles, also=also)
        assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
        return {
            card.product_id: hit.score for card, hit in zip(shop.cards(hits), hits, strict=True)
        }

    alone, other, both = scores(first), scores(second), scores(first, second)
    assert max(alone, key=alone.__getitem__) == "p201"
    assert both == {name: max(alone[name], other[name]) for name in alone}
    assert set(list(both)[:2]) == {"p201", "p203"}
    guess = scores(first, replace(second, is_guess=True))
    assert guess == {**alone, "p203": other["p203"]}, "what is not recognised does not answer to it"
    assert scores(first, second, weight=1.0) == scores(first, weight=1.0), "no details, no doubts"


def _doubted(photo: Photo) -> Segmentation:
    """The garment of a photo, by a segmenter that would take all of the photo, too."""
    garments = FakeEmbedder().embed([photo])[0].garments
    height, width = photo.shape[:2]
    everything = Garment(UPPER, 0.4, (0, 0, width, height), np.ones((height, width), bool), 1.0)
    mask = np.zeros((height, width), np.uint8)
    found = tuple(each.garment for each in garments)
    return Segmentation(found, lambda: mask, lambda _: everything, lambda: everything)


def test_a_doubted_mask_reaches_farther_and_that_is_a_guess() -> None:
    photo = _photo(200)
    seen = _doubted(photo)
    (reach,) = other_masks(photo, seen, NO_SECOND_LOOK)
    assert (reach.place, reach.garment.area, reach.is_guess) == (0, 1.0, True)
    sure = Segmentation(seen.garments, lambda: seen.mask)
    assert other_masks(photo, sure, NO_SECOND_LOOK) == []


def test_what_may_be_a_garment_is_asked_with_where_none_was_found() -> None:
    photo = _photo(200)
    (possible,) = other_masks(photo, replace(_doubted(photo), garments=()), NO_SECOND_LOOK)
    assert (possible.garment.area, possible.is_guess) == (1.0, False)
    blank = Segmentation.of_mask(np.zeros(photo.shape[:2], np.uint8))
    assert other_masks(photo, blank, NO_SECOND_LOOK) == []
