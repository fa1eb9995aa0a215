"""The pages of the catalogue itself: more like a garment, a product, all products, their photos."""

from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from catalog.errors import CatalogError
from catalog.queries import GarmentCard, facets, list_products, product_by_id, product_cards
from indexing.collection import Collection, ResultCard
from search_app import texts
from search_app.errors import PageNotFound
from search_app.looks import complete_the_look, main_garment
from search_app.nearest import steered_vector
from search_app.results import (
    box_view,
    found_context,
    photo_url,
    product_href,
    product_view,
    result_views,
    shown_cards,
    summary_views,
    without_closeness,
)
from search_app.services import UsedServices
from search_app.state import PAGE_SIZE, PageState, RowId, parse_state
from search_app.steering import counted_under, steer_view
from search_app.views import LookView

SIMILAR_PRODUCTS: Final = 12
_PUBLIC: Final = {"Cache-Control": "public, max-age=86400"}

router = APIRouter(include_in_schema=False)


@router.get("/like/{garment_id}")
def like_page(request: Request, garment_id: RowId, services: UsedServices) -> Response:
    """More like a garment of the catalogue."""
    state = parse_state(request.query_params)
    collection = services.open_collection
    try:
        own_class, vector = collection.vector_of(garment_id)
        with collection.database.session() as session:
            card = product_cards(session, [garment_id])[garment_id]
            among = state.class_searched(own_class) or own_class
            menus = facets(session, counted_under(state, among))
    except (CatalogError, KeyError) as error:
        raise PageNotFound("this garment is no longer in the catalogue; search anew") from error
    options = state.options
    with services.metrics.stage("search"):
        hits = collection.search(
            steered_vector(collection, vector, options),
            among,
            options.k,
            options.colour_weight,
            options.wanted_products,
            card.product_id,
            tiles=collection.tiles_of(garment_id),
            own_colour=options.own_colour,
        )
        cards = shown_cards(collection.cards(hits), state)
    path = f"/like/{garment_id}"
    form = steer_view(path, state, menus, own_class)
    source = {
        "title": card.title,
        "href": product_href(card.product_id),
        "photo_url": photo_url(card.photo_id),
        "box": box_view(card),
    }
    context = found_context(cards, form, texts.like_this(among), False, path, state)
    context |= {"source": source, "here": ""}
    return services.templates.TemplateResponse(request, "like.html", context)


@router.get("/find")
def find_page(request: Request, services: UsedServices) -> Response:
    """Products that plain words ask for, without a photo: the surest first."""
    state = parse_state(request.query_params)
    collection = services.open_collection
    options = state.options
    with collection.database.session() as session:
        menus = facets(session, counted_under(state, state.among))
        is_empty = list_products(session, 1, 1).total == 0
    asks = not (options.understood.wish.is_empty and options.filters.is_empty)
    hits = collection.find(options.wanted_products, options.k, state.among) if asks else []
    cards = shown_cards(collection.cards(hits), state)
    form = steer_view("/find", state, menus, compares=False)
    context = found_context(cards, form, texts.FOUND, is_empty, "/find", state)
    context["results"] = without_closeness(result_views(cards, state, "/find"))
    context |= {"distant": False, "here": ""}
    return services.templates.TemplateResponse(request, "find.html", context)


@router.get("/product/{product_id:path}")
def product_page(request: Request, product_id: str, services: UsedServices) -> Response:
    """A product: its photos, its garments, similar ones."""
    collection = services.open_collection
    with collection.database.session() as session:
        product = product_by_id(session, product_id)
        garment_ids = [each for photo in product.photos for each in photo.garment_ids]
        cards = product_cards(session, garment_ids)
    own = main_garment(collection, [cards[each] for each in garment_ids])
    context = {
        "product": product_view(product, cards),
        "results": result_views(_similar(collection, own), PageState()) if own else [],
        "looks": _looks(collection, own) if own else [],
        "like_href": f"/like/{own.garment_id}" if own else "",
        "here": "",
    }
    return services.templates.TemplateResponse(request, "product.html", context)


@router.get("/catalogue")
def catalogue_page(request: Request, services: UsedServices) -> Response:
    """All products by pages, filtered."""
    state = parse_state(request.query_params)
    with services.open_collection.database.session() as session:
        found = list_products(session, state.page, PAGE_SIZE, state.filters, state.text)
        menus = facets(session, state.filters)
        is_empty = found.total == 0 and list_products(session, 1, 1).total == 0
    pages = max(1, -(-found.total // PAGE_SIZE))
    if state.page > pages:
        return RedirectResponse(state.on_page(pages), 303)
    context = {
        "results": summary_views(found.products),
        "form": steer_view("/catalogue", state, menus, compares=False),
        "total": found.total,
        "empty_catalogue": is_empty,
        "page": state.page,
        "pages": pages,
        "previous_href": state.on_page(state.page - 1) if state.page > 1 else "",
        "next_href": state.on_page(state.page + 1) if state.page < pages else "",
        "here": "catalogue",
    }
    return services.templates.TemplateResponse(request, "catalogue.html", context)


@router.get("/photos/{photo_id}.jpg")
def product_photo(photo_id: RowId, services: UsedServices) -> Response:
    """A product's photo, reduced."""
    try:
        path = services.open_collection.photo_file(photo_id)
    except CatalogError as error:
        raise PageNotFound("this photo is not stored; it may have been removed") from error
    return FileResponse(path, media_type="image/jpeg", headers=_PUBLIC)


@router.get("/samples/{name}")
def sample_photo(name: str, services: UsedServices) -> Response:
    """A sample photo that the home page offers."""
    return FileResponse(services.samples.file(name), headers=_PUBLIC)


@router.get("/docs")
def docs(request: Request, services: UsedServices) -> Response:
    """Swagger UI, served from here."""
    return services.templates.TemplateResponse(request, "docs.html")


def _similar(collection: Collection, own: GarmentCard) -> list[ResultCard]:
    """Other products near to the garment that this one sells."""
    garment_class, vector = collection.vector_of(own.garment_id)
    hits = collection.search(
        vector,
        garment_class,
        SIMILAR_PRODUCTS,
        exclude_product=own.product_id,
        tiles=collection.tiles_of(own.garment_id),
    )
    return collection.cards(hits)


def _looks(collection: Collection, own: GarmentCard) -> list[LookView]:
    """What completes the look, without a word on closeness: it is close to something else."""
    return [
        LookView(
            texts.worn_with(garment_class),
            without_closeness(result_views(cards, PageState())),
        )
        for garment_class, cards in complete_the_look(collection, own).items()
    ]
