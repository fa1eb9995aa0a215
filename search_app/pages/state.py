"""State of a results page, parsed from the URL and written into links."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from fastapi import Path
from starlette.datastructures import ImmutableMultiDict

from catalog.filtering.filters import Filters
from catalog.queries import Sort
from indexing.search.defaults import DEFAULT_COLOUR_WEIGHT
from search_app.errors import BadRequest
from search_app.search.query_photo import Pick, Region
from search_app.search.search import SearchOptions
from segmentation.classes import GarmentClass

PAGE_SIZE: Final = 24
MAX_RESULTS: Final = 240
MAX_EXCLUDED: Final = 50
MAX_ATTRIBUTES: Final = 12
MAX_FURTHER_PHOTOS: Final = 3
MAX_EXAMPLES: Final = 8
"""Garments to be more like, or less like; the latest count."""
ATTRIBUTE: Final = "with_"
"""Before the name of a product's own attribute in an address: with_material=Cotton."""
UNWANTED_FIELDS: Final = ("category", "colour", "brand", "availability")
_TEXTS: Final = ("words", "in_colour", "text", "brand", "category", "colour", "availability")
"""Fields of the state and of an address that are texts."""
_TEXT_LIMIT: Final = 200
_MAX_MERGED: Final = 8
_MAX_FIELDS: Final = 200
"""Fields of an address, repeated ones included; our own links have fewer."""
_EDGES: Final = ("left", "top", "right", "bottom")

RowId = Annotated[int, Path(ge=1, lt=2**63)]
"""A row's id in an address: beyond this SQLite would raise."""


@dataclass(frozen=True)
class PageState:
    """All choices of a visitor.

    Attributes:
        among: the class to search in; None = the garment's own.
        words: plain words that results must match ("striped dress").
        in_colour: colour to search for instead of the garment's own.
        text: words that must occur in the products of the catalogue page.
        attributes: names and values of the products' own attributes.
        sort: order of the results, "" for the nearest first.
        unwanted: fields and values that no product shown may have.
        also: tokens of further photos of what is wanted.
        more_like, less_like: ids of garments that results should be more and less like.
        excluded: ids of products to hide.
        k: results shown.
        page: page of the catalogue, from 1.
    """

    pick: Pick = None
    among: GarmentClass | None = None
    words: str | None = None
    in_colour: str | None = None
    text: str | None = None
    brand: str | None = None
    category: str | None = None
    colour: str | None = None
    availability: str | None = None
    attributes: tuple[tuple[str, str], ...] = ()
    price_min: Decimal | None = None
    price_max: Decimal | None = None
    sort: Sort = ""
    unwanted: tuple[tuple[str, str], ...] = ()
    excluded: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    more_like: tuple[int, ...] = ()
    less_like: tuple[int, ...] = ()
    k: int = PAGE_SIZE
    colour_weight: float = DEFAULT_COLOUR_WEIGHT
    page: int = 1

    def liking(self, garment_id: int) -> "PageState":
        """The state with more like a garment, or without that if it was so already."""
        more, less = self._other_examples(garment_id)
        more += (garment_id,) if garment_id not in self.more_like else ()
        return replace(self, more_like=more, less_like=less, k=PAGE_SIZE)

    def disliking(self, garment_id: int) -> "PageState":
        more, less = self._other_examples(garment_id)
        return replace(self, more_like=more, less_like=(*less, garment_id), k=PAGE_SIZE)

    def _other_examples(self, garment_id: int) -> list[tuple[int, ...]]:
        """`more_like` and `less_like` without a garment."""
        examples = (self.more_like, self.less_like)
        return [tuple(each for each in ids if each != garment_id) for ids in examples]

    @property
    def filters(self) -> Filters:
        return Filters(
            brand=self.brand,
            category=self.category,
            colour=self.colour,
            availability=self.availability,
            attributes=self.attributes,
            price_min=self.price_min,
            price_max=self.price_max,
            excluded=self.unwanted,
        )

    @property
    def options(self) -> SearchOptions:
        """The search options; with additional results to replace excluded ones."""
        wanted = self.k + len(self.excluded)
        return SearchOptions(
            k=wanted,
            colour_weight=self.colour_weight,
            filters=self.filters,
            in_colour=self.in_colour,
            words=self.words,
            more_like=self.more_like,
            less_like=self.less_like,
        )

    def pairs(self, *without: str) -> list[tuple[str, str]]:
        """The state as form fields, without those at their default or in `without`."""
        weight = f"{self.colour_weight:g}" if self.colour_weight != DEFAULT_COLOUR_WEIGHT else None
        fields = [
            *_pick_pairs(self.pick),
            ("class", self.among.label if self.among else None),
            *((name, getattr(self, name)) for name in _TEXTS),
            *((ATTRIBUTE + name, value) for name, value in self.attributes),
            ("price_min", _plain(self.price_min)),
            ("price_max", _plain(self.price_max)),
            ("sort", self.sort),
            *(("not", f"{field}={value}") for field, value in self.unwanted),
            *(("exclude", each) for each in self.excluded),
            *(("also", each) for each in self.also),
            *(("more_like", str(each)) for each in self.more_like),
            *(("less_like", str(each)) for each in self.less_like),
            ("colour_weight", weight),
            ("k", str(self.k) if self.k != PAGE_SIZE else None),
            ("page", str(self.page) if self.page != 1 else None),
        ]
        return [(name, value) for name, value in fields if value and name not in without]

    def href(self, path: str) -> str:
        """A link to `path` with this state."""
        query = urlencode(self.pairs())
        return f"{path}?{query}" if query else path

    def on_page(self, page: int) -> str:
        """A link to another page of the catalogue with this state."""
        return replace(self, page=page).href("/catalogue")

    def without_filters(self) -> "PageState":
        return PageState(
            pick=self.pick,
            among=self.among,
            also=self.also,
            colour_weight=self.colour_weight,
            sort=self.sort,
        )

    def class_searched(self, own_class: GarmentClass | None) -> GarmentClass | None:
        """The class to search among: the chosen one, else that of the words or the garment."""
        return self.among or self.options.word_query.garment_class or own_class


def parse_state(params: ImmutableMultiDict[str, str]) -> PageState:
    """The state in a query string; an empty field counts as absent. Raises BadRequest."""
    if len(params.multi_items()) > _MAX_FIELDS:
        raise BadRequest("address", f"this has more than {_MAX_FIELDS} fields; leave some out")
    given = {name: value.strip()[:_TEXT_LIMIT] for name, value in params.items() if value.strip()}
    texts: dict[str, Any] = {name: given.get(name) for name in _TEXTS}
    return PageState(
        **texts,
        pick=_pick(params.getlist("garment"), given),
        among=_garment_class(given.get("class")),
        attributes=tuple(
            (name.removeprefix(ATTRIBUTE), value)
            for name, value in given.items()
            if name.startswith(ATTRIBUTE)
        )[:MAX_ATTRIBUTES],
        sort=_sort(given.get("sort")),
        price_min=_price(given.get("price_min"), "price_min"),
        price_max=_price(given.get("price_max"), "price_max"),
        unwanted=_unwanted(_texts(params.getlist("not"))),
        excluded=_texts(params.getlist("exclude")),
        also=_texts(params.getlist("also"))[:MAX_FURTHER_PHOTOS],
        more_like=_row_ids(params.getlist("more_like"), "more_like"),
        less_like=_row_ids(params.getlist("less_like"), "less_like"),
        k=_count(given.get("k"), PAGE_SIZE, MAX_RESULTS, "k"),
        colour_weight=_weight(given.get("colour_weight")),
        page=_count(given.get("page"), 1, 10**6, "page"),
    )


def _garment_class(text: str | None) -> GarmentClass | None:
    """upper, whole or lower; None and "" are no choice. Raises BadRequest."""
    if not text:
        return None
    try:
        garment_class = GarmentClass.from_label(text)
    except ValueError as error:
        raise BadRequest("class", str(error)) from error
    if garment_class is GarmentClass.BACKGROUND:
        raise BadRequest("class", "background is none; use one of upper, whole, lower")
    return garment_class


def _weight(text: str | None) -> float:
    """A colour weight from 0 to 1. Raises BadRequest."""
    try:
        weight = float(text or DEFAULT_COLOUR_WEIGHT)
    except ValueError:
        weight = -1.0
    if not 0 <= weight <= 1:
        raise BadRequest("colour_weight", "must be a number from 0 (style) to 1 (colour)")
    return weight


def _pick(garments: list[str], given: dict[str, str]) -> Pick:
    """A region if all four edges are given, else the given garments."""
    if all(edge in given for edge in _EDGES):
        return _region([given[edge] for edge in _EDGES])
    named = [each.strip() for each in garments if each.strip()]
    if not named:
        return None
    if "photo" in named:
        return "photo"
    if not all(each.isascii() and each.isdigit() and len(each) < 4 for each in named):
        raise BadRequest("garment", "must be the number of a garment on the photo, or photo")
    return tuple(sorted({int(each) for each in named[:_MAX_MERGED]}))


def _region(edges: list[str]) -> Region:
    try:
        left, top, right, bottom = (min(max(round(float(edge)), 0), 100) for edge in edges)
    except (ValueError, OverflowError) as error:
        raise BadRequest(", ".join(_EDGES), "must be numbers from 0 to 100") from error
    if left >= right or top >= bottom:
        raise BadRequest(", ".join(_EDGES), "left must be below right, and top below bottom")
    return Region(left, top, right, bottom)


def _pick_pairs(pick: Pick) -> list[tuple[str, str | None]]:
    match pick:
        case None:
            return []
        case "photo":
            return [("garment", "photo")]
        case Region():
            edges = (pick.left, pick.top, pick.right, pick.bottom)
            return [(name, str(edge)) for name, edge in zip(_EDGES, edges, strict=True)]
    return [("garment", str(index)) for index in pick]


def _sort(text: str | None) -> Sort:
    match text:
        case None:
            return ""
        case "price" | "-price":
            return text
    raise BadRequest("sort", "must be price (the cheapest first) or -price")


def _texts(texts: Iterable[str]) -> tuple[str, ...]:
    """The texts without duplicates, in order."""
    kept = dict.fromkeys(text.strip()[:_TEXT_LIMIT] for text in texts if text.strip())
    return tuple(kept)[:MAX_EXCLUDED]


def _row_ids(texts: Iterable[str], name: str) -> tuple[int, ...]:
    given = [text.strip() for text in texts if text.strip()]
    if not all(each.isascii() and each.isdigit() and len(each) <= 18 for each in given):
        raise BadRequest(name, "must be the number of a garment")
    return tuple(dict.fromkeys(int(each) for each in given))[-MAX_EXAMPLES:]


def _unwanted(texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
    pairs = []
    for text in texts:
        field, _, value = text.partition("=")
        if field not in UNWANTED_FIELDS or not value:
            raise BadRequest(
                "not", f"must be FIELD=VALUE with a field of {', '.join(UNWANTED_FIELDS)}"
            )
        pairs.append((field, value))
    return tuple(pairs)


def _price(text: str | None, name: str) -> Decimal | None:
    if text is None:
        return None
    try:
        price = Decimal(text.replace(",", "."))
    except InvalidOperation:
        price = Decimal(-1)
    if not (price.is_finite() and 0 <= price < 10**10):
        raise BadRequest(name, "must be a number such as 49.90")
    return price


def _plain(price: Decimal | None) -> str | None:
    return None if price is None else f"{price:f}"


def _count(text: str | None, default: int, most: int, name: str) -> int:
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and int(text[:9]) > 0):
        raise BadRequest(name, f"must be a whole number from 1 to {most}")
    return min(int(text[:9]), most)
