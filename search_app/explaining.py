"""A query garment and a result in, a picture of what makes them alike out (PNG bytes)."""

from catalog.errors import CatalogError
from catalog.queries import product_cards
from indexing.collection import Collection
from indexing.explain import explanation_png, found_at
from search_app.query import QueryGarment, embedder_of
from segmentation.photos import Photo, read_photo


def explain(
    collection: Collection,
    photo: Photo,
    garment: QueryGarment,
    garment_id: int,
    colour_weight: float,
) -> bytes:
    """The query garment and the result side by side, the parts that made them alike in red.

    Args:
        photo: the query photo that the garment was found on.
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
    x0, y0, x1, y1 = card.box
    box = (round(x0 * width), round(y0 * height), round(x1 * width), round(y1 * height))
    query = found_at(embedder, photo, garment.box, garment.garment_class)
    result = found_at(embedder, shown, box, card.garment_class)
    return explanation_png(embedder, query, result, colour_weight)
