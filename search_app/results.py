"""Cards, garments and products in, what a template shows of them out: words and links only."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final
from urllib.parse import quote

from catalog.queries import GarmentCard, ProductDetail, ProductSummary
from indexing.collection import ResultCard
from search_app import texts
from search_app.documents import http_link
from search_app.nearest import chance_of, nothing_close
from search_app.query import QueryGarment
from search_app.state import MAX_RESULTS, PAGE_SIZE, PageState
from search_app.views import (
    ActiveFilter,
    BoxView,
    Dot,
    GarmentView,
    PhotoView,
    ProductView,
    ResultView,
    SteerView,
)
from segmentation.classes import GarmentClass

NEARLY_THE_SAME: Final = 0.97
"""Least score of what may be the very garment."""
CLOSENESS: Final = (
    (0.80, "Very close"),
    (0.60, "Close"),
    (0.40, "Somewhat close"),
    (0.0, "Not close"),
)
"""Least chance that a result is similar (`indexing.closeness`) -> what we call it."""
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
    distant = nothing_close(cards, state.colour_weight)
    views = result_views(cards, state, path)
    return {
        "results": called_distant(views) if distant else views,
        "results_title": title,
        "form": form,
        "empty_catalogue": empty_catalogue,
        "distant": distant,
        "distant_lead": texts.FEW_OF_COLOUR if state.colour_weight == 1 else texts.FEW_OF_KIND,
        "relax": relaxations(form, path, state) if distant or not cards else [],
        "more_href": more.href(path) if may_have_more else "",
    }


def relaxations(form: SteerView, path: str, state: PageState) -> list[ActiveFilter]:
    """What may bring closer results: each filter dropped, colour left aside, other classes."""
    advice = [replace(each, name=texts.relax(each.name)) for each in form.active]
    if len(advice) > 1:
        advice.append(ActiveFilter(texts.RELAX_ALL, form.reset_href))
    if state.colour_weight > 0:
        style = replace(state, colour_weight=0.0, k=PAGE_SIZE)
        advice.append(ActiveFilter(texts.RELAX_STYLE, style.href(path)))
    for choice in form.classes:
        if choice.value and not choice.chosen:
            among = replace(state, among=GarmentClass.from_label(choice.value), k=PAGE_SIZE)
            advice.append(ActiveFilter(texts.relax_among(choice.name), among.href(path)))
    return advice


def result_views(cards: Iterable[ResultCard], state: PageState, path: str = "") -> list[ResultView]:
    """Results in their order.

    Args:
        path: the page they stand on, from which a product can be left out; "" = it cannot.
    """
    onward = PageState(colour_weight=state.colour_weight)
    return [
        ResultView(
            href=product_href(card.product_id),
            photo_url=photo_url(card.photo_id),
            title=card.title,
            brand=card.brand or "",
            price=price_text(card.price, card.currency),
            closeness=closeness(card.score, chance_of(card, state.colour_weight)),
            score=card.score,
            # Rounding may carry a cosine just beyond what a meter takes.
            style=min(max(card.style, 0.0), 1.0),
            colour=min(max(card.colour, 0.0), 1.0),
            details=None if card.details is None else min(max(card.details, 0.0), 1.0),
            colours=tuple(Dot(colour.hex) for colour in card.colours[:3]),
            like_href=onward.href(f"/like/{card.garment_id}"),
            exclude_href=_without(card.product_id, state).href(path) if path else "",
        )
        for card in cards
    ]


def called_distant(results: Iterable[ResultView]) -> list[ResultView]:
    """Results none of which is called close, because the page says above them that nothing is."""
    _, word = CLOSENESS[-1]
    return [replace(each, closeness=word) for each in results]


def without_closeness(results: Iterable[ResultView]) -> tuple[ResultView, ...]:
    """Results that were compared with something else than what the visitor sees."""
    return tuple(replace(each, closeness="") for each in results)


def _without(product_id: str, state: PageState) -> PageState:
    return replace(state, excluded=(*state.excluded, product_id))


def shown_cards(cards: Iterable[ResultCard], state: PageState) -> list[ResultCard]:
    """At most as many cards as wanted, without the products that are left out."""
    return [card for card in cards if card.product_id not in state.excluded][: state.k]


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


def garment_view(
    garment: QueryGarment, place: int | None, path: str, state: PageState, chosen: bool
) -> GarmentView:
    """A garment of a query photo; `place` is None for one that the visitor made."""
    main = garment.colours[0] if garment.colours else None
    name = texts.CLASS_NAMES[garment.garment_class]
    # Another garment is of another class: what was searched among no longer fits.
    picked = replace(state, pick=(place or 0,), among=None, k=PageState.k)
    return GarmentView(
        value="" if place is None else str(place),
        href=picked.href(path),
        name=texts.WHOLE_PHOTO if garment.whole_photo else name,
        class_label=garment.garment_class.label,
        colour_name=main.name if main else "",
        colour_hex=main.hex if main else "#888888",
        colours=tuple(Dot(colour.hex) for colour in garment.colours[:3]),
        outline=garment.outline,
        dot_x=round(garment.dot[0], 1),
        dot_y=round(garment.dot[1], 1),
        chosen=chosen,
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
    named = (
        (texts.CATEGORY, row.category),
        (texts.COLOUR, row.colour),
        (texts.STOCK, row.availability),
    )
    extra = tuple((texts.attribute(name), value) for name, value in (row.attributes or {}).items())
    return ProductView(
        title=row.title,
        brand=row.brand or "",
        price=price_text(row.price, row.currency),
        description=row.description or "",
        shop_url=safe_link(row.url),
        facts=tuple((name, value) for name, value in (*named, *extra) if value),
        photos=photos,
        garments=tuple(garment for photo in photos for garment in photo.garments),
    )


def box_view(card: GarmentCard) -> BoxView:
    """A garment of the catalogue with its place on its photo."""
    x0, y0, x1, y1 = card.box
    return BoxView(
        name=texts.garment_name(card.garment_class, card.whole_photo),
        colour_name=card.colours[0].name if card.colours else "",
        colours=tuple(Dot(colour.hex) for colour in card.colours[:3]),
        like_href=f"/like/{card.garment_id}",
        x=round(x0, 4),
        y=round(y0, 4),
        width=round(x1 - x0, 4),
        height=round(y1 - y0, 4),
    )


def closeness(score: float, chance: float) -> str:
    """A score, and the chance that it stands for, in words."""
    if score >= NEARLY_THE_SAME:
        return "Nearly the same"
    return next(words for least, words in CLOSENESS if chance >= least)


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
    """The address if it is http or https, else ""."""
    return http_link(url) or ""
