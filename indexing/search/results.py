"""Result cards with their probabilities, and the status of a collection."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Final

from catalog.records import GarmentCard, SkipCount
from indexing.search.closeness import Closeness
from indexing.types import Colour, Hit, ModelFingerprint
from segmentation.classes import GarmentClass

DISTANT_COLOUR: Final = 0.3
"""Probability of the same colour below which no result of a colour-only search is close."""


@dataclass(frozen=True)
class ResultCard:
    """A hit with its product, as pages and JSON documents show it.

    `photo` is the photo's name in the feed, `box` x0, y0, x1, y1 relative to it, 0 to 1. `price`
    is the price in force, `regular_price` the one without a sale; `more_colours` is the number of
    the article's other colours, `garments_on_photo` counts the hit's garment too. `style` and
    `colour` are the parts of `score` (cosines), `same_kind` and `same_colour` the calibrated
    probabilities, `distant_below` the minimum `same_kind` that counts as close.
    """

    product_id: str
    title: str
    brand: str | None
    category: str | None
    product_colour: str | None
    price: Decimal | None
    regular_price: Decimal | None
    currency: str | None
    url: str | None
    availability: str | None
    more_colours: int
    garments_on_photo: int
    photo: str
    photo_id: int
    garment_id: int
    garment_class: GarmentClass
    box: tuple[float, float, float, float]
    colours: tuple[Colour, ...]
    score: float
    style: float
    colour: float
    same_kind: float
    same_colour: float
    distant_below: float


@dataclass(frozen=True)
class CollectionStatus:
    """Counts and sizes in bytes; `model` is None before the first run without loaded models."""

    data: Path
    model: ModelFingerprint | None
    products: int
    photos_pending: int
    photos_indexed: int
    photos_skipped: int
    garments: dict[GarmentClass, int]
    searchable: dict[GarmentClass, int]
    skips: tuple[SkipCount, ...]
    database_bytes: int
    index_bytes: int
    photo_bytes: int


def result_card(hit: Hit, card: GarmentCard, closeness: Closeness, more_colours: int) -> ResultCard:
    """Join a hit with the catalogue's card of its garment."""
    return ResultCard(
        product_id=card.product_id,
        title=card.title,
        brand=card.brand,
        category=card.category,
        product_colour=card.product_colour,
        price=card.price,
        regular_price=card.regular_price,
        currency=card.currency,
        url=card.url,
        availability=card.availability,
        garments_on_photo=card.garments_on_photo,
        photo=card.photo,
        photo_id=card.photo_id,
        garment_id=card.garment_id,
        garment_class=card.garment_class,
        box=card.box,
        colours=tuple(Colour(each.name, each.hex, each.share) for each in card.colours),
        score=hit.score,
        style=hit.style,
        colour=hit.colour,
        same_kind=closeness.same_kind(card.garment_class, hit.style),
        same_colour=closeness.same_colour(card.garment_class, hit.colour),
        distant_below=closeness.card.limits[card.garment_class.label],
        more_colours=more_colours,
    )


def chances(cards: Sequence[ResultCard], colour_weight: float) -> list[float]:
    """Probability, 0 to 1, that a person would call each result similar.

    The weighted mean of `same_kind` and `same_colour`, made non-increasing by isotonic regression,
    so that it agrees with the order of the results.
    """
    raw = [
        (1 - colour_weight) * each.same_kind + colour_weight * each.same_colour for each in cards
    ]
    return non_increasing(raw)


def non_increasing(values: Sequence[float]) -> list[float]:
    """Isotonic regression by pooling adjacent violators (Barlow et al., 1972)."""
    blocks: list[tuple[float, int]] = []  # sum and number of pooled values
    for value in values:
        total, count = value, 1
        while blocks and blocks[-1][0] * count < total * blocks[-1][1]:
            last_total, last_count = blocks.pop()
            total, count = total + last_total, count + last_count
        blocks.append((total, count))
    return [total / count for total, count in blocks for _ in range(count)]


def nothing_close(cards: Sequence[ResultCard], colour_weight: float) -> bool:
    """Whether even the best result is not close to the query."""
    if not cards:
        return False
    best = cards[0]
    if colour_weight == 1:
        return best.same_colour < DISTANT_COLOUR
    return best.same_kind < best.distant_below
