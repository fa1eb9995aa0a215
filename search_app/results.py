"""Cards, garments and products in, what a template shows of them out: words and links only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from catalog.queries import Facets, FacetValue, GarmentCard, ProductDetail, ProductSummary
from indexing.collection import ResultCard
from search_app.search import QueryGarment
from search_app.state import MAX_RESULTS, PAGE_SIZE, PageState
from search_app.views import (
    BoxView,
    Choice,
    Dot,
    GarmentView,
    Menu,
    PhotoView,
    ProductView,
    ResultView,
    SteerView,
)
from segmentation.classes import GARMENT_CLASSES, GarmentClass

CLASS_NAMES: Final = {
    GarmentClass.UPPER: "Top",
    GarmentClass.WHOLE: "One-piece",
    GarmentClass.LOWER: "Bottom",
}
CLOSENESS: Final = (
    (0.97, "Nearly the same"),
    (0.90, "Very close"),
    (0.80, "Close"),
    (0.65, "Somewhat close"),
    (-1.0, "Not close"),
)
"""Least score -> what we call it. Scores of an uncalibrated model: words, no per cent."""
DISTANT: Final = 0.65
"""When even the best result scores less, the page says that nothing comes close."""
_SYMBOLS: Final = {"EUR": "€", "USD": "$", "GBP": "£", "JPY": "¥"}


def found_context(
    cards: Sequence[ResultCard],
    form: SteerView,
    title: str,
    empty_catalogue: bool,
    path: str,
    state: PageState,
) -> dict[str, object]:
    """What `_results.html` needs."""
    more = replace(state, k=min(state.k + PAGE_SIZE, MAX_RESULTS))
    may_have_more = len(cards) == state.k < MAX_RESULTS
    return {
        "results": result_views(cards, state),
        "results_title": title,
        "form": form,
        "empty_catalogue": empty_catalogue,
        "distant": bool(cards) and cards[0].score < DISTANT,
        "more_href": more.href(path) + f"#result-{state.k}" if may_have_more else "",
    }


def result_views(cards: Iterable[ResultCard], state: PageState) -> list[ResultView]:
    """Results in their order; "more like this" keeps the visitor's filters."""
    onward = replace(PageState(), colour_weight=state.colour_weight)
    return [
        ResultView(
            href=product_href(card.product_id),
            photo_url=photo_url(card.photo_id),
            title=card.title,
            brand=card.brand or "",
            price=price_text(card.price, card.currency),
            closeness=closeness(card.score),
            score=card.score,
            # Rounding may carry a cosine just beyond what a meter takes.
            style=min(max(card.style, 0.0), 1.0),
            colour=min(max(card.colour, 0.0), 1.0),
            like_href=onward.href(f"/like/{card.garment_id}"),
        )
        for card in cards
    ]


def summary_views(products: Iterable[ProductSummary]) -> list[ResultView]:
    """Products of the catalogue as a grid without closeness."""
    return [
        ResultView(
            href=product_href(product.id),
            photo_url=photo_url(product.photo_id),
            title=product.title,
            brand=product.brand or "",
            price=price_text(product.price, product.currency),
        )
        for product in products
    ]


def garment_views(
    garments: Sequence[QueryGarment], path: str, state: PageState
) -> list[GarmentView]:
    """The garments of a query photo; each links to itself and keeps the filters."""
    return [
        garment_view(
            garment,
            # Another garment is of another class: what was searched among no longer fits.
            href=replace(state, garment=place, among=None, k=PageState.k).href(path),
            chosen=state.garment == place,
        )
        for place, garment in enumerate(garments)
    ]


def garment_view(garment: QueryGarment, href: str, chosen: bool) -> GarmentView:
    """One garment of a query photo, or the whole photo."""
    main = garment.colours[0] if garment.colours else None
    return GarmentView(
        href=href,
        name="Whole photo" if garment.whole_photo else CLASS_NAMES[garment.garment_class],
        class_label=garment.garment_class.label,
        colour_name=main.name if main else "",
        colour_hex=main.hex if main else "#888888",
        colours=tuple(Dot(colour.hex) for colour in garment.colours[:3]),
        outline=garment.outline,
        dot_x=round(garment.dot[0], 1),
        dot_y=round(garment.dot[1], 1),
        chosen=chosen,
        whole_photo=garment.whole_photo,
    )


def steer_view(
    path: str,
    state: PageState,
    facets: Facets,
    own_class: GarmentClass | None = None,
    whole_photo: bool = False,
    keeps_garment: bool = False,
    compares: bool = True,
) -> SteerView:
    """The form beside results.

    Args:
        own_class: the class of the garment searched with; None = no garment is.
        whole_photo: the whole photo is searched with, among all classes at first.
        keeps_garment: the address names a garment of a query photo.
        compares: results are compared with something, so that style and colour can be weighed.
    """
    bare = PageState(garment=state.garment, among=state.among, colour_weight=state.colour_weight)
    return SteerView(
        action=path,
        garment=state.garment if keeps_garment else None,
        classes=_class_choices(state.among or own_class, whole_photo) if compares else (),
        colour_weight=f"{state.colour_weight:g}" if compares else None,
        menus=_menus(state, facets),
        price_min=_plain(state.price_min),
        price_max=_plain(state.price_max),
        reset_href="" if state.filters.is_empty else bare.href(path),
        # Browsing is filtering; beside results the filters wait until they are wanted.
        filters_open=not compares or not state.filters.is_empty,
    )


def product_view(product: ProductDetail, cards: dict[int, GarmentCard]) -> ProductView:
    """A product with the garments on its photos."""
    row = product.row
    photos = tuple(
        PhotoView(
            url=photo_url(photo.id),
            garments=tuple(box_view(cards[each]) for each in photo.garment_ids if each in cards),
        )
        for photo in product.photos
        if photo.status == "indexed"
    )
    named = (("Category", row.category), ("Colour", row.colour), ("Stock", row.availability))
    extra = tuple((row.attributes or {}).items())
    return ProductView(
        title=row.title,
        brand=row.brand or "",
        price=price_text(row.price, row.currency),
        shop_url=safe_link(row.url),
        facts=tuple((name, value) for name, value in (*named, *extra) if value),
        photos=photos,
        garments=tuple(garment for photo in photos for garment in photo.garments),
    )


def box_view(card: GarmentCard) -> BoxView:
    """A garment of the catalogue with its place on its photo."""
    x0, y0, x1, y1 = card.box
    return BoxView(
        name=CLASS_NAMES[card.garment_class],
        colour_name=card.colours[0].name if card.colours else "",
        colours=tuple(Dot(colour.hex) for colour in card.colours[:3]),
        like_href=f"/like/{card.garment_id}",
        x=round(x0, 4),
        y=round(y0, 4),
        width=round(x1 - x0, 4),
        height=round(y1 - y0, 4),
    )


def closeness(score: float) -> str:
    """A score in words."""
    return next(words for least, words in CLOSENESS if score >= least)


def price_text(price: Decimal | None, currency: str | None) -> str:
    """A price as a shop writes it: €49.90, 49.90 CHF; "" when there is none."""
    if price is None:
        return ""
    symbol = _SYMBOLS.get(currency or "")
    amount = f"{price:,.0f}" if currency == "JPY" else f"{price:,.2f}"
    return f"{symbol}{amount}" if symbol else f"{amount} {currency or ''}".strip()


def product_href(product_id: str) -> str:
    """Link to a product's page; an id may hold slashes."""
    return f"/product/{quote(product_id, safe='')}"


def photo_url(photo_id: int | None) -> str:
    """Where a stored photo is served; a drawn placeholder when there is none."""
    return "/static/no-photo.svg" if photo_id is None else f"/photos/{photo_id}.jpg"


def safe_link(url: str | None) -> str:
    """The address if it is http or https, else "": a feed may hold javascript: links."""
    return url if url and url.lower().startswith(("http://", "https://")) else ""


def _class_choices(chosen: GarmentClass | None, offers_all: bool) -> tuple[Choice, ...]:
    everything = (Choice("", "All", chosen is None),) if offers_all else ()
    return everything + tuple(
        Choice(each.label, CLASS_NAMES[each] + "s", each == chosen) for each in GARMENT_CLASSES
    )


def _menus(state: PageState, facets: Facets) -> tuple[Menu, ...]:
    kinds = (
        ("category", "Category", facets.categories, state.category),
        ("brand", "Brand", facets.brands, state.brand),
        ("colour", "Colour", facets.colours, state.colour),
    )
    return tuple(
        Menu(name, title, _menu_choices(values, chosen))
        for name, title, values, chosen in kinds
        if len(values) > 1 or chosen
    )


def _menu_choices(values: Sequence[FacetValue], chosen: str | None) -> tuple[Choice, ...]:
    wanted = (chosen or "").lower()
    choices = [
        Choice(each.value, f"{each.value} ({each.count})", each.value.lower() == wanted)
        for each in sorted(values, key=lambda each: each.value.lower())
    ]
    # A value from the address that is none of the commonest must not be lost on "Apply".
    if chosen and not any(choice.chosen for choice in choices):
        choices.insert(0, Choice(chosen, chosen, True))
    return tuple(choices)


def _plain(price: Decimal | None) -> str:
    return "" if price is None else f"{price:f}"
