"""A product in, products of other classes that complete its look out.

    its garment -> what is worn beside it on its own photos (else on photos of the products
    nearest to it) -> the products nearest to those garments

Where the catalogue's photos show one garment each there is nothing to say.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Final

from catalog.looks import garments_beside
from catalog.records import GarmentCard
from indexing.collection import Collection, ResultCard
from segmentation.classes import GARMENT_CLASSES, GarmentClass

NEIGHBOURS: Final = 16
"""Products looked at for what is worn with them, when the product's own photos do not tell."""
LIKE_EACH: Final = 3
"""Garments worn beside it that are searched with, for each class."""
SHOWN_EACH: Final = 4
LEAST_SCORE: Final = 0.6
"""A garment that the segmenter is less sure of is no advice."""

Look = dict[GarmentClass, list[ResultCard]]


def main_garment(cards: Sequence[GarmentCard]) -> GarmentCard | None:
    """The garment that a product sells: of the class seen on most of its photos.

    Args:
        cards: the garments of its photos in order, the largest of a photo first.
    """
    if not cards:
        return None
    photos = Counter(
        garment_class
        for _, garment_class in {(card.photo_id, card.garment_class) for card in cards}
    )
    most = max(photos.values())
    return next(card for card in cards if photos[card.garment_class] == most)


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


def _nearest(
    collection: Collection, garment_ids: Sequence[int], product_id: str
) -> list[ResultCard]:
    """The products nearest to any of the garments, one turn each."""
    rows = []
    for garment_id in garment_ids:
        garment_class, vector = collection.vector_of(garment_id)
        hits = collection.search(vector, garment_class, SHOWN_EACH, exclude_product=product_id)
        rows.append(collection.cards(hits))
    turns = [row[place] for place in range(SHOWN_EACH) for row in rows if place < len(row)]
    best = {card.product_id: card for card in reversed(turns)}
    return [card for card in turns if best.get(card.product_id) is card][:SHOWN_EACH]
