"""A product in, products of other classes that complete its look out.

    its garment -> what is worn beside it on its own photos (else on photos of the products
    nearest to it) -> the products nearest to those garments

Where the catalogue's photos show one garment each there is nothing to say.
"""

from collections.abc import Sequence
from typing import Final

from catalog.looks import garments_beside, main_classes
from catalog.records import GarmentCard
from indexing.collection import Collection, ResultCard
from segmentation.classes import GARMENT_CLASSES, GarmentClass

NEIGHBOURS: Final = 16
"""Products looked at for what is worn with them, when the product's own photos do not tell."""
LIKE_EACH: Final = 3
"""Garments worn beside it that are searched with, for each class."""
SHOWN_EACH: Final = 4
LOOKED_AT: Final = 4 * SHOWN_EACH
LEAST_SCORE: Final = 0.6
"""A garment that the segmenter is less sure of is no advice."""

Look = dict[GarmentClass, list[ResultCard]]


def main_garment(collection: Collection, cards: Sequence[GarmentCard]) -> GarmentCard | None:
    """The garment that a product sells: the first of its main class.

    Args:
        cards: the garments of its photos in order, the largest of a photo first.
    """
    if not cards:
        return None
    with collection.database.session() as session:
        main = main_classes(session, [cards[0].product_id])[cards[0].product_id]
    return next(card for card in cards if card.garment_class == main)


def complete_the_look(collection: Collection, own: GarmentCard) -> Look:
    """The nearest products to what is worn with a garment, by class; empty without any."""
    with collection.database.session() as session:
        beside = garments_beside(session, [own.garment_id], LEAST_SCORE)
    if not beside:
        garment_class, vector = collection.vector_of(own.garment_id)
        near = collection.search(vector, garment_class, NEIGHBOURS, exclude_product=own.product_id)
        with collection.database.session() as session:
            beside = garments_beside(session, [hit.garment_id for hit in near], LEAST_SCORE)
    look = {
        garment_class: _nearest(collection, ids[:LIKE_EACH], own.product_id)
        for garment_class in GARMENT_CLASSES
        if (ids := [each for each, its_class in beside if its_class == garment_class])
    }
    return {garment_class: cards for garment_class, cards in look.items() if cards}


def _that_sell(
    collection: Collection, cards: Sequence[ResultCard], garment_class: GarmentClass
) -> list[ResultCard]:
    """Those whose product is of this class itself, and not only worn with one."""
    with collection.database.session() as session:
        classes = main_classes(session, [card.product_id for card in cards])
    return [card for card in cards if classes.get(card.product_id) == garment_class]


def _nearest(
    collection: Collection, garment_ids: Sequence[int], product_id: str
) -> list[ResultCard]:
    """The products nearest to any of the garments, one turn each."""
    rows = []
    for garment_id in garment_ids:
        garment_class, vector = collection.vector_of(garment_id)
        hits = collection.search(vector, garment_class, LOOKED_AT, exclude_product=product_id)
        rows.append(_that_sell(collection, collection.cards(hits), garment_class))
    turns = [row[place] for place in range(SHOWN_EACH) for row in rows if place < len(row)]
    best = {card.product_id: card for card in reversed(turns)}
    return [card for card in turns if best.get(card.product_id) is card][:SHOWN_EACH]
