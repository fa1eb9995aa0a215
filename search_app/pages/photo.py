"""Pages of the search by photo: home, upload, garments with their results.

    POST /search  ->  303  ->  GET /q/<token>?garment=&class=&brand=...   (all state in the URL)

Nothing here changes the catalogue; query photos are kept as `search_app.search.query_store` says.
"""

from dataclasses import replace
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, File, Form, Request, Response, UploadFile
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import RedirectResponse

from catalog.errors import FetchError
from catalog.queries import product_count, spread_products
from catalog.records import ProductSummary
from indexing.collection import Collection
from indexing.types import EmbeddedGarment
from search_app.analytics.searches import recorded_search
from search_app.errors import Busy, QueryExpired, SearchAppError
from search_app.language import texts
from search_app.pages.cards import shown_cards, summary_views
from search_app.pages.forms import counted_facets, filter_form
from search_app.pages.photo_picker import photo_pick
from search_app.pages.regions import picked_garment, resolved_pick, with_pick
from search_app.pages.results import results_context
from search_app.pages.state import MAX_FURTHER_PHOTOS, PageState, parse_state
from search_app.problems import photo_problem, sentence
from search_app.search.query_photo import Pick, counterpart, embed_query, embedder_of
from search_app.search.search import search_garment
from search_app.search.uploads import StoredQuery, fetched_bytes, shown_jpeg, upload_bytes
from search_app.services import Services, UsedServices
from segmentation.errors import UnreadablePhoto
from segmentation.photos import decode_photo

HOME_PRODUCTS: Final = 12
HOME_REACH: Final = 2000
"""Home shows products from the whole catalogue, or from so many of it: neighbours by title are
variants of one article."""
_PRIVATE: Final = {"Cache-Control": "private, no-store"}

router = APIRouter(include_in_schema=False)


@router.get("/")
def home(request: Request, services: UsedServices) -> Response:
    """Show the upload form and a few products."""
    return _home_page(request, services)


@router.get("/search")
def search_again() -> Response:
    """Redirect the reload of a failed upload to the home page."""
    return RedirectResponse("/", 303)


@router.post("/search")
async def search(
    request: Request,
    services: UsedServices,
    photo: Annotated[list[UploadFile], File()] = [],  # noqa: B006
    camera: Annotated[UploadFile | None, File()] = None,
    photo_url: Annotated[str, Form()] = "",
    sample: Annotated[str, Form()] = "",
    previous: Annotated[str, Form()] = "",
    join: Annotated[bool, Form()] = False,
) -> Response:
    """Embed uploaded photos and redirect to the results of the first, or of all together.

    With `join` they are added to the photo searched with before, whose token is `previous`.
    """
    try:
        given = await _given_photo(services, photo, camera, photo_url.strip(), sample)
        photos = [given, *photo[1 : 1 + MAX_FURTHER_PHOTOS]] if given in photo[:1] else [given]
        stored = [
            await services.line.run(partial(_embed_upload, services, each)) for each in photos
        ]
    except (UnreadablePhoto, FetchError, SearchAppError) as error:
        services.metrics.count_refused(error.code)
        return await run_in_threadpool(_home_page, request, services, error, previous)
    tokens = await run_in_threadpool(lambda: [services.queries.add(each) for each in stored])
    if join and await run_in_threadpool(_is_stored, services, previous):
        tokens.insert(0, previous)
    first, *further = tokens
    state = PageState(also=tuple(further[:MAX_FURTHER_PHOTOS]))
    return RedirectResponse(state.href(f"/q/{first}"), 303)


@router.get("/q/{token}")
async def query_page(request: Request, token: str, services: UsedServices) -> Response:
    """Show the photo with its garments and the results of the chosen one."""
    state = parse_state(request.query_params)
    collection = services.open_collection
    stored = await run_in_threadpool(services.queries.get, token)
    if stored.model != collection.fingerprint:
        raise QueryExpired("the models were changed since; upload this photo again")
    pick = resolved_pick(stored, state.pick)
    if picked_garment(stored, pick) is None:
        without = stored
        stored = await services.line.run(lambda: _with_pick(services, collection, without, pick))
        await run_in_threadpool(services.queries.put, token, stored)
    path = f"/q/{token}"
    return await run_in_threadpool(_query_page, request, services, collection, path, stored, state)


@router.post("/q/{token}/forget")
def forget(token: str, services: UsedServices) -> Response:
    """Delete the query photo; knowing its token is sufficient permission."""
    services.queries.drop(token)
    return RedirectResponse("/", 303)


@router.get("/q/{token}/photo.jpg")
def query_photo(token: str, services: UsedServices) -> Response:
    """Send the query photo, encoded again and so without its metadata."""
    return Response(services.queries.get(token).jpeg, media_type="image/jpeg", headers=_PRIVATE)


async def _given_photo(
    services: Services,
    photos: list[UploadFile],
    camera: UploadFile | None,
    address: str,
    sample: str,
) -> UploadFile | bytes | None:
    """The (first) photo from a sample, a file or an address, in this order."""
    if sample:
        return services.samples.file(sample).read_bytes()
    given = camera if camera and camera.size else next(iter(photos), None)
    if address and not (given and given.size):
        limit = services.settings.max_upload_bytes
        return await fetched_bytes(address, limit, services.fetches)
    return given


def _embed_upload(services: Services, given: UploadFile | bytes | None) -> StoredQuery:
    """Read, decode and embed an uploaded photo."""
    embedder = embedder_of(services.open_collection)
    limit = services.settings.max_upload_bytes
    data = given if isinstance(given, bytes) else upload_bytes(given, limit)
    with services.metrics.stage("decode"):
        photo = decode_photo(data).photo
    with services.metrics.stage("embed"):
        query = embed_query(embedder, photo)
    return StoredQuery(query, shown_jpeg(photo), embedder.fingerprint)


def _with_pick(
    services: Services, collection: Collection, stored: StoredQuery, pick: Pick
) -> StoredQuery:
    embedder = embedder_of(collection)
    with services.metrics.stage("embed"):
        return with_pick(embedder, stored, pick)


def _home_page(
    request: Request,
    services: Services,
    error: UnreadablePhoto | FetchError | SearchAppError | None = None,
    previous: str = "",
) -> Response:
    """Render the home page, after a failed upload with the reason and the previous photo."""
    collection = services.open_collection
    products, total = _shop_window(collection)
    context = {
        "results": summary_views(products),
        "total": total,
        "samples": services.samples.names,
        "problem": texts.error_message(error.code, sentence(str(error))) if error else "",
        "previous": previous if _is_stored(services, previous) else "",
        "here": "home",
    }
    status = photo_problem(error) if error else 200
    page = services.templates.TemplateResponse(request, "home.html", context, status)
    if isinstance(error, Busy):
        page.headers["Retry-After"] = str(error.retry_after)
    return page


def _is_stored(services: Services, token: str) -> bool:
    try:
        services.queries.get(token)
    except QueryExpired:
        return False
    return True


def _shop_window(collection: Collection) -> tuple[list[ProductSummary], int]:
    """A few products spread over the catalogue, and the number of all products."""
    with collection.database.session() as session:
        products = spread_products(session, HOME_PRODUCTS, HOME_REACH)
        total = product_count(session)
    return [each for each in products if each.photo_id is not None], total


def _note(stored: StoredQuery, state: PageState) -> str:
    """A remark on the photo: no garment on it, or no colours that could be compared."""
    is_grey = state.options.fitted(stored.query.monochrome).colour_weight < state.colour_weight
    notes = (
        "" if stored.query.garments or state.pick else texts.NO_GARMENT,
        texts.NO_COLOURS if is_grey else "",
    )
    return " ".join(filter(None, notes))


def _counterparts(
    services: Services, collection: Collection, chosen: EmbeddedGarment, state: PageState
) -> list[EmbeddedGarment]:
    """The garments of the further photos that go with the chosen one."""
    further = [services.queries.get(token) for token in state.also]
    wanted = state.among or chosen.garment.garment_class
    found = [
        counterpart(each.query, wanted) for each in further if each.model == collection.fingerprint
    ]
    return [each for each in found if each is not None]


def _query_page(
    request: Request,
    services: Services,
    collection: Collection,
    path: str,
    stored: StoredQuery,
    state: PageState,
) -> Response:
    state = replace(state, also=tuple(each for each in state.also if _is_stored(services, each)))
    pick = resolved_pick(stored, state.pick)
    chosen = picked_garment(stored, pick)
    assert chosen is not None  # `query_page` has embedded it
    with services.metrics.stage("search"):
        options = state.options.fitted(stored.query.monochrome)
        also = _counterparts(services, collection, chosen, state)
        found = search_garment(collection, chosen, options, state.among, also)
        cards = shown_cards(found, state)
    words = collection.understand(state.words)
    own_class = None if chosen.whole_photo else chosen.garment.garment_class
    among = state.class_searched(own_class)
    # Of a garment whose class is in doubt, all classes were searched.
    is_mixed = any(each.garment_class is not among for each in cards)
    shown_class = None if is_mixed else among
    with collection.database.session() as session:
        menus = counted_facets(session, state, words, shown_class)
        is_empty = not cards and product_count(session) == 0
    title = texts.LIKE_PHOTO if chosen.whole_photo else texts.LIKE_GARMENT
    if shown_class:
        title = texts.like_this(shown_class)
    form = filter_form(path, state, menus, words, own_class, chosen.whole_photo)
    photo = photo_pick(stored.query, pick, chosen, path, state)
    recorder = services.analytics
    whole_photo = chosen.whole_photo
    context = results_context(collection, cards, form, title, is_empty, path, state, whole_photo)
    context |= {
        "search_id": recorded_search(recorder, state, chosen, words, among, cards),
        "photo": photo,
        "with_classes": False,
        "note": _note(stored, state),
        "samples": services.samples.names,
        "token": path.removeprefix("/q/"),
        "here": "",
    }
    return services.templates.TemplateResponse(request, "query.html", context)
