"""The JSON API without a photo: search by vector, similar products, facets."""

from dataclasses import replace
from typing import Annotated, Final

import numpy as np
from fastapi import APIRouter, Depends, Query
from pydantic import Field

from catalog.database import retried_read
from catalog.filtering.facets import Facets, facets
from catalog.queries import product_by_id
from indexing.collection import Collection
from indexing.search.query import Query as Search
from indexing.types import Vector
from search_app.analytics.searches import with_vector_search
from search_app.api.search import class_named, search_options
from search_app.documents import (
    ClassLabel,
    FacetsDocument,
    FilterTexts,
    ResultsDocument,
    SearchFields,
    Text,
    VectorRequest,
)
from search_app.errors import BadRequest
from search_app.problems import ERRORS
from search_app.search.search import SearchOptions, parsed_filters, search_cards
from search_app.search.search_document import result_document
from search_app.security.keys import Scope, needs
from search_app.services import UsedServices
from segmentation.classes import GarmentClass

NO_FILTERS: Final[list[str]] = []

router = APIRouter(
    prefix="/api/v1", tags=["explore"], dependencies=[Depends(needs(Scope.READ))], responses=ERRORS
)


@router.post("/search/vector", summary="Products nearest to a vector")
def search_by_vector(body: VectorRequest, services: UsedServices) -> ResultsDocument:
    """Search with a vector written by `apparel embed`: a style half, then a colour half."""
    collection = services.open_collection
    vector = _checked_vector(collection, body.vector)
    options = search_options(collection, body)
    garment_class = GarmentClass.from_label(body.garment_class)
    document = _results(services, Search(vector), options, garment_class)
    return with_vector_search(services.analytics, document, options, product_id=None)


@router.get("/similar", summary="Products like a product")
def similar(
    services: UsedServices,
    fields: Annotated[SearchFields, Query()],
    product_id: Annotated[str, Query(min_length=1, max_length=200)],
    garment_id: Annotated[
        int | None,
        Query(ge=1, lt=2**63, description="a garment of the product; default: the largest"),
    ] = None,
    garment_class: Annotated[
        ClassLabel | None, Query(description="search this class instead")
    ] = None,
) -> ResultsDocument:
    """Find the products nearest to a garment of the product, which itself is left out."""
    collection = services.open_collection
    chosen = _garment_of(collection, product_id, garment_id)
    query = replace(collection.query_like(chosen), exclude_product=product_id)
    (own_class,) = query.searched_classes
    options = search_options(collection, fields)
    among = class_named(garment_class) or own_class
    document = _results(services, query, options, among)
    return with_vector_search(services.analytics, document, options, product_id)


@router.get("/facets", summary="Values of the filters, with counts")
def read_facets(
    services: UsedServices,
    filters: Annotated[FilterTexts, Query()] = NO_FILTERS,
    attributes: Annotated[
        list[Annotated[Text, Field(max_length=100)]],
        Query(max_length=20, description="additional attributes to count; may be repeated"),
    ] = NO_FILTERS,
    limit: Annotated[
        int, Query(ge=1, le=500, description="maximum number of values per field")
    ] = 50,
) -> FacetsDocument:
    """Count each field under all filters but its own: what another choice would give."""
    collection = services.open_collection
    wanted = parsed_filters(collection.database, filters)
    with collection.database.session() as session:
        found = facets(session, wanted, limit, attributes)
    return _facets_document(found)


def _results(
    services: UsedServices, query: Search, options: SearchOptions, among: GarmentClass
) -> ResultsDocument:
    with services.metrics.stage("search"):
        collection = services.open_collection
        cards = retried_read(lambda: search_cards(collection, query, options, among))
    return ResultsDocument(
        garment_class=among.label, results=[result_document(card) for card in cards]
    )


def _garment_of(collection: Collection, product_id: str, garment_id: int | None) -> int:
    """The requested garment of a product, or the largest on its first photo.

    Raises:
        ProductNotFound: there is no such product.
        BadRequest: the product has no such garment, or none at all.
    """
    with collection.database.session() as session:
        product = product_by_id(session, product_id)
    garment_ids = [each for photo in product.photos for each in photo.garment_ids]
    if not garment_ids:
        raise BadRequest(
            "product_id", f"no garment was found on the photos of {product_id!r}; name another"
        )
    if garment_id is None:
        return garment_ids[0]
    if garment_id not in garment_ids:
        raise BadRequest(
            "garment_id", f"product {product_id!r} has no garment {garment_id}; leave it out"
        )
    return garment_id


def _checked_vector(collection: Collection, values: list[float]) -> Vector:
    """The vector with both halves at unit length. Raises BadRequest."""
    fingerprint = collection.fingerprint
    dimension = fingerprint.dimension if fingerprint else 0
    if fingerprint is None or len(values) != dimension:
        raise BadRequest("vector", f"has {len(values)} numbers, the index has {dimension}")
    halves = np.split(np.array(values, np.float64), [fingerprint.style_dimension])
    largest = [float(np.abs(half).max()) for half in halves]
    if not all(0 < each < np.inf for each in largest):
        raise BadRequest("vector", "both halves must be finite and not all zero")
    # Scaled by the largest value first, so that the squares do not overflow.
    scaled = [half / each for half, each in zip(halves, largest, strict=True)]
    return np.concatenate([half / np.linalg.norm(half) for half in scaled]).astype(np.float32)


def _facets_document(found: Facets) -> FacetsDocument:
    fields = {
        "brand": found.brands,
        "category": found.categories,
        "colour": found.colours,
        "garment_class": found.classes,
        "attributes": {each.name: each.values for each in found.attributes},
    }
    return FacetsDocument.model_validate(vars(found) | fields)
