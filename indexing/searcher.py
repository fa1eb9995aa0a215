"""A query vector or a wish in, the best garment of each product out."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from catalog.filters import Filters
from catalog.queries import AttributeCard, attribute_cards, products_of_garments
from catalog.wishes import Wish
from indexing.index import IndexSnapshot
from indexing.records import Hit, Vector
from segmentation.classes import GarmentClass


def nearest_products(
    session: Session,
    snapshot: IndexSnapshot,
    vector: Vector,
    k: int,
    colour_weight: float,
    allowed: Sequence[int] | None = None,
    exclude_product: str | None = None,
) -> list[Hit]:
    """One hit a product, the best first: exactly min(k, products that may answer).

    Garments that the database no longer has are passed over.
    """
    fetched = 3 * k + 8
    while True:
        hits = snapshot.search(vector, colour_weight, fetched, allowed)
        products = products_of_garments(session, [hit.garment_id for hit in hits])
        best = _best_of_products(hits, products, exclude_product)
        if len(best) >= k or len(hits) < fetched:
            return best[:k]
        fetched *= 4


def _best_of_products(
    hits: list[Hit], products: dict[int, str], exclude_product: str | None
) -> list[Hit]:
    seen = {exclude_product}
    best = []
    for hit in hits:
        product = products.get(hit.garment_id)
        if product is not None and product not in seen:
            seen.add(product)
            best.append(hit)
    return best


def surest_products(
    session: Session, filters: Filters, k: int, garment_class: GarmentClass | None = None
) -> list[Hit]:
    """One hit a product, the surest first: garments that pass the filters, no vector needed."""
    wish = filters.wish or Wish()
    cards = attribute_cards(session, filters, garment_class)
    hits = sorted((_sureness(card, wish) for card in cards), key=lambda hit: -hit.score)
    products = {card.garment_id: card.product_id for card in cards}
    return _best_of_products(hits, products, None)[:k]


def _sureness(card: AttributeCard, wish: Wish) -> Hit:
    """How well a garment answers a wish that it passes."""
    sure = 1.0
    for trait in wish.traits:
        # Its product's own words brought it here where no attribute did: they are trusted.
        if card.attributes.get(trait.field) in trait.values:
            sure *= card.certainties.get(trait.field, 1.0)
    share = 1.0
    if wish.colours:
        # No share at all: its product's own colour brought it here.
        share = sum(card.shares.get(name, 0.0) for name in wish.colours[0].names) or 1.0
    return Hit(card.garment_id, sure * share, sure, share)
