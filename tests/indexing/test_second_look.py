"""A photo that somebody searches with is looked at by a second segmenter, too."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from catalog.feeds import Feed, ProductRow
from indexing.collection import Collection, open_collection
from indexing.embed import PhotoEmbedder
from indexing.everywhere import search_everywhere
from indexing.probes import other_masks
from indexing.records import Probe
from indexing.second_look import NO_SECOND_LOOK, SecondLook
from indexing.wiring import load_embedder, load_second_look
from segmentation.classes import GarmentClass
from segmentation.mask import Garment, mask_on_photo
from segmentation.photos import Photo
from segmentation.predictor import Segmenter
from tests.drawn import draw_pair
from tests.fakes import draw_photo, drawn_photo
from tests.indexing.test_details import TiledEmbedder
from tests.indexing.test_embed import KnownMasks, known_encoder

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER
REDS = {"top": 200, "dress": 201, "skirt": 202}


class _Otherwise(SecondLook):
    """Sees this garment; counts how often it looked."""

    def __init__(self, garment: Garment | None) -> None:
        super().__init__()
        self._garment = garment
        self.looked = 0

    def __call__(self, photo: Photo) -> Garment | None:
        self.looked += 1
        return self._garment


def _photo(red: int, garment_class: GarmentClass = UPPER) -> Photo:
    return np.asarray(drawn_photo((red, 20, 20), garment_class))


def _upper_half(photo: Photo) -> Garment:
    height, width = photo.shape[:2]
    mask = np.ones((height // 2, width), bool)
    return Garment(WHOLE, 0.9, (0, 0, width, height // 2), mask, 0.5, LOWER, 0.3)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_garment_that_is_seen_otherwise_is_asked_with_twice(threads: int) -> None:
    photos = [draw_pair(seed)[0] for seed in range(3)]
    half = _upper_half(photos[0])
    look = _Otherwise(half)
    embedder = PhotoEmbedder(KnownMasks(), known_encoder(), threads, second_look=look)
    for photo, asked, plain in zip(
        photos, embedder.embed_to_ask(photos), embedder.embed(photos), strict=True
    ):
        (garment,), (own,) = asked.garments, plain.garments
        (probe,) = garment.also
        assert (probe.own, probe.is_guess) == ((WHOLE, LOWER), False)
        seen = embedder.embed_region(photo, half)
        assert np.allclose(probe.vector, seen.vector, atol=1e-4)
        assert not np.allclose(probe.vector, garment.vector, atol=1e-2)
        assert np.allclose(garment.vector, own.vector, atol=1e-4)
        assert own.also == ()
    assert look.looked == len(photos), "who only indexes does not look again"


def test_a_mask_that_is_seen_alike_tells_nothing_new() -> None:
    photo, _ = draw_pair(0)
    (seen,) = KnownMasks().segment([photo])
    assert other_masks(photo, seen, _Otherwise(seen.garments[0])) == []
    assert other_masks(photo, seen, _Otherwise(None)) == []


@pytest.mark.parametrize(("score", "looked"), [(0.9, 0), (0.4, 1)])
def test_what_is_worn_with_others_is_not_looked_at_again(score: float, looked: int) -> None:
    photo, _ = draw_pair(0)
    (seen,) = KnownMasks().segment([photo])
    beside = replace(_upper_half(photo), score=score)
    look = _Otherwise(_upper_half(photo))
    masks = other_masks(photo, replace(seen, garments=(*seen.garments, beside)), look)
    assert look.looked == len(masks) == looked


def test_where_none_was_found_what_the_second_look_finds_may_be_it() -> None:
    photo = np.full((80, 60, 3), 200, np.uint8)
    look = _Otherwise(_upper_half(photo))
    embedder = PhotoEmbedder(KnownMasks(), known_encoder(), second_look=look)
    (found,) = embedder.embed_to_ask([photo])
    assert found.garments == ()
    assert [each.garment.own_classes for each in found.possible] == [(WHOLE, LOWER)]
    assert embedder.embed([photo])[0].possible == ()


@pytest.fixture
def shop(tmp_path: Path) -> Iterator[Collection]:
    rows = []
    for (name, red), garment_class in zip(REDS.items(), (UPPER, WHOLE, LOWER), strict=True):
        draw_photo(tmp_path / f"{name}.png", (red, 20, 20), garment_class)
        rows.append(ProductRow(name, name, (f"{name}.png",)))
    collection = open_collection(tmp_path / "data", TiledEmbedder())
    collection.index(Feed(rows=tuple(rows), folder=tmp_path))
    yield collection
    collection.close()


def test_each_mask_answers_in_its_own_classes_and_where_details_agree_in_others(
    shop: Collection,
) -> None:
    def probe(red: int, own: GarmentClass, is_guess: bool = False) -> Probe:
        garment = TiledEmbedder().embed([_photo(red)])[0].garments[0]
        return Probe(garment.vector, garment.tiles, (own,), is_guess)

    def found(*also: Probe) -> set[str]:
        first = probe(210, UPPER)
        asked = shop, first.vector, first.own, 9
        return {card.product_id for card in search_everywhere(*asked, tiles=first.tiles, also=also)}

    assert found() == {"top"}
    assert found(probe(211, WHOLE)) == {"top", "dress"}, "nothing is recognised in the class"
    assert found(probe(REDS["skirt"], UPPER)) == {"top", "skirt"}, "it is recognised there"
    assert found(probe(REDS["skirt"], UPPER, is_guess=True)) == {"top"}, "a guess looks at home"


def test_the_shipped_second_look_finds_a_garment_that_is_alone() -> None:
    photo, mask = draw_pair(1)
    look = load_second_look()
    again = look(photo)
    assert again is not None
    truth = mask == int(np.bincount(mask[mask > 0]).argmax())
    found = mask_on_photo(again, *photo.shape[:2])
    assert (found & truth).sum() / (found | truth).sum() > 0.5
    (first,) = Segmenter.load().segment([photo])
    assert again.score != first.garments[0].score, "it is another network than the first"
    assert look(np.full((80, 60, 3), 200, np.uint8)) is None
    assert NO_SECOND_LOOK(photo) is None


def test_the_embedder_looks_again_unless_told_not_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("indexing.probes.LIKE", 1.1)  # so that the same mask again counts, too
    photo, _ = draw_pair(1)
    (with_it,) = load_embedder().embed_to_ask([photo])
    (without,) = load_embedder(second_look=False).embed_to_ask([photo])
    assert len(with_it.garments[0].also) == len(without.garments[0].also) + 1
