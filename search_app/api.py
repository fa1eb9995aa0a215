"""The JSON API of a query photo: POST /api/v1/search and /api/v1/segment."""

import base64
from typing import Annotated, Final

from fastapi import APIRouter, Depends, File, Form, Query, Request, Response, UploadFile

from catalog.queries import Filters, attribute_names, parse_filters
from indexing.collection import Collection
from search_app.answers import segment_document
from search_app.documents import (
    ClassLabel,
    SearchDocument,
    SegmentDocument,
    WordsDocument,
)
from search_app.errors import BadRequest
from search_app.explaining import explain
from search_app.keys import Scope, needs
from search_app.masks import mask_png
from search_app.problems import ERRORS
from search_app.query import embed_query, embedder_of
from search_app.search import search_photo, search_words
from search_app.search_options import SearchOptions
from search_app.services import UsedServices
from search_app.uploads import photo_bytes, upload_bytes
from segmentation.classes import GarmentClass
from segmentation.mask import Box
from segmentation.photos import decode_photo

MAX_K: Final = 200
PNG: Final = "image/png"
REGION: Final = "x0,y0,x1,y1 in pixels of the photo: search with what is in this box"
BOX: Final = r"^[0-9]{1,5},[0-9]{1,5},[0-9]{1,5},[0-9]{1,5}$"
FILTERS: Final = "FIELD=VALUE, or FIELD!=VALUE to exclude; repeated"
PHOTO: Final = "JPEG, PNG, WebP, GIF, BMP or TIFF"
URL: Final = "instead of photo: a public http(s) address to fetch it from"
IN_COLOUR: Final = "the same in another colour: a name or #rrggbb"
WORDS: Final = "what a result must be, in plain words: red top, striped dress"

router = APIRouter(
    prefix="/api/v1", tags=["search"], dependencies=[Depends(needs(Scope.READ))], responses=ERRORS
)

PhotoFile = Annotated[UploadFile, File(description=PHOTO)]


@router.post("/search", summary="Products nearest to each garment of a photo")
async def search(
    services: UsedServices,
    photo: Annotated[UploadFile | None, File(description=PHOTO)] = None,
    url: Annotated[str | None, Form(max_length=2000, description=URL)] = None,
    garment_class: Annotated[ClassLabel | None, Form()] = None,
    k: Annotated[int, Form(ge=1, le=MAX_K)] = 12,
    colour_weight: Annotated[float, Form(ge=0, le=1, description="0 style, 1 colour")] = 0.5,
    filters: Annotated[list[str], Form(description=FILTERS)] = [],  # noqa: B006
    filter: Annotated[list[str], Form(description="the same as filters")] = [],  # noqa: B006
    in_colour: Annotated[str | None, Form(max_length=40, description=IN_COLOUR)] = None,
    words: Annotated[str | None, Form(max_length=200, description=WORDS)] = None,
    region: Annotated[str | None, Form(pattern=BOX, description=REGION)] = None,
) -> SearchDocument:
    """Finds the garments on the photo and, for each, the nearest products of the catalogue.

    Where no garment is found the whole photo is searched with and `note` says so.
    `words.unknown_words` names the words that were not understood.
    """
    data = await photo_bytes(photo, url, services.settings.max_upload_bytes)
    collection = services.open_collection
    wanted = None if garment_class is None else GarmentClass.from_label(garment_class)

    def look() -> SearchDocument:
        options = SearchOptions(
            wanted,
            k,
            colour_weight,
            parsed_filters(collection, filters + filter),
            in_colour or None,
            words or None,
            parsed_region(region),
        )
        upload = decode_photo(data)
        return search_photo(collection, upload.photo, options, (upload.height, upload.width))

    document = await services.line.run(look)
    services.metrics.observe(document.timings_ms)
    return document


@router.post(
    "/explain",
    responses={200: {"content": {PNG: {}}}},
    response_class=Response,
    summary="Which parts of a garment made a result alike, as a picture",
)
async def explain_result(
    services: UsedServices,
    photo: PhotoFile,
    garment_id: Annotated[int, Form(ge=1, lt=2**63, description="of a result")],
    garment: Annotated[int, Form(ge=0, le=100, description="place among the garments")] = 0,
    colour_weight: Annotated[float, Form(ge=0, le=1, description="0 style, 1 colour")] = 0.5,
) -> Response:
    """The garment of the photo on the left, the result on the right, what counts in red.

    Takes about a hundred runs of the encoder, so it is asked for one result at a time.
    """
    data = await upload_bytes(photo, services.settings.max_upload_bytes)
    collection = services.open_collection

    def look() -> Response:
        pixels = decode_photo(data).photo
        garments = embed_query(embedder_of(collection), pixels).garments
        if garment >= len(garments):
            raise BadRequest(f"this photo has {len(garments)} garments; name one from 0")
        png = explain(collection, pixels, garments[garment], garment_id, colour_weight)
        return Response(png, media_type=PNG)

    return await services.line.run(look)


@router.get("/search", summary="Products that plain words ask for")
def search_by_words(
    services: UsedServices,
    words: Annotated[str, Query(min_length=1, max_length=200, examples=["striped dress"])],
    garment_class: Annotated[ClassLabel | None, Query()] = None,
    k: Annotated[int, Query(ge=1, le=MAX_K)] = 12,
    filters: Annotated[list[str], Query(description=FILTERS)] = [],  # noqa: B006
) -> WordsDocument:
    """Answers from what was predicted of each garment when it was indexed, and from titles."""
    collection = services.open_collection
    wanted = None if garment_class is None else GarmentClass.from_label(garment_class)
    options = SearchOptions(wanted, k, filters=parsed_filters(collection, filters), words=words)
    return search_words(collection, options)


@router.post(
    "/segment",
    responses={200: {"content": {PNG: {}}, "model": SegmentDocument}},
    response_model=None,
    summary="Garments and class mask of a photo; the mask itself with Accept: image/png",
)
async def segment(
    request: Request, services: UsedServices, photo: PhotoFile
) -> SegmentDocument | Response:
    """Finds the garments on the photo; the mask has the photo's size and values 0 to 3."""
    data = await upload_bytes(photo, services.settings.max_upload_bytes)
    embedder = embedder_of(services.open_collection)
    wants_png = PNG in request.headers.get("accept", "")

    def look() -> SegmentDocument | Response:
        upload = decode_photo(data)
        size = (upload.height, upload.width)
        embedded = embedder.embed([upload.photo])[0]
        png = mask_png(embedded.mask, size)
        if wants_png:
            return Response(png, media_type=PNG)
        return segment_document(embedder, embedded, size, base64.b64encode(png).decode())

    return await services.line.run(look)


def parsed_region(text: str | None) -> Box | None:
    """The box in a text of the form `BOX`."""
    if text is None:
        return None
    x0, y0, x1, y1 = (int(edge) for edge in text.split(","))
    return x0, y0, x1, y1


def parsed_filters(collection: Collection, texts: list[str]) -> Filters:
    """Filters from "FIELD=VALUE" texts. Raises CatalogError, naming the fields that exist."""
    if not texts:
        return Filters()
    with collection.database.session() as session:
        return parse_filters(texts, attribute_names(session))
