"""More and less like a result, and several photos in one query, with the shipped weights."""

from dataclasses import replace

import numpy as np
import pytest

from indexing.collection import Collection
from indexing.search.feedback import joined, steered
from indexing.search.query import Query
from segmentation.classes import GarmentClass
from tests.end_to_end.conftest import COUNT

KIN = 3
"""So many of the products most like a garment are its kin."""


def _ranking(collection: Collection, query: Query) -> dict[str, int]:
    """Products in order, each with its garment that is nearest."""
    cards = collection.cards(collection.search(replace(query, count=COUNT)))
    ranked = sorted(cards, key=lambda card: -card.score)  # sold out ones not last
    return {card.product_id: card.garment_id for card in ranked}


def _kin(collection: Collection, garment_id: int) -> list[str]:
    """The products most like a garment, its own among them."""
    return list(_ranking(collection, collection.query_like(garment_id)))[: 1 + KIN]


def _tops(collection: Collection) -> list[Query]:
    """Queries by the tops of the catalogue."""
    any_top = Query(collection.query_like(1).vector, classes=(GarmentClass.UPPER,))
    found = _ranking(collection, any_top).values()
    assert len(found) > 8
    return [collection.query_like(each) for each in found]


def _dimension(collection: Collection) -> int:
    assert collection.fingerprint is not None
    return collection.fingerprint.style_dimension


def _mean_rank(ranking: dict[str, int], products: list[str]) -> float:
    places = list(ranking)
    return float(np.mean([places.index(each) for each in products if each in ranking]))


def test_more_like_one_brings_it_and_its_kin_up(collection: Collection) -> None:
    moved = []
    for query in _tops(collection):
        before = _ranking(collection, query)
        liked = list(before)[6]
        example = collection.query_like(before[liked])
        after = _ranking(collection, steered(query, [example], [], _dimension(collection)))
        assert list(after).index(liked) < 6
        kin = _kin(collection, before[liked])
        moved.append(_mean_rank(before, kin) - _mean_rank(after, kin))
    assert np.mean(moved) > 0.3


def test_less_like_one_pushes_it_and_its_kin_down(collection: Collection) -> None:
    moved = []
    for query in _tops(collection):
        before = _ranking(collection, query)
        own, disliked = list(before)[:2]
        example = collection.query_like(before[disliked])
        after = _ranking(collection, steered(query, [], [example], _dimension(collection)))
        assert list(after).index(disliked) > 1
        kin = [each for each in _kin(collection, before[disliked]) if each != own]
        moved.append(_mean_rank(after, kin) - _mean_rank(before, kin))
    assert np.mean(moved) > 0.3


def test_several_photos_find_what_is_near_to_all(collection: Collection) -> None:
    first, *_, last = _tops(collection)
    both = joined([first, last], _dimension(collection))
    alone, together = list(_ranking(collection, first)), list(_ranking(collection, both))
    other = next(iter(_ranking(collection, last)))
    assert together.index(other) < alone.index(other)


def test_feedback_keeps_both_halves_at_unit_length(collection: Collection) -> None:
    cut = _dimension(collection)
    one, two, *_ = _tops(collection)
    for query in (steered(one, [two], [one], cut), joined([one, two], cut)):
        halves = np.split(query.vector, [cut])
        assert [float(np.linalg.norm(half)) for half in halves] == pytest.approx([1, 1], abs=1e-4)
