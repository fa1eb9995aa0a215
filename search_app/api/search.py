"""The JSON API of a query photo: POST /api/v1/search and /api/v1/segment."""

import base64
from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile
from pydantic import BeforeValidator, Field, WithJsonSchema

from catalog.database import retried_read
from indexing.collection import Collection
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from search_app.analytics.searches import with_photo_searches, with_words_search
from search_app.api.masks import mask_png
from search_app.documents import (
    ClassLabel,
    FilterTexts,
    SearchDocument,
    SearchFields,
    SegmentDocument,
    WordsDocument,
    without_empty,
)
from search_app.errors import BadRequest
from search_app.problems import ERRORS
from search_app.search.explaining import explain
from search_app.search.query_photo import embed_query, embedder_of
from search_app.search.search import SearchOptions, parsed_filters
from search_app.search.search_document import search_photo, search_words, segment_document
from search_app.search.uploads import fetched_bytes, upload_bytes
from search_app.security.keys import Scope, needs
from search_app.services import UsedServices
from segmentation.classes import GarmentClass
from segmentation.mask import Box
from segmentation.photos import decode_photo

PNG: Final = "image/png"
PHOTO: Final = "JPEG, PNG, WebP, GIF, BMP or TIFF"
BOX: Final = r"^[0-9]{1,5},[0-9]{1,5},[0-9]{1,5},[0-9]{1,5}$"
FILE_SCHEMA: Final = WithJsonSchema(
    {"type": "string", "contentMediaType": "application/octet-stream"}
)
"""An optional file as a plain one: /docs shows no file box for "a file or null"."""
PhotoFile = Annotated[UploadFile, File(description=PHOTO)]

router = APIRouter(
    prefix="/api/v1", tags=["search"], dependencies=[Depends(needs(Scope.READ))], responses=ERRORS
)


class PhotoSearch(SearchFields):
    """The form of a search by photo."""

    photo: Annotated[UploadFile | None, FILE_SCHEMA] = Field(default=None, description=PHOTO)
    further_photos: Annotated[list[UploadFile], BeforeValidator(without_empty)] = Field(
        default=[],
        max_length=3,
        description="other photos of what is wanted; garments of the same class are averaged",
    )

    url: str | None = Field(
        default=None,
        max_length=2000,
        description="instead of photo: a public http(s) address to fetch it from",
    )
    garment_class: ClassLabel | None = None
    filter: FilterTexts = Field(default=[], description="the same as filters")
    words: str | None = Field(
        default=None,
        max_length=200,
        description="plain words that results must match: red top, striped dress",
    )
    region: str | None = Field(
        default=None,
        pattern=BOX,
        description="x0,y0,x1,y1 in pixels of the photo: the box to search with",
    )


@router.post("/search", summary="Products nearest to each garment of a photo")
async def search(
    services: UsedServices,
    fields: Annotated[PhotoSearch, File()],
) -> SearchDocument:
    """Detect the garments on the photo and, for each, find the nearest products.

    Where no garment is detected, the whole photo is the query and `note` says so.
    `words.unknown_words` names the words that were not understood.
    """
    limit = services.settings.max_upload_bytes
    if (fields.photo is None) == (not fields.url):
        raise BadRequest("photo", "send a photo in a form (curl -F photo=@FILE), or the url of one")
    fetched = await fetched_bytes(fields.url, limit, services.fetches) if fields.url else None
    collection = services.open_collection

    def results() -> SearchDocument:
        options = photo_options(collection, fields)
        upload = decode_photo(fetched or upload_bytes(fields.photo, limit))
        further = [decode_photo(upload_bytes(each, limit)).photo for each in fields.further_photos]
        size = (upload.height, upload.width)
        found = retried_read(lambda: search_photo(collection, upload.photo, options, size, further))
        return with_photo_searches(services.analytics, found, options)

    document = await services.line.run(results)
    services.metrics.observe(document.timings_ms)
    return document


@router.post(
    "/explain",
    responses={200: {"content": {PNG: {}}}},
    response_class=Response,
    summary="Explanation of a result as a picture",
)
async def explain_result(
    services: UsedServices,
    photo: PhotoFile,
    garment_id: Annotated[int, Form(ge=1, lt=2**63, description="of a result")],
    garment: Annotated[int, Form(ge=0, le=100, description="index of the garment")] = 0,
    colour_weight: Annotated[
        float, Form(ge=0, le=1, description="0 style, 1 colour")
    ] = DEFAULT_COLOUR_WEIGHT,
) -> Response:
    """Explain a result: query garment on the left, result on the right, what they share in red.

    This takes about a hundred runs of the encoder, hence one result at a time.
    """
    collection = services.open_collection
    limit = services.settings.max_upload_bytes

    def explanation() -> Response:
        pixels = decode_photo(upload_bytes(photo, limit)).photo
        garments = embed_query(embedder_of(collection), pixels).garments
        if garment >= len(garments):
            raise BadRequest("garment", f"this photo has {len(garments)}; name one from 0")
        png = explain(collection, pixels, garments[garment], garment_id, colour_weight)
        return Response(png, media_type=PNG)

    return await services.line.run(explanation)


@router.get("/search", summary="Products that match plain words")
def search_by_words(
    services: UsedServices,
    words: Annotated[
        str,
        Query(min_length=1, max_length=200, openapi_examples={"words": {"value": "striped dress"}}),
    ],
    garment_class: Annotated[ClassLabel | None, Query()] = None,
    k: Annotated[int, Query(ge=1, le=200)] = 12,
    filters: Annotated[FilterTexts, Query()] = [],  # noqa: B006
) -> WordsDocument:
    """Search by plain words, by titles and the attributes predicted at indexing time."""
    collection = services.open_collection
    wanted = parsed_filters(collection.database, filters)
    options = SearchOptions(class_named(garment_class), k, filters=wanted, words=words)
    return with_words_search(services.analytics, search_words(collection, options), options)


@router.post(
    "/segment",
    responses={200: {"content": {PNG: {}}, "model": SegmentDocument}},
    response_model=None,
    summary="Garments and class mask of a photo; the mask itself with Accept: image/png",
)
async def segment(
    request: Request, services: UsedServices, photo: PhotoFile
) -> SegmentDocument | Response:
    """Segment the garments on the photo; the mask has the photo's size and values 0 to 3."""
    limit = services.settings.max_upload_bytes
    embedder = embedder_of(services.open_collection)
    wants_png = PNG in request.headers.get("accept", "")

    def segmented() -> SegmentDocument | Response:
        upload = decode_photo(upload_bytes(photo, limit))
        size = (upload.height, upload.width)
        embedded = embedder.embed([upload.photo])[0]
        png = mask_png(embedded.mask, size)
        if wants_png:
            return Response(png, media_type=PNG)
        return segment_document(embedder, embedded, size, base64.b64encode(png).decode())

    return await services.line.run(segmented)


def search_options(collection: Collection, fields: SearchFields) -> SearchOptions:
    """The options that a request's fields name. Raises CatalogError for an unknown filter."""
    return SearchOptions(
        k=fields.k,
        colour_weight=fields.colour_weight,
        filters=parsed_filters(collection.database, fields.filters),
        in_colour=fields.in_colour or None,
        more_like=tuple(fields.more_like),
        less_like=tuple(fields.less_like),
    )


def photo_options(collection: Collection, fields: PhotoSearch) -> SearchOptions:
    """The options of a search by photo. Raises CatalogError for an unknown filter."""
    every = fields.model_copy(update={"filters": fields.filters + fields.filter})
    return replace(
        search_options(collection, every),
        garment_class=class_named(fields.garment_class),
        words=fields.words or None,
        region=parsed_region(fields.region),
    )


def class_named(label: str | None) -> GarmentClass | None:
    """The class of this label; None without one."""
    return None if label is None else GarmentClass.from_label(label)


def parsed_region(text: str | None) -> Box | None:
    """Parse a region, a text of the form `BOX`."""
    if text is None:
        return None
    x0, y0, x1, y1 = (int(edge) for edge in text.split(","))
    return x0, y0, x1, y1
