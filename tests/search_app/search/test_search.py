"""Which classes a search covers, and the words for how close its results are."""

from dataclasses import replace
from pathlib import Path

import pytest

from indexing.collection import Collection, ResultCard
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT, NAMED_COLOUR_WEIGHT
from indexing.search.results import chances, nothing_close
from indexing.types import EmbeddedGarment
from search_app.errors import BadRequest
from search_app.search.query_photo import QueryPhoto, embed_query, embedder_of, with_whole
from search_app.search.search import SearchOptions, search_garment
from segmentation.classes import GarmentClass
from segmentation.photos import read_photo
from tests.fakes import draw_empty_photo, draw_photo

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER


def _query(collection: Collection, path: Path) -> QueryPhoto:
    return embed_query(embedder_of(collection), read_photo(path))


@pytest.fixture
def red_top(collection: Collection, tmp_path: Path) -> EmbeddedGarment:
    (garment,) = _query(collection, draw_photo(tmp_path / "query.png", "red")).garments
    return garment


def test_a_garment_is_searched_in_its_class(
    collection: Collection, red_top: EmbeddedGarment
) -> None:
    cards = search_garment(collection, red_top, SearchOptions(k=20))
    assert {card.garment_class for card in cards} == {UPPER}
    scores = [card.score for card in cards]
    assert scores == sorted(scores, reverse=True)


def test_a_chosen_class_is_searched_instead(
    collection: Collection, red_top: EmbeddedGarment
) -> None:
    cards = search_garment(collection, red_top, SearchOptions(k=20), among=WHOLE)
    assert {card.garment_class for card in cards} == {WHOLE}
    wanted = search_garment(collection, red_top, SearchOptions(garment_class=LOWER))
    assert {card.garment_class for card in wanted} == {LOWER}


def test_a_whole_photo_is_searched_in_all_classes_alike(
    collection: Collection, tmp_path: Path
) -> None:
    query = _query(collection, draw_empty_photo(tmp_path / "empty.png"))
    assert query.whole is not None
    cards = search_garment(collection, query.whole, SearchOptions(k=50))
    assert {card.garment_class for card in cards} == {UPPER, WHOLE, LOWER}
    scores = [card.score for card in cards]
    assert scores == sorted(scores, reverse=True)
    assert len({card.product_id for card in cards}) == len(cards)
    few = search_garment(collection, query.whole, SearchOptions(k=3))
    assert [card.score for card in few] == scores[:3]


def test_a_whole_photo_is_embedded_on_request(collection: Collection, tmp_path: Path) -> None:
    path = draw_photo(tmp_path / "query.png", "red")
    query = _query(collection, path)
    assert query.whole is None
    query = with_whole(embedder_of(collection), read_photo(path), query)
    assert query.whole is not None
    assert query.whole.whole_photo


def _closeness(
    collection: Collection, garment: EmbeddedGarment, kinds: tuple[float, ...]
) -> list[ResultCard]:
    cards = search_garment(collection, garment, SearchOptions(k=len(kinds)))
    return [
        replace(card, style=kind, same_kind=kind, same_colour=0.2, distant_below=0.5)
        for card, kind in zip(cards, kinds, strict=False)
    ]


def test_chances_never_rise_with_rank(collection: Collection, red_top: EmbeddedGarment) -> None:
    cards = _closeness(collection, red_top, (0.4, 0.8, 0.1))
    assert len(cards) == 3
    assert chances(cards, 0.0) == pytest.approx([0.6, 0.6, 0.1])
    assert chances(cards, 1.0) == pytest.approx([0.2] * 3)
    assert chances([], 0.5) == []


def test_nothing_is_close_where_the_best_result_is_not(
    collection: Collection, red_top: EmbeddedGarment
) -> None:
    assert nothing_close(_closeness(collection, red_top, (0.4, 0.8, 0.1)), 0.3)
    assert not nothing_close(_closeness(collection, red_top, (0.6, 0.1, 0.1)), 0.3)
    assert nothing_close(_closeness(collection, red_top, (0.6, 0.1, 0.1)), 1.0)
    assert not nothing_close([], 0.3)


@pytest.mark.parametrize(
    ("options", "weight"),
    [
        (SearchOptions(), DEFAULT_COLOUR_WEIGHT),
        (SearchOptions(in_colour="blue"), NAMED_COLOUR_WEIGHT),
        (SearchOptions(in_colour="blue", colour_weight=0.8), 0.8),
    ],
)
def test_a_named_colour_weighs_more_than_the_default(
    collection: Collection, red_top: EmbeddedGarment, options: SearchOptions, weight: float
) -> None:
    last = search_garment(collection, red_top, options)[-1]
    assert last.score == pytest.approx((1 - weight) * last.style + weight * last.colour, abs=1e-3)
    assert abs(last.style - last.colour) > 0.02


def test_words_may_name_the_colour() -> None:
    assert SearchOptions(words="blue dress").wanted_colour == "blue"


def test_an_unknown_colour_is_refused() -> None:
    with pytest.raises(BadRequest, match="unknown colour"):
        SearchOptions(in_colour="blurple")
