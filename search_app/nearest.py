"""A garment of a query in, the products nearest to it out, and how near they are.

QueryGarment -> vector, in another colour where one is wanted -> hits -> ResultCard
"""

from collections.abc import Iterable, Sequence
from typing import Final

import numpy as np

from indexing.closeness import nearness
from indexing.collection import Collection, ResultCard
from indexing.records import Vector
from search_app.query import QueryGarment, embedder_of
from search_app.search_options import SearchOptions, check_colour
from segmentation.classes import GarmentClass

DISTANT_COLOUR: Final = 0.3
"""Nothing is close in colour alone where the nearest have a lower chance of the same colour."""


def search_garment(
    collection: Collection,
    garment: QueryGarment,
    options: SearchOptions,
    among: GarmentClass | None = None,
) -> list[ResultCard]:
    """Results for one garment, the nearest first, among its own class unless told.

    Words that name a class ("dress") tell it too. A garment whose class is uncertain is
    searched among its second class as well: a vector does not depend on the class.
    """
    told = among or options.garment_class or options.understood.wish.garment_class
    vector = steered_vector(collection, garment.vector, options)
    cards = [
        card
        for garment_class in ((told,) if told else own_classes(garment))
        for card in collection.cards(
            collection.search(
                vector,
                garment_class,
                options.k,
                options.colour_weight,
                options.wanted_products,
                fold_duplicates=options.fold_duplicates,
                tiles=garment.tiles,
            )
        )
    ]
    return _best_of(cards, options.k)


def search_wholes(
    collection: Collection, wholes: Iterable[QueryGarment], options: SearchOptions
) -> list[ResultCard]:
    """Results for a whole photo over the classes it was embedded as, merged by score."""
    cards = (card for whole in wholes for card in search_garment(collection, whole, options))
    return _best_of(cards, options.k)


def own_classes(garment: QueryGarment) -> tuple[GarmentClass, ...]:
    """Its class, and its second one where the first is uncertain."""
    if garment.second_class is None:
        return (garment.garment_class,)
    return garment.garment_class, garment.second_class


def _best_of(cards: Iterable[ResultCard], k: int) -> list[ResultCard]:
    """The k best cards of hits in several indices, one a product."""
    best: dict[str, ResultCard] = {}
    for card in sorted(cards, key=lambda card: card.score, reverse=True):
        best.setdefault(card.product_id, card)
    return list(best.values())[:k]


def steered_vector(collection: Collection, vector: Vector, options: SearchOptions) -> Vector:
    """A garment's vector with the wanted colour in place of its own colour half."""
    if not options.wanted_colour:
        return vector
    embedder = embedder_of(collection)
    check_colour(embedder, options)
    style = vector[: embedder.fingerprint.style_dimension]
    return np.concatenate([style, embedder.colour_half(options.wanted_colour)])


def chance_of(card: ResultCard, colour_weight: float) -> float:
    """Chance, 0 to 1, that a person would call a result similar: in kind and in colour."""
    return (1 - colour_weight) * card.same_kind + colour_weight * card.same_colour


def nothing_close(cards: Sequence[ResultCard], colour_weight: float) -> bool:
    """Whether the catalogue has nothing close to what was searched with."""
    if not cards:
        return False
    if colour_weight == 1:
        return nearness([card.same_colour for card in cards]) < DISTANT_COLOUR
    return nearness([card.same_kind for card in cards]) < cards[0].distant_below
