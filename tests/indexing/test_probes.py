"""A query whose mask is in doubt is asked with another one, too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalog.feeds import Feed, ProductRow
from indexing.collection import Collection, open_collection
from indexing.probes import ready_to_ask
from indexing.records import EmbeddedPhoto, Probe
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


def _doubted(photo: Photo, garments: bool) -> EmbeddedPhoto:
    """As embedded, by a segmenter that would take all of the photo, too."""
    embedded = FakeEmbedder().embed([photo])[0]
    height, width = photo.shape[:2]
    everything = Garment(UPPER, 0.4, (0, 0, width, height), np.ones((height, width), bool), 1.0)
    segmentation = Segmentation((), lambda: embedded.mask, lambda _: everything, lambda: everything)
    found = embedded.garments if garments else ()
    return replace(embedded, segmentation=segmentation, garments=found)


def test_only_a_doubted_mask_is_asked_with_twice() -> None:
    photo, embedder = _photo(200), FakeEmbedder()
    sure = embedder.embed([photo])[0]
    assert ready_to_ask(embedder, photo, sure).garments[0].also == ()
    (garment,) = ready_to_ask(embedder, photo, _doubted(photo, True)).garments
    (other,) = garment.also
    assert not np.allclose(other.vector, garment.vector)
    assert np.array_equal(garment.vector, sure.garments[0].vector)


def test_what_may_be_a_garment_is_embedded_where_none_was_found() -> None:
    photo, embedder = _photo(200), FakeEmbedder()
    nothing = ready_to_ask(embedder, photo, _doubted(photo, False))
    assert nothing.garments == ()
    assert nothing.possible is not None
    assert nothing.possible.garment.area == 1.0
    blank = embedder.embed([np.full((60, 40, 3), 255, np.uint8)])[0]
    assert ready_to_ask(embedder, photo, blank).possible is None
