"""Explanation of a result as a PNG: the parts in which both garments are similar."""

from catalog.errors import CatalogError
from catalog.queries import product_cards
from indexing.collection import Collection
from indexing.embedding.explain import explanation_png, garment_at
from indexing.types import EmbeddedGarment
from search_app.search.query_photo import embedder_of, scaled_box
from segmentation.photos import Photo, read_photo


def explain(
    collection: Collection,
    photo: Photo,
    garment: EmbeddedGarment,
    garment_id: int,
    colour_weight: float,
) -> bytes:
    """Draw the query garment and the result side by side, similar parts in red.

    Args:
        photo: the query photo on which the garment was detected.
        garment_id: of the result.
    Raises:
        CatalogError: the result is no longer in the catalogue.
    """
    embedder = embedder_of(collection)
    with collection.database.session() as session:
        card = product_cards(session, [garment_id]).get(garment_id)
    if card is None:
        raise CatalogError(f"there is no garment {garment_id}; search again for its id")
    shown = read_photo(collection.photo_file(card.photo_id))
    height, width = shown.shape[:2]
    box = scaled_box(card.box, width, height)
    query = garment_at(embedder, photo, garment.garment.box, garment.garment.garment_class)
    result = garment_at(embedder, shown, box, card.garment_class)
    return explanation_png(embedder, query, result, colour_weight)
