"""Products of other classes that complete the look of a product.

    its garment -> garments worn with it on its own photos (else on photos of the products
    nearest to it) -> the products nearest to those garments

If every photo of the catalogue shows only one garment, there are no suggestions.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from catalog.outfits import garments_worn_alongside, main_classes
from catalog.records import GarmentCard
from indexing.collection import Collection, ResultCard
from indexing.search.query import Query
from segmentation.classes import GARMENT_CLASSES, GarmentClass

NEIGHBOURS: Final = 16
"""Similar products whose photos are used if the product's own show nothing worn with it."""
LIKE_EACH: Final = 3
"""Garments worn with it that are used as queries, for each class."""
SHOWN_EACH: Final = 4
CANDIDATES: Final = 4 * SHOWN_EACH
MIN_SCORE: Final = 0.6
"""Garments of which the segmenter is less certain are ignored."""

Outfit = dict[GarmentClass, list[ResultCard]]


def main_garment(collection: Collection, cards: Sequence[GarmentCard]) -> GarmentCard | None:
    """The garment that a product sells: the first of the product's main class.

    Args:
        cards: the garments of the product's photos in order, the largest of a photo first.
    """
    if not cards:
        return None
    with collection.database.session() as session:
        main = main_classes(session, [cards[0].product_id])[cards[0].product_id]
    return next(card for card in cards if card.garment_class == main)


def complete_the_look(collection: Collection, own: GarmentCard) -> Outfit:
    """The products nearest to the garments worn with this one, by class."""
    with collection.database.session() as session:
        alongside = garments_worn_alongside(session, [own.garment_id], MIN_SCORE)
    if not alongside:
        near = collection.search(
            _query_like(collection, own.garment_id, NEIGHBOURS, own.product_id)
        )
        with collection.database.session() as session:
            ids = [hit.garment_id for hit in near]
            alongside = garments_worn_alongside(session, ids, MIN_SCORE)
    outfit = {
        garment_class: _nearest(collection, ids[:LIKE_EACH], own.product_id)
        for garment_class in GARMENT_CLASSES
        if (ids := [each for each, its_class in alongside if its_class == garment_class])
    }
    return {garment_class: cards for garment_class, cards in outfit.items() if cards}


def _selling(
    collection: Collection, cards: Sequence[ResultCard], garment_class: GarmentClass
) -> list[ResultCard]:
    """The results whose product itself is of this class, not only worn with one."""
    with collection.database.session() as session:
        classes = main_classes(session, [card.product_id for card in cards])
    return [card for card in cards if classes.get(card.product_id) == garment_class]


def _query_like(collection: Collection, garment_id: int, count: int, product_id: str) -> Query:
    """A query for garments like one that suits an outfit."""
    query = collection.query_like(garment_id)
    return replace(query, count=count, exclude_product=product_id)


def _nearest(
    collection: Collection, garment_ids: Sequence[int], product_id: str
) -> list[ResultCard]:
    """The products nearest to the garments, interleaved."""
    rows = []
    for garment_id in garment_ids:
        query = _query_like(collection, garment_id, CANDIDATES, product_id)
        (garment_class,) = query.searched_classes
        cards = collection.results(query)
        rows.append(_selling(collection, cards, garment_class))
    turns = [row[rank] for rank in range(SHOWN_EACH) for row in rows if rank < len(row)]
    best = {card.product_id: card for card in reversed(turns)}
    return [card for card in turns if best.get(card.product_id) is card][:SHOWN_EACH]
