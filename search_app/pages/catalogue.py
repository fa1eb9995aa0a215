"""Pages of the catalogue: products, similar garments, search by words, photos."""

from dataclasses import replace
from typing import Final

from fastapi import APIRouter, Request, Response
from fastapi.responses import FileResponse, RedirectResponse

from catalog.errors import CatalogError, ProductNotFound
from catalog.filtering.filters import Filters
from catalog.queries import (
    list_products,
    product_by_id,
    product_cards,
    product_count,
    variants,
)
from catalog.records import GarmentCard
from catalog.sale import price_now
from indexing.collection import Collection, ResultCard
from search_app.analytics.searches import recorded_search
from search_app.documents import http_link
from search_app.errors import PageNotFound
from search_app.language import texts
from search_app.pages.cards import (
    area_of,
    photo_url,
    price_text,
    product_href,
    result_views,
    shown_cards,
    stock_text,
    summary_views,
    without_closeness,
)
from search_app.pages.forms import counted_facets, filter_form
from search_app.pages.garments import distinct_garments, main_colour, product_facts
from search_app.pages.results import results_context
from search_app.pages.state import PAGE_SIZE, PageState, RowId, parse_state
from search_app.pages.views import ActiveFilter, ResultView
from search_app.search.outfits import complete_the_look, main_garment
from search_app.search.search import SearchOptions, find_by_words, search_cards
from search_app.services import UsedServices
from segmentation.classes import GarmentClass

SIMILAR_PRODUCTS: Final = 12
_PUBLIC: Final = {"Cache-Control": "public, max-age=86400"}

Outfits = dict[GarmentClass, tuple[ResultView, ...]]

router = APIRouter(include_in_schema=False)


@router.get("/like/{garment_id}")
def like_page(request: Request, garment_id: RowId, services: UsedServices) -> Response:
    """Show the products most similar to a garment of the catalogue."""
    state = parse_state(request.query_params)
    collection = services.open_collection
    words = collection.understand(state.words)
    try:
        query = collection.query_like(garment_id)
        (own_class,) = query.searched_classes
        with collection.database.session() as session:
            card = product_cards(session, [garment_id])[garment_id]
            among = state.class_searched(own_class) or own_class
            menus = counted_facets(session, state, words, among)
    except (CatalogError, KeyError) as error:
        raise PageNotFound("this garment is no longer in the catalogue; search again") from error
    query = replace(query, exclude_product=card.product_id)
    with services.metrics.stage("search"):
        cards = shown_cards(search_cards(collection, query, state.options, among), state)
    path = f"/like/{garment_id}"
    form = filter_form(path, state, menus, words, own_class)
    source = {
        "title": card.title,
        "href": product_href(card.product_id),
        "photo_url": photo_url(card.photo_id),
        "area": area_of(card.box),
    }
    context = results_context(collection, cards, form, texts.like_this(among), False, path, state)
    search_id = recorded_search(services.analytics, state, card, words, among, cards)
    context |= {"source": source, "search_id": search_id, "here": ""}
    return services.templates.TemplateResponse(request, "like.html", context)


@router.get("/find")
def find_page(request: Request, services: UsedServices) -> Response:
    """Search by a text query without a photo; the best matches first.

    Without words and filters, as after "Clear all", it is the catalogue.
    """
    state = parse_state(request.query_params)
    options = state.options  # raises for an unknown colour
    collection = services.open_collection
    if not state.words and state.filters.is_empty:
        return RedirectResponse("/catalogue", 303)
    words, found = find_by_words(collection, options, state.among)
    with collection.database.session() as session:
        menus = counted_facets(session, state, words, state.among)
        is_empty = product_count(session) == 0
        # Products whose photos show no garment are found by name alone.
        name = "" if found else state.words
        named = list_products(session, 1, 1, text=name).total if name else 0
    cards = shown_cards(found, state)
    form = filter_form("/find", state, menus, words, compares=False)
    context = results_context(collection, cards, form, texts.FOUND, is_empty, "/find", state)
    context["results"] = without_closeness(result_views(cards, state, "/find"))
    if named:
        advice = ActiveFilter(texts.named_so(named), PageState(text=name).href("/catalogue"))
        context["relax"] = [advice, *context["relax"]]
    search_id = ""
    if cards or not (words.query.is_empty and state.filters.is_empty):
        search_id = recorded_search(services.analytics, state, None, words, state.among, cards)
    context |= {"distant": False, "search_id": search_id, "here": ""}
    return services.templates.TemplateResponse(request, "find.html", context)


@router.get("/product/{product_id:path}")
def product_page(request: Request, product_id: str, services: UsedServices) -> Response:
    """Show a product, similar products and what goes with it."""
    collection = services.open_collection
    with collection.database.session() as session:
        product = product_by_id(session, product_id)
        garment_ids = [each for photo in product.photos for each in photo.garment_ids]
        cards = product_cards(session, garment_ids)
        colours = variants(session, product.row.group) if product.row.group else ()
    try:
        own = main_garment(collection, [cards[each] for each in garment_ids])
        similar = result_views(_similar(collection, own), PageState()) if own else []
        outfits = _outfits(collection, own) if own else {}
    except (CatalogError, KeyError) as error:
        raise ProductNotFound(f"product {product_id!r} was removed a moment ago") from error
    row = product.row
    similar_head, similar_href = texts.SIMILAR, f"/like/{own.garment_id}" if own else ""
    if not own and row.category:
        similar = _of_category(collection, row.category, product_id)
        similar_head = texts.more_of_category(row.category.rpartition(">")[2].strip())
        similar_href = PageState(category=row.category).href("/catalogue")
    now, regular = (price_text(each, row.currency) for each in (price_now(row), row.price))
    photos = [each for each in product.photos if each.has_copy]
    shown = [cards[each] for photo in photos for each in photo.garment_ids if each in cards]
    context = {
        "product": row,
        "price": {"price": now, "was": regular if regular != now else ""},
        "stock": stock_text(row.availability),
        "shop_url": http_link(row.url),
        "facts": product_facts(row),
        "photos": photos,
        "cards": cards,
        "garments": distinct_garments(shown),
        "variants": colours if len(colours) > 1 else (),
        "results": similar,
        "similar_head": similar_head,
        "similar_href": similar_href,
        "outfits": outfits,
        "here": "",
        "area_of": area_of,
        "main_colour": main_colour,
        "photo_url": photo_url,
        "product_href": product_href,
    }
    return services.templates.TemplateResponse(request, "product.html", context)


@router.get("/catalogue")
def catalogue_page(request: Request, services: UsedServices) -> Response:
    """Show a page of the products that pass the filters."""
    state = parse_state(request.query_params)
    with services.open_collection.database.session() as session:
        found = list_products(
            session, state.page, PAGE_SIZE, state.filters, state.text, sort=state.sort
        )
        menus = counted_facets(session, state)
        is_empty = found.total == 0 and product_count(session) == 0
    if state.page > found.pages:
        return RedirectResponse(state.on_page(found.pages), 303)
    context = {
        "results": summary_views(found.products),
        "form": filter_form("/catalogue", state, menus, compares=False),
        "total": found.total,
        "empty_catalogue": is_empty,
        "page": state.page,
        "pages": found.pages,
        "previous_href": state.on_page(state.page - 1) if state.page > 1 else "",
        "next_href": state.on_page(state.page + 1) if state.page < found.pages else "",
        "here": "catalogue",
    }
    return services.templates.TemplateResponse(request, "catalogue.html", context)


@router.get("/photos/{photo_id}.jpg")
def product_photo(photo_id: RowId, services: UsedServices) -> Response:
    """Send the thumbnail of a product's photo."""
    try:
        path = services.open_collection.photo_file(photo_id)
    except CatalogError as error:
        raise PageNotFound("this photo is not stored; it may have been removed") from error
    return FileResponse(path, media_type="image/jpeg", headers=_PUBLIC)


@router.get("/samples/{name}")
def sample_photo(name: str, services: UsedServices) -> Response:
    """Send a sample photo of the home page."""
    return FileResponse(services.samples.file(name), headers=_PUBLIC)


@router.get("/docs")
def docs(request: Request, services: UsedServices) -> Response:
    """Show Swagger UI from this server's own files."""
    return services.templates.TemplateResponse(request, "docs.html")


def _similar(collection: Collection, own: GarmentCard) -> list[ResultCard]:
    """Products similar to the garment that this product sells."""
    query = replace(collection.query_like(own.garment_id), exclude_product=own.product_id)
    return search_cards(collection, query, SearchOptions(k=SIMILAR_PRODUCTS))


def _of_category(collection: Collection, category: str, product_id: str) -> list[ResultView]:
    """Other products of a category, for one whose photos show no garment."""
    with collection.database.session() as session:
        listed = list_products(
            session, page_size=SIMILAR_PRODUCTS + 1, filters=Filters(category=category)
        )
    others = [each for each in listed.products if each.id != product_id]
    return summary_views(others[:SIMILAR_PRODUCTS])


def _outfits(collection: Collection, own: GarmentCard) -> Outfits:
    """Products that complete the look, without closeness, which refers to other garments."""
    return {
        garment_class: without_closeness(result_views(cards, PageState()))
        for garment_class, cards in complete_the_look(collection, own).items()
    }
