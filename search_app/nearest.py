"""A garment of a query in, the products nearest to it out, and how near they are.

QueryGarment -> vector, in another colour where one is wanted -> hits -> ResultCard
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from indexing.closeness import nearness
from indexing.collection import Collection, ResultCard
from indexing.everywhere import best_cards, search_everywhere
from indexing.records import Probe, Vector
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
    """Results for one garment, the nearest first.

    In the class that is told, by words ("dress") too, or else in its own ones, of which an
    uncertain garment has two, and in the others where details agree.
    """
    told = among or _told_class(options)
    vector = steered_vector(collection, garment.vector, options)
    also = [_steered(collection, each, options) for each in garment.also]
    wanted = options.k, options.colour_weight, options.wanted_products
    if told:
        hits = collection.search(
            vector,
            told,
            *wanted,
            fold_duplicates=options.fold_duplicates,
            tiles=garment.tiles,
            own_colour=options.own_colour,
            also=also,
        )
        return collection.cards(hits)
    return search_everywhere(
        collection,
        vector,
        garment.own_classes,
        *wanted,
        options.fold_duplicates,
        garment.tiles,
        own_colour=options.own_colour,
        also=also,
    )


def search_wholes(
    collection: Collection,
    wholes: Iterable[QueryGarment],
    options: SearchOptions,
    among: GarmentClass | None = None,
) -> list[ResultCard]:
    """Results for a whole photo over the classes it was embedded as, merged by score.

    What may be a garment on it is looked for like any garment, unless a class is told.
    """
    told = among or _told_class(options)
    cards = (
        card
        for whole in wholes
        for card in search_garment(
            collection, whole, options, told or (whole.garment_class if whole.whole_photo else None)
        )
    )
    return best_cards(cards, options.k)


def _told_class(options: SearchOptions) -> GarmentClass | None:
    return options.garment_class or options.understood.wish.garment_class


def steered_vector(collection: Collection, vector: Vector, options: SearchOptions) -> Vector:
    """A garment's vector with the wanted colour in place of its own colour half."""
    if not options.wanted_colour:
        return vector
    embedder = embedder_of(collection)
    check_colour(embedder, options)
    style = vector[: embedder.fingerprint.style_dimension]
    return np.concatenate([style, embedder.colour_half(options.wanted_colour)])


def _steered(collection: Collection, probe: Probe, options: SearchOptions) -> Probe:
    return replace(probe, vector=steered_vector(collection, probe.vector, options))


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
