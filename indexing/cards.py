"""What a collection answers with: a hit with all that is shown of it, and its own state."""

from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from catalog.records import GarmentCard, SkipCount
from indexing.closeness import Closeness
from indexing.records import Colour, Hit, ModelFingerprint
from segmentation.classes import GarmentClass


@dataclass(frozen=True)
class ResultCard:
    """One hit with all that a page or a JSON document shows of it.

    `photo` is the photo's name as the feed gave it, `box` x0, y0, x1, y1 as shares of it, 0 to
    1; `style` and `colour` are the parts of `score` (cosines), `same_kind` and `same_colour` the
    calibrated chances that they stand for, `distant_below` the least `same_kind` that is close.
    """

    product_id: str
    title: str
    brand: str | None
    category: str | None
    product_colour: str | None
    price: Decimal | None
    currency: str | None
    url: str | None
    availability: str | None
    photo: str
    photo_id: int
    garment_id: int
    garment_class: GarmentClass
    box: tuple[float, float, float, float]
    colours: tuple[Colour, ...]
    score: float
    style: float
    colour: float
    details: float | None
    same_kind: float
    same_colour: float
    distant_below: float


@dataclass(frozen=True)
class CollectionStatus:
    """Counts and sizes; `model` is None while nothing was indexed and no model is loaded."""

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


def result_card(hit: Hit, card: GarmentCard, closeness: Closeness) -> ResultCard:
    """A hit joined with the catalogue's card of its garment."""
    return ResultCard(
        product_id=card.product_id,
        title=card.title,
        brand=card.brand,
        category=card.category,
        product_colour=card.product_colour,
        price=card.price,
        currency=card.currency,
        url=card.url,
        availability=card.availability,
        photo=card.photo,
        photo_id=card.photo_id,
        garment_id=card.garment_id,
        garment_class=card.garment_class,
        box=card.box,
        colours=tuple(Colour(each.name, each.hex, each.share) for each in card.colours),
        score=hit.score,
        style=hit.style,
        colour=hit.colour,
        details=hit.details,
        same_kind=closeness.same_kind(card.garment_class, hit.style),
        same_colour=closeness.same_colour(card.garment_class, hit.colour),
        distant_below=closeness.card.limits[card.garment_class.label],
    )
