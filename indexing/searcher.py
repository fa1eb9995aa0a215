"""A query vector in, the best garment of each product out."""

from collections.abc import Sequence

from sqlalchemy.orm import Session

from catalog.queries import products_of_garments
from indexing.index import IndexSnapshot
from indexing.records import Hit, Vector


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
