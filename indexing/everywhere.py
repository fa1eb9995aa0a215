"""A garment whose class is only probable in, the products nearest to it in any class out.

The segmenter may call the same garment a top on one photo and a dress on the next. So what has
tiles is looked for in the other classes too, where only a garment whose details agree answers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from catalog.filters import Filters
from indexing.collection import Collection, ResultCard
from indexing.records import Probe, Vector
from indexing.tiles import NO_TILES, Tiles, are_compared
from segmentation.classes import GARMENT_CLASSES, GarmentClass

SPARE: Final = 6
"""Cards beyond those wanted that are made at first, for products that were found twice."""


def search_everywhere(
    collection: Collection,
    vector: Vector,
    own: Sequence[GarmentClass],
    k: int,
    colour_weight: float = 0.5,
    filters: Filters | None = None,
    fold_duplicates: bool = False,
    tiles: Tiles = NO_TILES,
    own_colour: bool = True,
    also: Sequence[Probe] = (),
) -> list[ResultCard]:
    """The best card of each product, the best first; arguments as of `Collection.search`.

    Args:
        own: the classes that the garment may well be of. Without tiles, and in colour alone,
            only these are searched.
        also: as of `Collection.search`; in its own classes a guess asks alone, any other is one
            in all that are not its own.
    """
    searched = GARMENT_CLASSES if are_compared(tiles, colour_weight) else own
    hits = [
        hit
        for garment_class in searched
        for hit in collection.search(
            vector,
            garment_class,
            k,
            colour_weight,
            filters,
            fold_duplicates=fold_duplicates,
            tiles=tiles,
            elsewhere=garment_class not in own,
            own_colour=own_colour,
            also=_asked_among(garment_class, also),
        )
    ]
    hits.sort(key=lambda hit: hit.score, reverse=True)
    # Few products are found in two classes: seldom are the cards of all hits needed.
    best = best_cards(collection.cards(hits[: k + SPARE]), k)
    return best if len(best) == k else best_cards(collection.cards(hits), k)


def _asked_among(garment_class: GarmentClass, probes: Sequence[Probe]) -> list[Probe]:
    return [
        probe if garment_class in probe.own else replace(probe, is_guess=True)
        for probe in probes
        if garment_class in probe.own or not probe.is_guess
    ]


def best_cards(cards: Iterable[ResultCard], k: int) -> list[ResultCard]:
    """The k best cards of hits in several indices, one a product."""
    best: dict[str, ResultCard] = {}
    for card in sorted(cards, key=lambda card: card.score, reverse=True):
        best.setdefault(card.product_id, card)
    return list(best.values())[:k]
