"""The way of a visitor's own photo: home, upload, garments with their results.

    POST /search  ->  303  ->  GET /q/<token>?garment=&class=&brand=...   (all choices in the URL)

Nothing here changes the catalogue; a query photo lives in memory only.
"""

from typing import Annotated, Final

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from catalog.errors import FetchError
from catalog.queries import ProductSummary, facets, list_products
from indexing.collection import Collection, ResultCard
from search_app import texts
from search_app.errors import Busy, QueryExpired, SearchAppError
from search_app.nearest import search_garment, search_wholes
from search_app.picking import photo_pick
from search_app.problems import photo_problem, sentence
from search_app.query import QueryGarment, embed_query, embedder_of, with_wholes
from search_app.regions import is_embedded, picked_garment, settled_pick, with_pick
from search_app.results import found_context, shown_cards, summary_views
from search_app.services import Services, UsedServices
from search_app.state import PageState, Pick, parse_state
from search_app.steering import counted_under, steer_view
from search_app.uploads import KeptQuery, photo_bytes, shown_jpeg, upload_bytes
from segmentation.errors import UnreadablePhoto
from segmentation.photos import decode_photo

HOME_PRODUCTS: Final = 12
HOME_PLACES: Final = 6
"""Home shows products from so many places of the catalogue, else all would begin with A."""
HOME_REACH: Final = 2000
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
    camera: Annotated[UploadFile | None, File()] = None,
    photo_url: Annotated[str, Form()] = "",
    sample: Annotated[str, Form()] = "",
    previous: Annotated[str, Form()] = "",
) -> Response:
    """Take a photo in, look at it, send the browser to its results."""
    try:
        data = await _given_photo(services, photo, camera, photo_url.strip(), sample)
        kept = await services.line.run(lambda: _look_at(services, data))
    except (UnreadablePhoto, FetchError, SearchAppError) as error:
        services.metrics.count_refused(error.code)
        return await run_in_threadpool(_home_page, request, services, error, previous)
    return RedirectResponse(f"/q/{services.queries.add(kept)}", 303)


@router.get("/q/{token}")
async def query_page(request: Request, token: str, services: UsedServices) -> Response:
    """The photo with its garments, and the results for the chosen one."""
    state = parse_state(request.query_params)
    collection = services.open_collection
    kept = services.queries.get(token)
    if kept.model != collection.fingerprint:
        raise QueryExpired("the models were changed since; upload this photo again")
    pick = settled_pick(kept, state.pick)
    if not is_embedded(kept, pick):
        without = kept
        kept = await services.line.run(lambda: _with_pick(services, collection, without, pick))
        services.queries.put(token, kept)
    path = f"/q/{token}"
    return await run_in_threadpool(_query_page, request, services, collection, path, kept, state)


@router.post("/q/{token}/forget")
def forget(token: str, services: UsedServices) -> Response:
    """Drop the query photo now. Who knows its token may: no other proof is asked for."""
    services.queries.drop(token)
    return RedirectResponse("/", 303)


@router.get("/q/{token}/photo.jpg")
def query_photo(token: str, services: UsedServices) -> Response:
    """The query photo, written anew: none of its metadata is left."""
    return Response(services.queries.get(token).jpeg, media_type="image/jpeg", headers=_PRIVATE)


async def _given_photo(
    services: Services,
    photo: UploadFile | None,
    camera: UploadFile | None,
    address: str,
    sample: str,
) -> bytes:
    """The bytes of the photo, however it was given: a file goes before an address."""
    if sample:
        return services.samples.file(sample).read_bytes()
    given = camera if camera and camera.size else photo
    limit = services.settings.max_upload_bytes
    if address and not (given and given.size):
        return await photo_bytes(None, address, limit)
    return await upload_bytes(given, limit)


def _look_at(services: Services, data: bytes) -> KeptQuery:
    """Bytes -> photo -> garments with vectors, and a clean copy to show."""
    embedder = embedder_of(services.open_collection)
    with services.metrics.stage("decode"):
        photo = decode_photo(data).photo
    with services.metrics.stage("embed"):
        query = embed_query(embedder, photo)
        if not query.garments:
            query = with_wholes(embedder, photo, query)
    return KeptQuery(query, shown_jpeg(photo), embedder.fingerprint)


def _with_pick(
    services: Services, collection: Collection, kept: KeptQuery, pick: Pick
) -> KeptQuery:
    embedder = embedder_of(collection)
    with services.metrics.stage("embed"):
        return with_pick(embedder, kept, pick)


def _home_page(
    request: Request,
    services: Services,
    error: UnreadablePhoto | FetchError | SearchAppError | None = None,
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
    request: Request,
    services: Services,
    collection: Collection,
    path: str,
    kept: KeptQuery,
    state: PageState,
) -> Response:
    pick = settled_pick(kept, state.pick)
    chosen = picked_garment(kept, pick)
    with services.metrics.stage("search"):
        cards = _cards(collection, kept, chosen, state)
    own_class = None if chosen.whole_photo else chosen.garment_class
    among = state.class_searched(own_class)
    with collection.database.session() as session:
        menus = facets(session, counted_under(state, among))
        is_empty = not cards and list_products(session, 1, 1).total == 0
    title = texts.like_this(among) if among else texts.LIKE_PHOTO
    form = steer_view(path, state, menus, own_class, whole_photo=chosen.whole_photo)
    photo = photo_pick(kept, pick, path, state)
    context = found_context(cards, form, title, is_empty, path, state) | {
        "photo": photo,
        "note": "" if kept.query.garments or state.pick else texts.NO_GARMENT,
        "samples": services.samples.names,
        "token": path.removeprefix("/q/"),
        "here": "",
    }
    return services.templates.TemplateResponse(request, "query.html", context)


def _cards(
    collection: Collection, kept: KeptQuery, chosen: QueryGarment, state: PageState
) -> list[ResultCard]:
    wanted = state.options
    if chosen.whole_photo:
        wholes = [each for each in kept.query.wholes if state.among in (None, each.garment_class)]
        return shown_cards(search_wholes(collection, wholes, wanted, state.among), state)
    return shown_cards(search_garment(collection, chosen, wanted, state.among), state)
