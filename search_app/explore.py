"""The catalogue explored without a photo: by a vector, from a product, by its facets."""

from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Depends, Query

from catalog.queries import Facets, FacetValue, facets, product_by_id
from indexing.collection import Collection
from indexing.records import Vector
from indexing.tiles import NO_TILES, Tiles
from search_app.answers import result_document
from search_app.api import FILTERS, IN_COLOUR, MAX_K, parsed_filters
from search_app.documents import (
    ClassLabel,
    FacetDocument,
    FacetsDocument,
    ResultsDocument,
    VectorRequest,
)
from search_app.errors import BadRequest
from search_app.keys import Scope, needs
from search_app.nearest import steered_vector
from search_app.problems import ERRORS
from search_app.search_options import SearchOptions
from search_app.services import UsedServices
from segmentation.classes import GarmentClass

FilterTexts = Annotated[list[str], Query(description=FILTERS)]
NO_FILTERS: Final[list[str]] = []

router = APIRouter(
    prefix="/api/v1", tags=["explore"], dependencies=[Depends(needs(Scope.READ))], responses=ERRORS
)


@router.post("/search/vector", summary="Products nearest to a vector")
def search_by_vector(body: VectorRequest, services: UsedServices) -> ResultsDocument:
    """The vector is one that `apparel embed` wrote: a style half, then a colour half."""
    collection = services.open_collection
    vector = _checked_vector(collection, body.vector)
    options = SearchOptions(
        k=body.k,
        colour_weight=body.colour_weight,
        filters=parsed_filters(collection, body.filters),
        in_colour=body.in_colour,
    )
    garment_class = GarmentClass.from_label(body.garment_class)
    return _nearest(services, vector, garment_class, options)


@router.get("/similar", summary="Products like a product")
def similar(
    services: UsedServices,
    product_id: Annotated[str, Query(min_length=1, max_length=200)],
    garment_id: Annotated[
        int | None, Query(ge=1, lt=2**63, description="which garment of it; else its largest")
    ] = None,
    garment_class: Annotated[ClassLabel | None, Query(description="among these instead")] = None,
    k: Annotated[int, Query(ge=1, le=MAX_K)] = 12,
    colour_weight: Annotated[float, Query(ge=0, le=1)] = 0.5,
    filters: FilterTexts = NO_FILTERS,
    in_colour: Annotated[str | None, Query(max_length=40, description=IN_COLOUR)] = None,
) -> ResultsDocument:
    """More like this: nearest to a garment of the product, which itself is left out."""
    collection = services.open_collection
    chosen = _garment_of(collection, product_id, garment_id)
    own_class, vector = collection.vector_of(chosen)
    options = SearchOptions(
        k=k,
        colour_weight=colour_weight,
        filters=parsed_filters(collection, filters),
        in_colour=in_colour or None,
    )
    among = GarmentClass.from_label(garment_class) if garment_class else own_class
    tiles = collection.tiles_of(chosen)
    return _nearest(services, vector, among, options, product_id, tiles)


@router.get("/facets", summary="What can be filtered by, with counts")
def read_facets(
    services: UsedServices,
    filters: FilterTexts = NO_FILTERS,
    attributes: Annotated[
        list[str], Query(max_length=20, description="attributes to count too, repeated")
    ] = NO_FILTERS,
    limit: Annotated[int, Query(ge=1, le=500, description="values of each kind")] = 50,
) -> FacetsDocument:
    """Each kind is counted under all filters but its own: what another choice would give."""
    collection = services.open_collection
    wanted = parsed_filters(collection, filters)
    with collection.database.session() as session:
        found = facets(session, wanted, limit, attributes)
    return _facets_document(found)


def _nearest(
    services: UsedServices,
    vector: Vector,
    among: GarmentClass,
    options: SearchOptions,
    exclude_product: str | None = None,
    tiles: Tiles = NO_TILES,
) -> ResultsDocument:
    collection = services.open_collection
    with services.metrics.stage("search"):
        steered = steered_vector(collection, vector, options)
        hits = collection.search(
            steered,
            among,
            options.k,
            options.colour_weight,
            options.filters,
            exclude_product,
            tiles=tiles,
            own_colour=options.own_colour,
        )
        cards = collection.cards(hits)
    return ResultsDocument(
        garment_class=among.label, results=[result_document(card) for card in cards]
    )


def _garment_of(collection: Collection, product_id: str, garment_id: int | None) -> int:
    """The wanted garment of a product, or its first photo's largest.

    Raises:
        ProductNotFound: no such product.
        BadRequest: it has no such garment, or none at all.
    """
    with collection.database.session() as session:
        product = product_by_id(session, product_id)
    garment_ids = [each for photo in product.photos for each in photo.garment_ids]
    if not garment_ids:
        raise BadRequest(f"no garment was found on the photos of product {product_id!r}")
    if garment_id is None:
        return garment_ids[0]
    if garment_id not in garment_ids:
        raise BadRequest(f"product {product_id!r} has no garment {garment_id}; leave it out")
    return garment_id


def _checked_vector(collection: Collection, values: list[float]) -> Vector:
    """The vector with both halves at unit length.

    Raises:
        BadRequest: another dimension than the index has, not finite, or a half is nothing.
    """
    fingerprint = collection.fingerprint
    dimension = fingerprint.dimension if fingerprint else 0
    if fingerprint is None or len(values) != dimension:
        raise BadRequest(f"vector has {len(values)} numbers, the index has {dimension}")
    halves = np.split(np.array(values, np.float64), [fingerprint.style_dimension])
    largest = [float(np.abs(half).max()) for half in halves]
    if not all(0 < each < np.inf for each in largest):
        raise BadRequest("vector: both halves must be finite and not all zero")
    # First to a size whose squares can be added up.
    scaled = [half / each for half, each in zip(halves, largest, strict=True)]
    return np.concatenate([half / np.linalg.norm(half) for half in scaled]).astype(np.float32)


def _facets_document(found: Facets) -> FacetsDocument:
    def values(facet: tuple[FacetValue, ...]) -> list[FacetDocument]:
        return [FacetDocument(value=each.value, count=each.count) for each in facet]

    return FacetsDocument(
        brand=values(found.brands),
        category=values(found.categories),
        colour=values(found.colours),
        availability=values(found.availability),
        garment_class=values(found.classes),
        attributes={each.name: values(each.values) for each in found.attributes},
        price_min=None if found.price_min is None else float(found.price_min),
        price_max=None if found.price_max is None else float(found.price_max),
    )
