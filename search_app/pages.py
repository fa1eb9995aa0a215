"""The way of a visitor's own photo: home, upload, garments with their results.

    POST /search  ->  303  ->  GET /q/<token>?garment=&class=&brand=...   (all choices in the URL)

Nothing here changes the catalogue; a query photo lives in memory only.
"""

from dataclasses import replace
from typing import Annotated, Final

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from catalog.queries import ProductSummary, facets, list_products
from indexing.collection import Collection, ResultCard
from search_app.errors import Busy, PageNotFound, QueryExpired, SearchAppError
from search_app.problems import photo_problem, sentence
from search_app.results import (
    CLASS_NAMES,
    found_context,
    garment_view,
    garment_views,
    steer_view,
    summary_views,
)
from search_app.search import (
    QueryGarment,
    embed_query,
    embedder_of,
    search_garment,
    search_wholes,
    with_wholes,
)
from search_app.services import Services, UsedServices
from search_app.state import WHOLE_PHOTO, PageState, parse_state
from search_app.uploads import KeptQuery, shown_jpeg, upload_bytes
from segmentation.errors import UnreadablePhoto
from segmentation.photos import decode_photo, read_photo

HOME_PRODUCTS: Final = 12
HOME_PLACES: Final = 6
"""Home shows products from so many places of the catalogue, else all would begin with A."""
HOME_REACH: Final = 2000
DOT_SHARE: Final = 0.018
"""Radius of the dot on a garment, as a share of the photo's longer side."""
NO_GARMENT_NOTE: Final = (
    "No garment was found on this photo, so the whole photo is searched with. "
    "A closer or brighter photo may help."
)
_PRIVATE: Final = {"Cache-Control": "private, no-store"}

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, services: UsedServices) -> Response:
    """Where a photo is given and a few products are seen."""
    return _home_page(request, services)


@router.get("/search")
def search_again() -> Response:
    """Where a reload of a failed upload ends up."""
    return RedirectResponse("/", 303)


@router.post("/search")
async def search(
    request: Request,
    services: UsedServices,
    photo: Annotated[UploadFile | None, File()] = None,
    sample: Annotated[str, Form()] = "",
    previous: Annotated[str, Form()] = "",
) -> Response:
    """Take a photo in, look at it, send the browser to its results."""
    try:
        if sample:
            data = services.samples.file(sample).read_bytes()
        else:
            data = await upload_bytes(photo, services.settings.max_upload_bytes)
        kept = await services.line.run(lambda: _look_at(services, data))
    except (UnreadablePhoto, SearchAppError) as error:
        services.metrics.count_refused(error.code)
        return await run_in_threadpool(_home_page, request, services, error, previous)
    return RedirectResponse(f"/q/{services.queries.add(kept)}", 303)


@router.get("/q/{token}")
async def query_page(request: Request, token: str, services: UsedServices) -> Response:
    """The photo with its garments, and the results for the chosen one."""
    state = parse_state(request.query_params)
    kept = services.queries.get(token)
    if not kept.query.garments:
        state = replace(state, garment="photo")
    if state.garment == WHOLE_PHOTO and not kept.query.wholes:
        without = kept
        kept = await services.line.run(lambda: _with_whole_photo(services, without))
        services.queries.put(token, kept)
    return await run_in_threadpool(_query_page, request, services, f"/q/{token}", kept, state)


@router.get("/q/{token}/photo.jpg")
def query_photo(token: str, services: UsedServices) -> Response:
    """The query photo, written anew: none of its metadata is left."""
    return Response(services.queries.get(token).jpeg, media_type="image/jpeg", headers=_PRIVATE)


def _look_at(services: Services, data: bytes) -> KeptQuery:
    """Bytes -> photo -> garments with vectors, and a clean copy to show."""
    embedder = embedder_of(services.open_collection)
    with services.metrics.stage("decode"):
        photo = decode_photo(data).photo
    with services.metrics.stage("embed"):
        query = embed_query(embedder, photo)
        if not query.garments:
            query = with_wholes(embedder, photo, query)
    return KeptQuery(query, shown_jpeg(photo))


def _with_whole_photo(services: Services, kept: KeptQuery) -> KeptQuery:
    embedder = embedder_of(services.open_collection)
    with services.metrics.stage("embed"):
        query = with_wholes(embedder, read_photo(kept.jpeg), kept.query)
    return replace(kept, query=query)


def _home_page(
    request: Request,
    services: Services,
    error: UnreadablePhoto | SearchAppError | None = None,
    previous: str = "",
) -> Response:
    """Home; after a failed upload with the reason and the way back to the photo before."""
    collection = services.open_collection
    products, total = _shop_window(collection)
    context = {
        "results": summary_views(products),
        "total": total,
        "samples": services.samples.names,
        "problem": sentence(str(error)) if error else "",
        "previous": previous if _is_kept(services, previous) else "",
        "here": "home",
    }
    status = photo_problem(error) if error else 200
    page = services.templates.TemplateResponse(request, "home.html", context, status)
    if isinstance(error, Busy):
        page.headers["Retry-After"] = str(error.retry_after)
    return page


def _is_kept(services: Services, token: str) -> bool:
    try:
        services.queries.get(token)
    except QueryExpired:
        return False
    return True


def _shop_window(collection: Collection) -> tuple[list[ProductSummary], int]:
    """A few products from all over the catalogue, and how many there are."""
    size = HOME_PRODUCTS // HOME_PLACES
    with collection.database.session() as session:
        first = list_products(session, 1, size)
        step = max(1, min(first.total, HOME_REACH) // HOME_PRODUCTS)
        pages = [first] + [
            list_products(session, 1 + place * step, size) for place in range(1, HOME_PLACES)
        ]
    products = [each for page in pages for each in page.products if each.photo_id is not None]
    return products, first.total


def _query_page(
    request: Request, services: Services, path: str, kept: KeptQuery, state: PageState
) -> Response:
    collection = services.open_collection
    garments = kept.query.garments
    whole = state.garment == WHOLE_PHOTO
    chosen = kept.query.wholes[0] if whole else _garment_at(garments, state)
    with services.metrics.stage("search"):
        cards = _cards(collection, kept, chosen, state)
    with collection.database.session() as session:
        menus = facets(session)
        is_empty = not cards and list_products(session, 1, 1).total == 0
    own_class = None if whole else chosen.garment_class
    among = state.among or own_class
    title = f"{CLASS_NAMES[among]}s like this" if among else "Closest to the whole photo"
    form = steer_view(path, state, menus, own_class, whole_photo=whole, keeps_garment=True)
    height, width = kept.query.height, kept.query.width
    context = found_context(cards, form, title, is_empty, path, state) | {
        "chosen": garment_view(chosen, path, chosen=True),
        "garments": garment_views(garments, path, state),
        "whole_href": replace(state, garment="photo", among=None).href(path),
        "photo_url": f"{path}/photo.jpg",
        "width": width,
        "height": height,
        "dot_radius": round(DOT_SHARE * max(width, height), 1),
        "note": "" if garments else NO_GARMENT_NOTE,
        "samples": services.samples.names,
        "token": path.removeprefix("/q/"),
        "here": "",
    }
    return services.templates.TemplateResponse(request, "query.html", context)


def _garment_at(garments: tuple[QueryGarment, ...], state: PageState) -> QueryGarment:
    assert isinstance(state.garment, int)
    if state.garment >= len(garments):
        raise PageNotFound(f"this photo has {len(garments)} garments; choose one of them")
    return garments[state.garment]


def _cards(
    collection: Collection, kept: KeptQuery, chosen: QueryGarment, state: PageState
) -> list[ResultCard]:
    if not chosen.whole_photo:
        return search_garment(collection, chosen, state.options, state.among)
    wholes = [each for each in kept.query.wholes if state.among in (None, each.garment_class)]
    return search_wholes(collection, wholes, state.options)
