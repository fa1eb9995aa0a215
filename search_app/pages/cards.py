"""View models of result cards: photo, words, price and how close a result is."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import accumulate
from typing import Final
from urllib.parse import quote

from catalog.feeds.availability import SOLD_OUT, Availability
from catalog.records import ProductSummary
from indexing.collection import ResultCard
from indexing.search.results import chances
from search_app.language import texts
from search_app.language.formats import money
from search_app.pages.state import PageState
from search_app.pages.views import Area, ResultView

NEARLY_THE_SAME: Final = 0.97
"""Least score of what may be the very garment."""
LEAST_CHANCES: Final = (0.80, 0.60, 0.40)
"""Least chance that a result is similar (`indexing.search.results`), from "very close" on."""
DISTANT: Final = 1 + len(LEAST_CHANCES)
"""The rank of closeness of what is not close; 0 is nearly the same."""
_WHOLE_SHARE: Final = 0.8
"""A garment that takes more of its photo needs no mark."""


def result_views(cards: Iterable[ResultCard], state: PageState, path: str = "") -> list[ResultView]:
    """The views of results in order.

    Args:
        path: the page of the results, on which products can be excluded; "" = they cannot.
    """
    shown = list(cards)
    onward = PageState(colour_weight=state.colour_weight)
    views = [
        replace(
            _product_card(card, card.product_id),
            colour_count=texts.more_colours(card.more_colours) if card.more_colours else "",
            area=_matched_area(card),
            closeness=word,
            score=card.score,
            # Rounding may make a cosine slightly larger than 1, which a meter does not accept.
            style=min(max(card.style, 0.0), 1.0),
            colour=min(max(card.colour, 0.0), 1.0),
            like_href=onward.href(f"/like/{card.garment_id}"),
            more_href=state.liking(card.garment_id).href(path) if path else "",
            less_href=state.disliking(card.garment_id).href(path) if path else "",
            liked=card.garment_id in state.more_like,
            exclude_href=_without(card.product_id, state).href(path) if path else "",
        )
        for card, word in zip(shown, _words_in_order(shown, state.colour_weight), strict=True)
    ]
    if not state.sort:
        return views
    sign = -1 if state.sort == "-price" else 1
    # Those without a price last.
    ranks = [(each.price is None, sign * (each.price or 0)) for each in shown]
    return [views[index] for index in sorted(range(len(views)), key=ranks.__getitem__)]


def _product_card(product: ResultCard | ProductSummary, product_id: str) -> ResultView:
    """The view of a product, without similarity."""
    price = price_text(product.price, product.currency)
    regular = price_text(product.regular_price, product.currency)
    return ResultView(
        href=product_href(product_id),
        key=card_key(product_id),
        photo_url=photo_url(product.photo_id),
        title=product.title,
        brand=product.brand or "",
        price=price,
        was=regular if regular != price else "",
        stock=stock_text(product.availability),
        sold_out=product.availability in SOLD_OUT,
    )


def _matched_area(card: ResultCard) -> Area | None:
    """The area of the matching garment, if the photo shows others too."""
    area = area_of(card.box)
    is_plain = card.garments_on_photo < 2 or area.width * area.height > _WHOLE_SHARE * 100**2
    return None if is_plain else area


def area_of(box: tuple[float, float, float, float]) -> Area:
    """A box in shares of a photo as an area in per cent."""
    x0, y0, x1, y1 = (round(100 * edge, 2) for edge in box)
    return Area(x0, y0, round(x1 - x0, 2), round(y1 - y0, 2))


def _words_in_order(cards: Sequence[ResultCard], colour_weight: float) -> list[str]:
    """Closeness of each result in words, never closer than the result before it.

    Sold out products come last whatever their similarity, so they get no words.
    """
    sold = [each for each in cards if each.availability not in SOLD_OUT]
    ranks = [
        closeness_rank(each.score, chance)
        for each, chance in zip(sold, chances(sold, colour_weight), strict=True)
    ]
    words = [texts.closeness(rank) for rank in accumulate(ranks, max)]
    return words + [""] * (len(cards) - len(sold))


def closeness_rank(score: float, chance: float) -> int:
    """Rank of closeness by a score and its probability, from 0 to DISTANT."""
    if score >= NEARLY_THE_SAME:
        return 0
    return 1 + sum(chance < least for least in LEAST_CHANCES)


def all_called(results: Iterable[ResultView], closeness: str) -> list[ResultView]:
    """Results with the same word for their closeness."""
    return [replace(each, closeness=closeness) for each in results]


def without_closeness(results: Iterable[ResultView]) -> tuple[ResultView, ...]:
    """Results without closeness, because it refers to something the visitor does not see."""
    return tuple(replace(each, closeness="", more_href="", less_href="") for each in results)


def _without(product_id: str, state: PageState) -> PageState:
    return replace(state, excluded=(*state.excluded, product_id))


def shown_cards(cards: Iterable[ResultCard], state: PageState) -> list[ResultCard]:
    """The first `state.k` cards without the excluded products."""
    return [card for card in cards if card.product_id not in state.excluded][: state.k]


def summary_views(products: Iterable[ProductSummary]) -> list[ResultView]:
    """The views of products, without closeness."""
    return [_product_card(product, product.id) for product in products]


def price_text(price: Decimal | None, currency: str | None) -> str:
    """A price in the notation of the page's language; "" without a price."""
    return "" if price is None else money(price, currency)


def stock_text(availability: str | None) -> str:
    """A note on an availability; "" for what is in stock or unknown."""
    is_plain = availability in (None, Availability.IN_STOCK)
    return "" if is_plain else texts.stock(availability or "")


def card_key(product_id: str) -> str:
    """A product's id for element ids, which must not contain spaces."""
    return quote(product_id, safe="")


def product_href(product_id: str) -> str:
    """Link to a product's page; an id may contain slashes."""
    return f"/product/{quote(product_id, safe='')}"


def photo_url(photo_id: int | None) -> str:
    """Address of a stored photo, or of a placeholder without a photo."""
    return "/static/no-photo.svg" if photo_id is None else f"/photos/{photo_id}.jpg"
