"""Searching with garments whose class is uncertain."""

from dataclasses import replace
from pathlib import Path

from indexing.collection import Collection
from search_app.answers import found_document
from search_app.nearest import search_garment, search_wholes
from search_app.query import QueryGarment, QueryPhoto, embed_query, embedder_of, with_wholes
from search_app.search_options import SearchOptions
from segmentation.classes import GarmentClass
from segmentation.photos import read_photo
from tests.fakes import draw_photo

UPPER, WHOLE, LOWER = GarmentClass.UPPER, GarmentClass.WHOLE, GarmentClass.LOWER


def _uncertain(collection: Collection, folder: Path) -> QueryGarment:
    """A red upper garment that may well be a lower one."""
    photo = read_photo(draw_photo(folder / "query.png", "red"))
    (garment,) = embed_query(embedder_of(collection), photo).garments
    return replace(garment, second_class=LOWER, second_score=0.4)


def test_an_uncertain_garment_is_searched_in_both_indices(
    collection: Collection, tmp_path: Path
) -> None:
    garment = _uncertain(collection, tmp_path)
    cards = search_garment(collection, garment, SearchOptions(k=20))
    assert {card.garment_class for card in cards} == {UPPER, LOWER}
    scores = [card.score for card in cards]
    assert scores == sorted(scores, reverse=True)
    assert len({card.product_id for card in cards}) == len(cards)
    assert len(search_garment(collection, garment, SearchOptions(k=3))) == 3
    certain = replace(garment, second_class=None)
    among_one = search_garment(collection, certain, SearchOptions())
    assert {card.garment_class for card in among_one} == {UPPER}


def test_a_class_that_is_told_is_searched_alone(collection: Collection, tmp_path: Path) -> None:
    garment = _uncertain(collection, tmp_path)
    cards = search_garment(collection, garment, SearchOptions(k=20), among=WHOLE)
    assert {card.garment_class for card in cards} == {WHOLE}
    wanted = search_garment(collection, garment, SearchOptions(garment_class=LOWER))
    assert {card.garment_class for card in wanted} == {LOWER}


def test_the_document_tells_both_classes(collection: Collection, tmp_path: Path) -> None:
    garment = _uncertain(collection, tmp_path)
    photo = read_photo(tmp_path / "query.png")
    document = found_document(garment, embed_query(embedder_of(collection), photo), None)
    assert (document.garment_class, document.second_class) == ("upper", "lower")
    assert document.second_score == 0.4


def test_what_may_be_a_garment_is_searched_with_beside_the_whole_photo(
    collection: Collection, tmp_path: Path
) -> None:
    photo, embedder = read_photo(draw_photo(tmp_path / "query.png", "red")), embedder_of(collection)
    query = embed_query(embedder, photo)
    nothing = with_wholes(embedder, photo, replace(query, garments=()))
    doubtful = replace(query, garments=(), possible=query.garments[:1])
    options = SearchOptions(k=20)

    def best(asked: QueryPhoto) -> tuple[GarmentClass, float]:
        first, *_ = search_wholes(collection, asked.wholes, options)
        return first.garment_class, first.score

    of_garment = search_garment(collection, query.garments[0], options)[0].score
    assert best(with_wholes(embedder, photo, doubtful)) == (UPPER, of_garment)
    assert best(nothing)[1] < of_garment
    wholes = with_wholes(embedder, photo, doubtful).wholes
    among_one = search_wholes(collection, wholes, options, LOWER)
    assert {card.garment_class for card in among_one} == {LOWER}
    of_another_class = with_wholes(embedder, photo, doubtful, LOWER)
    assert [whole.garment_class for whole in of_another_class.wholes] == [LOWER]
